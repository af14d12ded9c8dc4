"""One knob for each gap: what each does to train error, variance, mismatch and overfitting to dev.

Each knob is turned alone, from the same start, for several draws of digits and weights; what it
does to a gap is the mean of the differences draw by draw, with an interval.

Source: Ng, DLS C3 W1 (orthogonalization) and C3 W2 (data mismatch).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from foursplit.core.lesson_figures import Lesson, Lines, Section, Series, Table
from foursplit.core.seeds import generator
from foursplit_courses.argument_checks import check_at_least
from foursplit_courses.from_scratch.sequential import Sequential
from foursplit_courses.lesson_helpers.differences import t_interval
from foursplit_courses.lesson_helpers.digit_networks import (
    SIDE,
    Digits,
    Settings,
    error_rate,
    shuffled_digits,
    train,
)

CONFIDENCE = 0.95
LINKS = ("train error", "train to train-dev", "train-dev to dev", "dev to test")
START = "start"
N_SMALL_DEV = 20  # digits of dev on which the start chooses among its trainings


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    n_draws: int = 8
    n_train: int = 150
    n_held_out: int = 350  # of train-dev, of dev and of test
    n_choices: int = 3  # trainings among which dev chooses

    def __post_init__(self) -> None:
        check_at_least(self, n_draws=2, n_train=20, n_held_out=N_SMALL_DEV, n_choices=1)
        needed = 2 * self.n_train + 3 * self.n_held_out
        if needed > 1797:
            raise ValueError(
                f"n_train, n_held_out: {self.n_train}, {self.n_held_out} need {needed} of 1,797 "
                "digits"
            )


FIRST = Settings(hidden=(6,), n_steps=200, learning_rate=0.02)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A state of all knobs."""

    settings: Settings = FIRST
    twice_the_data: bool = False
    like_target: bool = False  # train is moved as the target's pictures are
    n_dev: int = N_SMALL_DEV  # that choose


KNOBS: Mapping[str, Plan] = {
    START: Plan(),
    "larger network": Plan(settings=replace(FIRST, hidden=(32,))),
    "longer training": Plan(settings=replace(FIRST, n_steps=500)),
    "twice the data": Plan(twice_the_data=True),
    "L2 penalty": Plan(settings=replace(FIRST, weight_decay=0.02)),
    "train as the target is": Plan(like_target=True),
    "a larger dev set": Plan(n_dev=10**6),
    "early stopping": Plan(settings=replace(FIRST, n_steps=40)),
}
"""What is turned; early stopping is the knob that moves several gaps against each other."""

PURPOSES = {
    "larger network": 0,
    "longer training": 0,
    "twice the data": 1,
    "L2 penalty": 1,
    "train as the target is": 2,
    "a larger dev set": 3,
}
"""The link that the course turns each knob for."""


class Draw(NamedTuple):
    """Digits of one draw; dev and test are of the target, whose pictures lie a pixel off."""

    train: Digits  # twice as many as the start uses
    train_dev: Digits
    dev: Digits
    test: Digits


def run(args: Args) -> Lesson:
    """Measure every knob on every draw."""
    gaps = {name: np.empty((args.n_draws, len(LINKS))) for name in KNOBS}
    for number in range(args.n_draws):
        draw = draw_digits(args, number)
        for name, plan in KNOBS.items():
            gaps[name][number] = measure(args, plan, draw, number)
    effects = {name: values - gaps[START] for name, values in gaps.items() if name != START}
    met = [name for name, link in PURPOSES.items() if largest_fall(effects[name]) == link]
    stopping = 100 * effects["early stopping"].mean(axis=0)
    return Lesson(
        title="One knob for each gap",
        lead=(
            f"{len(met)} of {len(PURPOSES)} knobs lower the gap that they are turned for more than "
            f"the three others. Early stopping changes train error by {stopping[0]:+.0f} and "
            f"variance by {stopping[1]:+.0f} points of error: two gaps against each other."
        ),
        sections=(_table(args, gaps[START], effects), _picture(effects)),
        numbers={
            f"{name.replace(' ', '_')}_{link.replace(' ', '_')}": float(values.mean())
            for name, effect in effects.items()
            for link, values in zip(LINKS, effect.T, strict=True)
        },
        source="Ng, DLS C3 W1 and W2",
    )


def is_significant(values: np.ndarray) -> bool:
    """Check whether the interval of the mean of (draw,) differences excludes 0."""
    if np.ptp(values) == 0:
        return bool(values[0] != 0)
    low, high = t_interval(values, CONFIDENCE)
    return low > 0 or high < 0


def largest_fall(effect: np.ndarray) -> int | None:
    """Return the link whose gap falls most among those that fall significantly, or None."""
    falls = [
        (float(values.mean()), link)
        for link, values in enumerate(effect.T)
        if is_significant(values) and values.mean() < 0
    ]
    return min(falls)[1] if falls else None


def draw_digits(args: Args, number: int) -> Draw:
    """Draw the digits of all parts; those of dev and test are moved."""
    digits = shuffled_digits("orthogonal controls", number)
    sizes = (2 * args.n_train, args.n_held_out, args.n_held_out, args.n_held_out)
    ends = np.cumsum(sizes)
    parts = [digits.take(slice(a, b)) for a, b in zip((0, *ends), ends, strict=False)]
    rng = generator("orthogonal controls: moved", number)
    return Draw(parts[0], parts[1], moved_digits(parts[2], rng), moved_digits(parts[3], rng))


def moved_digits(digits: Digits, rng: np.random.Generator) -> Digits:
    """Move each picture a pixel to the left or right; what leaves on one side is lost."""
    pictures = digits.x.reshape(-1, SIDE, SIDE)
    empty = np.zeros((len(pictures), SIDE, 1))
    left = np.concatenate([pictures[:, :, 1:], empty], axis=2)
    right = np.concatenate([empty, pictures[:, :, :-1]], axis=2)
    to_left = rng.random(len(pictures)) < 0.5
    x = np.where(to_left[:, None, None], left, right).reshape(digits.x.shape)
    return Digits(x, digits.y)


def measure(args: Args, plan: Plan, draw: Draw, number: int) -> np.ndarray:
    """Train several times, choose on dev, and return the four gaps of the chosen network.

    Trainings of a draw begin with the same weights and orders, whatever the knob.
    """
    learnt = draw.train if plan.twice_the_data else draw.train.take(slice(args.n_train))
    train_dev, dev = draw.train_dev, draw.dev
    if plan.like_target:
        rng = generator("orthogonal controls: like the target", number)
        learnt, train_dev = moved_digits(learnt, rng), moved_digits(train_dev, rng)
    networks = [
        train(plan.settings, learnt, generator("orthogonal controls: weights", number, choice))
        for choice in range(args.n_choices)
    ]
    choosing = dev.take(slice(plan.n_dev))
    chosen: Sequential = min(networks, key=lambda network: error_rate(network, choosing))
    errors = [error_rate(chosen, part) for part in (learnt, train_dev)]
    # What dev says is the error that chose; the mismatch is measured on all of dev.
    of_dev, by_choice, of_test = (error_rate(chosen, part) for part in (dev, choosing, draw.test))
    return np.array([errors[0], errors[1] - errors[0], of_dev - errors[1], of_test - by_choice])


def _table(args: Args, start: np.ndarray, effects: Mapping[str, np.ndarray]) -> Section:
    rows = tuple(
        (name, *(_cell(values) for values in effect.T)) for name, effect in effects.items()
    )
    begin = ("start", *(f"{mean:.1%}" for mean in start.mean(axis=0)))
    return Section(
        heading="Which knob moves which gap",
        text=(
            f"{args.n_train} digits teach a network of {FIRST.hidden[0]} units for "
            f"{FIRST.n_steps} steps. Dev and test are "
            "digits that lie a pixel to the left or right. "
            f"Dev chooses among {args.n_choices} trainings by {N_SMALL_DEV} digits. So all four "
            "gaps are there: train error, variance, data mismatch and overfitting to dev.",
            "A row turns one knob and nothing else. A cell is the change of the gap, the mean of "
            f"{args.n_draws} draws, with its interval at {CONFIDENCE:.0%}; a star marks what "
            "excludes 0. Of many cells some exclude 0 by chance: one in twenty.",
            "No knob is quite alone: a gap is a difference of two errors, and where the first "
            "falls and the second does not, the gap between them grows by as much.",
        ),
        figures=(
            Table(
                title="Changes of the four gaps, in points of error",
                columns=("knob", *LINKS),
                rows=(begin, *rows),
            ),
        ),
    )


def _cell(values: np.ndarray) -> str:
    low, high = t_interval(values, CONFIDENCE)
    star = "*" if is_significant(values) else ""
    return f"{100 * values.mean():+.1f} ({100 * low:+.1f} to {100 * high:+.1f}){star}"


def _picture(effects: Mapping[str, np.ndarray]) -> Section:
    x = np.arange(1, len(effects) + 1)
    series = tuple(
        Series(name=link, x=x, y=[100 * e[:, n].mean() for e in effects.values()], mark="bars")
        for n, link in enumerate(LINKS)
    )
    names = "; ".join(f"{n} {name}" for n, name in enumerate(effects, start=1))
    return Section(
        heading="The same as a picture",
        text=(
            "A knob is easy to use if it moves one gap: then the largest gap names the knob to "
            "turn. A knob that lowers one and raises another cannot be chosen by looking at one.",
        ),
        figures=(
            Lines(
                title="Change of each gap, by knob",
                x_label="knob",
                y_label="points of error",
                series=series,
                caption=f"Knobs: {names}.",
            ),
        ),
    )
