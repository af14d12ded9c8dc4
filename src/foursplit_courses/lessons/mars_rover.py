"""A rover on six states in a row: how the discount, and missteps, decide where it drives."""

from dataclasses import dataclass

import numpy as np

from foursplit.core.lesson_figures import Lesson, Lines, Section, Series, Slider, Table
from foursplit_courses.from_scratch.value_iteration import (
    LEFT,
    MDP,
    chain,
    greedy_policy,
    value_iteration,
)

WAYS = ("left", "right")
N_POINTS = 96  # discounts from 0 to 0.95 in steps of 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    rewards: tuple[float, ...] = (100.0, 0.0, 0.0, 0.0, 0.0, 40.0)
    discount: float = 0.5  # where missteps are varied
    discounts: tuple[float, ...] = (0.3, 0.5, 0.7, 0.8, 0.9, 0.95)
    missteps: tuple[float, ...] = (0.0, 0.1, 0.2, 0.3, 0.4)  # chance to go the other way

    def __post_init__(self) -> None:
        if len(self.rewards) < 3:
            raise ValueError(f"rewards: {self.rewards} must be at least 3")
        for name in ("discounts", "missteps"):
            if not getattr(self, name):
                raise ValueError(f"{name}: give at least one")
        for value in (self.discount, *self.discounts):
            if not 0 <= value < 1:
                raise ValueError(f"discount: {value} must be from 0 to below 1")
        for value in self.missteps:
            if not 0 <= value <= 1:
                raise ValueError(f"missteps: {value} must be a probability from 0 to 1")


def run(args: Args) -> Lesson:
    """Solve the chain for each discount and each chance of a misstep."""
    rewards = np.array(args.rewards)
    deterministic = chain(rewards)
    turning_discount = _turning(deterministic)
    q_values = value_iteration(deterministic, args.discount)
    q_noisy = value_iteration(chain(rewards, args.missteps[-1]), args.discount)
    return Lesson(
        title="Values of a state and an action, by table",
        lead=(
            "From the state beside the right end the rover drives right, to the nearer reward, and "
            + (
                "never left."
                if np.isnan(turning_discount)
                else f"left from a discount of {turning_discount:.2f} on."
            )
        ),
        sections=(_look_ahead(args, deterministic), _missteps(args)),
        numbers={
            "q_state_2_left": float(q_values[1, LEFT]),
            "turning_discount": turning_discount,
            "value_state_2": float(q_values[1].max()),
            "value_state_2_most_missteps": float(q_noisy[1].max()),
        },
        source="Ng, MLS C3 W3; Bellman (1957)",
    )


def _look_ahead(args: Args, mdp: MDP) -> Section:
    """Solve the chain for each discount."""
    return Section(
        heading="How far it looks ahead",
        text=(
            "Q(s, a) is the reward of s, and the discounted value of acting at its best "
            "from where a leads. Both ends are final: nothing follows them.",
        ),
        figures=(
            Slider(
                title="Values by discount",
                label="discount",
                values=tuple(f"{g:g}" for g in args.discounts),
                figures=tuple(_table(mdp, g, f"Discount {g:g}") for g in args.discounts),
                start=_nearest(args.discounts, args.discount),
            ),
            _crossing(mdp),
        ),
    )


def _missteps(args: Args) -> Section:
    """Solve the chain for each chance of a misstep."""
    rewards = np.array(args.rewards)
    return Section(
        heading="When steps go astray",
        text=(
            "With some chance a step goes the other way. What follows is then a mean over "
            "both, and states between the ends are worth less, though no reward changed.",
        ),
        figures=(
            Slider(
                title=f"Values by chance of a misstep, at discount {args.discount:g}",
                label="chance of a misstep",
                values=tuple(f"{p:g}" for p in args.missteps),
                figures=tuple(
                    _table(chain(rewards, p), args.discount, f"Misstep {p:g}")
                    for p in args.missteps
                ),
            ),
        ),
    )


def _table(mdp: MDP, discount: float, title: str) -> Table:
    q = value_iteration(mdp, discount)
    rows = tuple(
        (number, float(left), float(right), "ends" if is_terminal else WAYS[action])
        for number, ((left, right), action, is_terminal) in enumerate(
            zip(q, greedy_policy(q), mdp.terminal, strict=True), start=1
        )
    )
    return Table(title=title, columns=("state", "Q left", "Q right", "drives"), rows=rows)


def _crossing(mdp: MDP) -> Lines:
    """Draw both values of the state beside the right end over the discount."""
    discounts = np.arange(N_POINTS) / 100
    values = np.array([value_iteration(mdp, g)[-2] for g in discounts])
    return Lines(
        title="The state beside the right end",
        x_label="discount",
        y_label="Q",
        series=tuple(
            Series(name=name, x=discounts, y=values[:, action]) for action, name in enumerate(WAYS)
        ),
        caption="Where the curves cross, the rover turns round.",
    )


def _turning(mdp: MDP) -> float:
    """Give the least discount, in hundredths, at which the last state before the end goes left."""
    discounts = [g for g in np.arange(N_POINTS) / 100 if g > 0 and _left(mdp, float(g))]
    return float(discounts[0]) if discounts else float("nan")


def _left(mdp: MDP, discount: float) -> bool:
    return bool(greedy_policy(value_iteration(mdp, discount))[-2] == LEFT)


def _nearest(values: tuple[float, ...], target: float) -> int:
    return int(np.abs(np.array(values) - target).argmin())
