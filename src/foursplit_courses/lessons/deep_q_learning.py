"""Deep Q-learning on a small world: how returns grow, without replay, without a second network."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from foursplit.core.lesson_figures import Lesson, Lines, Section, Series, Table
from foursplit.core.seeds import generator
from foursplit_courses.argument_checks import check_at_least
from foursplit_courses.from_scratch.cart_pole import CartPole
from foursplit_courses.from_scratch.deep_q import Agent, DQNConfig, rollout, train
from foursplit_courses.lesson_helpers.differences import t_interval

FIRST_HELD_OUT = 100_000  # seed of the first level that training never plays
CONFIDENCE = 0.95  # of the intervals over seeds


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set; so short a training asks for a faster pace than the default."""

    n_episodes: int = 150
    seeds: tuple[int, ...] = tuple(range(1, 11))
    held_out: int = 20  # calm levels, played without chance actions in the end
    window: int = 20  # episodes that a point of the curves is a mean of
    learning_rate: float = 2e-3
    tau: float = 0.02
    epsilon_decay: float = 0.95

    def __post_init__(self) -> None:
        check_at_least(self, n_episodes=1, held_out=1, window=1)
        if self.window > self.n_episodes:
            raise ValueError(f"window: {self.window} must be at most episodes, {self.n_episodes}")
        if len(set(self.seeds)) < 2:
            raise ValueError(f"seeds: {self.seeds} must be two different ones at least")


def run(args: Args) -> Lesson:
    """Train three agents a seed, which differ in one thing each and start alike."""
    full = DQNConfig(
        learning_rate=args.learning_rate,
        tau=args.tau,
        epsilon_decay=args.epsilon_decay,
    )
    variants = {
        "replay and target network": full,
        "no replay": replace(full, buffer_size=full.batch_size),
        "no target network": replace(full, tau=1.0),
    }
    curves, held_out = {}, {}
    for name, config in variants.items():
        runs = [_train_agent(args, config, seed) for seed in args.seeds]
        curves[name] = np.mean([returns for returns, _ in runs], axis=0)
        held_out[name] = np.array([played for _, played in runs])
    return _study(args, curves, held_out)


def _train_agent(args: Args, config: DQNConfig, seed: int) -> tuple[np.ndarray, float]:
    """Give the (episode,) returns of training, and the mean return on levels it never played."""
    rng = generator("deep_q_learning", seed)
    env = CartPole()
    agent = Agent(env.n_state, env.n_actions, config, rng)
    returns = train(agent, env, _calm(range(args.n_episodes)))
    new = _calm(range(FIRST_HELD_OUT, FIRST_HELD_OUT + args.held_out))
    return np.array(returns), float(np.mean([rollout(agent.act, env, level) for level in new]))


def _calm(seeds: range) -> np.ndarray:
    levels = np.zeros((len(seeds), 3))
    levels[:, 0] = seeds
    return levels


def _study(
    args: Args, curves: Mapping[str, np.ndarray], held_out: Mapping[str, np.ndarray]
) -> Lesson:
    full, *ablations = held_out
    means = {name: float(returns.mean()) for name, returns in held_out.items()}
    lost = {name: held_out[full] - held_out[name] for name in ablations}
    without = "; ".join(f"with {name}, {_verdict(lost[name])}" for name in ablations)
    return Lesson(
        title="Deep Q-learning on a cart and its pole",
        lead=(
            f"After {args.n_episodes} episodes the agent holds the pole for {means[full]:.0f} of "
            f"{CartPole.max_steps} ticks on levels that it never played, the mean of "
            f"{len(args.seeds)} seeds; {without}. Intervals at {CONFIDENCE:.0%}."
        ),
        sections=(
            Section(
                heading="What is left out",
                text=(
                    "Each agent acts by chance at first and ever less so. It learns the Bellman "
                    "target of steps drawn from its memory, from the values of a second network "
                    "that follows the first slowly.",
                    "Without replay it learns from its last steps alone, which are all alike. "
                    "Without the second network the target moves with each step of learning: on "
                    "larger worlds that may diverge; what it does here is measured.",
                ),
                figures=(_learning_curves(args, curves), _table(held_out)),
            ),
        ),
        numbers={
            **{f"held_out_{name.replace(' ', '_')}": value for name, value in means.items()},
            **{
                f"lost_with_{name.replace(' ', '_')}{end}": value
                for name, difference in lost.items()
                for end, value in zip(
                    ("", "_low", "_high"),
                    (float(difference.mean()), *t_interval(difference, CONFIDENCE)),
                    strict=True,
                )
            },
        },
        source="Mnih and others (2015); Ng, MLS C3 W3",
    )


def _verdict(lost: np.ndarray) -> str:
    """Say in ticks what is lost (seed,) without one thing, and whether seeds bear it out."""
    low, high = t_interval(lost, CONFIDENCE)
    if low > 0:
        return f"{lost.mean():.0f} ticks less ({low:.0f} to {high:.0f})"
    if high < 0:
        return f"{-lost.mean():.0f} ticks more ({-high:.0f} to {-low:.0f})"
    return f"not distinguished from it ({-high:+.0f} to {-low:+.0f} ticks)"


def _learning_curves(args: Args, curves: Mapping[str, np.ndarray]) -> Lines:
    kernel = np.full(args.window, 1 / args.window)
    x = np.arange(args.window, args.n_episodes + 1)
    return Lines(
        title="Returns of training",
        x_label="episode",
        y_label="return",
        series=tuple(
            Series(name=name, x=x, y=np.convolve(returns, kernel, mode="valid"))
            for name, returns in curves.items()
        ),
        caption=f"Means of the last {args.window} episodes and of {len(args.seeds)} seeds.",
    )


def _table(held_out: Mapping[str, np.ndarray]) -> Table:
    return Table(
        title="Return on levels never played, no action by chance",
        columns=("agent", "mean", f"{CONFIDENCE:.0%} interval", "worst seed", "best seed"),
        rows=tuple(
            (
                name,
                float(returns.mean()),
                "{:.0f} to {:.0f}".format(*t_interval(returns, CONFIDENCE)),
                float(returns.min()),
                float(returns.max()),
            )
            for name, returns in held_out.items()
        ),
        caption="The agents of a seed start alike and play the same levels, so that differences "
        "are taken seed by seed.",
    )
