"""A DQN agent, trained on the levels of an environment and evaluated once on each level.

Source: Mnih and others (2015), "Human-level control through deep reinforcement learning"; Ng, MLS
C3 W3. Synthetic wind: domain randomisation, Tobin and others (2017); Ng, DLS C3 W2 (synthesis).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from foursplit.core.examples import DataSpec
from foursplit.core.own_curve import OwnCurve
from foursplit.core.seeds import generator
from foursplit_courses.argument_checks import check_at_least
from foursplit_courses.envs.environments import SEED, TURBULENCE, WIND, make_env
from foursplit_courses.from_scratch import deep_q
from foursplit_courses.from_scratch.deep_q import SOLVED_WINDOW, DQNConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    environment: str
    n_episodes: int  # maximum
    stop_when_solved: bool = False  # stop once the mean of the last 100 returns is good enough
    windy_fraction: float = 0.0  # of the episodes, which get synthetic wind
    max_wind: float = 0.0  # of the synthetic wind
    max_turbulence: float = 0.0
    learning: DQNConfig = field(default_factory=DQNConfig)

    def __post_init__(self) -> None:
        check_at_least(self, n_episodes=1)
        if not 0 <= self.windy_fraction <= 1:
            raise ValueError(f"windy_fraction: {self.windy_fraction} must be from 0 to 1")
        for name in ("max_wind", "max_turbulence"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name}: {getattr(self, name)} must be 0 or more")


def short(args: Args) -> Args:
    """Return arguments for a very short training, for tests that do not depend on its length."""
    return replace(args, n_episodes=3)


class DeepQ:
    """Learns from (level, 3) rows of seed, wind and turbulence; predicts returns."""

    def __init__(self, args: Args, seed: int) -> None:
        self.args, self.env = args, make_env(args.environment)
        self.rng = generator("deep_q", args.environment, seed)
        self.agent = deep_q.Agent(self.env.n_state, self.env.n_actions, args.learning, self.rng)
        self.returns: list[float] = []
        self.on_progress: Callable[[str, float], None] = lambda _text, _share: None

    def fit(self, x: np.ndarray, y: np.ndarray) -> None:
        """Train on levels drawn from `x`; `y` are the returns that count as good."""
        solved_return = float(y.mean()) if self.args.stop_when_solved else np.inf
        levels = self._add_wind(x[self.rng.integers(len(x), size=self.args.n_episodes)])
        self.returns = deep_q.train(
            self.agent,
            self.env,
            levels,
            solved_return=solved_return,
            on_episode_end=self._report_progress,
        )

    def _add_wind(self, levels: np.ndarray) -> np.ndarray:
        """Add uniformly distributed wind and turbulence to a fraction of the levels."""
        n, args = len(levels), self.args
        is_windy = self.rng.random(n) < args.windy_fraction
        for column, strongest in ((WIND, args.max_wind), (TURBULENCE, args.max_turbulence)):
            strengths = self.rng.uniform(0, strongest, n)
            levels[:, column] = np.where(is_windy, strengths, levels[:, column])
        return levels

    def _report_progress(self, returns: Sequence[float]) -> None:
        n_done, latest = len(returns), returns[-SOLVED_WINDOW:]
        mean = f"mean return {sum(latest) / len(latest):.1f} of the last {len(latest)}"
        n_episodes = self.args.n_episodes
        self.on_progress(f"episode {n_done}/{n_episodes} · {mean}", n_done / n_episodes)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Run each level once with the greedy policy; return (level,) returns."""
        return np.array([deep_q.rollout(self.agent.act, self.env, level) for level in x])

    def own_curves(self) -> list[OwnCurve]:
        """Return the return of each training episode, and its mean over the last 100."""
        sums = np.cumsum([0.0, *self.returns])
        steps = np.arange(1, len(sums))
        first = np.maximum(0, steps - SOLVED_WINDOW)
        return [
            OwnCurve(
                title="Return by episode",
                step="episode",
                value="return",
                lines={
                    "return": self.returns,
                    f"mean return of the last {SOLVED_WINDOW}": (
                        (sums[steps] - sums[first]) / (steps - first)
                    ).tolist(),
                },
            )
        ]

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the weights, and the return of each training episode."""
        return {"weights": self.agent.weights, "returns": np.array(self.returns)}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Load what `arrays` returned; training cannot be resumed from it."""
        self.agent.weights[:] = arrays["weights"]
        self.returns = arrays["returns"].tolist()

    @property
    def n_parameters(self) -> int:
        return self.agent.weights.size


def build(args: Args, shape: DataSpec, seed: int) -> DeepQ:
    """Build an agent for levels of seed, wind and turbulence."""
    expected = (max(SEED, WIND, TURBULENCE) + 1,)
    if shape.inputs != expected:
        raise ValueError(f"inputs: {shape.inputs} must be {expected}: seed, wind and turbulence")
    return DeepQ(args, seed)
