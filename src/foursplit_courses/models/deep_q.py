"""An agent that learns by deep Q-learning on the levels of a world, and plays each level once.

Source: Mnih and others (2015), "Human-level control through deep reinforcement learning"; Ng, MLS
C3 W3. Made-up wind: domain randomisation, Tobin and others (2017); Ng, DLS C3 W2 (synthesis).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from foursplit.core.examples import DataShape
from foursplit.core.seeds import generator
from foursplit_courses.envs.environments import SEED, TURBULENCE, WIND, world
from foursplit_courses.from_scratch import deep_q
from foursplit_courses.from_scratch.deep_q import LAST, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    environment: str
    episodes: int  # at most
    until_solved: bool = False  # end once the last 100 returns have the good return as their mean
    windy: float = 0.0  # share of the episodes that get a wind made up here
    wind: float = 0.0  # strongest of it
    turbulence: float = 0.0  # the same
    learning: Settings = field(default_factory=Settings)

    def __post_init__(self) -> None:
        if self.episodes < 1:
            raise ValueError(f"episodes: {self.episodes} must be at least 1")
        if not 0 <= self.windy <= 1:
            raise ValueError(f"windy: {self.windy} must be a share from 0 to 1")
        for name in ("wind", "turbulence"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name}: {getattr(self, name)} must be 0 or more")


def short(args: Args) -> Args:
    """Ask for a training as short as can be, for tests of what does not depend on its length."""
    return replace(args, episodes=3)


class DeepQ:
    """Learns from (level, 3) rows of seed, wind and turbulence; answers with returns."""

    def __init__(self, args: Args, seed: int) -> None:
        self.args, self.world = args, world(args.environment)
        self.rng = generator("deep_q", args.environment, seed)
        self.agent = deep_q.Agent(self.world.n_state, self.world.n_actions, args.learning, self.rng)
        self.returns: list[float] = []
        self.tell: Callable[[str, float], None] = lambda _text, _share: None

    def fit(self, x: np.ndarray, y: np.ndarray) -> None:
        """Play levels drawn from `x`; `y` are the returns that count as good on them."""
        solved = float(y.mean()) if self.args.until_solved else np.inf
        levels = self._made_windy(x[self.rng.integers(len(x), size=self.args.episodes)])
        self.returns = deep_q.train(
            self.agent, self.world, levels, solved=solved, listen=self._tell
        )

    def _made_windy(self, levels: np.ndarray) -> np.ndarray:
        """Give some levels a wind of our own: from none to the strongest, all as likely."""
        n, args = len(levels), self.args
        chosen = self.rng.random(n) < args.windy
        for column, most in ((WIND, args.wind), (TURBULENCE, args.turbulence)):
            made = self.rng.uniform(0, most, n)
            levels[:, column] = np.where(chosen, made, levels[:, column])
        return levels

    def _tell(self, returns: Sequence[float]) -> None:
        done, last = len(returns), returns[-LAST:]
        mean = f"mean return {sum(last) / len(last):.1f} of the last {len(last)}"
        self.tell(f"episode {done}/{self.args.episodes} · {mean}", done / self.args.episodes)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Play each level once, always the action of most value; give (level,) returns."""
        return np.array([deep_q.play(self.agent.act, self.world, level) for level in x])

    def arrays(self) -> dict[str, np.ndarray]:
        """Give the weights, and the return of each episode of training."""
        return {"weights": self.agent.vector, "returns": np.array(self.returns)}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Take back what `arrays` gave; no further training can follow from it."""
        self.agent.vector[:] = arrays["weights"]
        self.returns = arrays["returns"].tolist()

    @property
    def n_parameters(self) -> int:
        return self.agent.vector.size


def build(args: Args, shape: DataShape, seed: int) -> DeepQ:
    """Build an agent for levels of three numbers: seed, wind and turbulence."""
    wanted = (max(SEED, WIND, TURBULENCE) + 1,)
    if shape.inputs != wanted:
        raise ValueError(f"inputs: {shape.inputs} must be {wanted}: seed, wind and turbulence")
    return DeepQ(args, seed)
