"""Exponentially weighted averages: how long they remember, how late they are, how they begin.

Source: Ng, DLS C2 W2.
"""

from dataclasses import dataclass

import numpy as np

from foursplit.core.lesson_figures import Lesson, Lines, Section, Series, Slider, Table
from foursplit.core.seeds import generator
from foursplit_courses.argument_checks import check_at_least
from foursplit_courses.from_scratch.moving_average import (
    exponential_moving_average,
    weights_of_average,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    days: int = 365
    betas: tuple[float, ...] = (0.0, 0.5, 0.9, 0.95, 0.98)
    noise: float = 3.0  # standard deviation of a day's temperature, degrees Celsius
    repeats: int = 200  # years drawn for the table

    def __post_init__(self) -> None:
        check_at_least(self, days=30, repeats=1)
        if not self.betas or not all(0 <= beta < 1 for beta in self.betas):
            raise ValueError(f"betas: {self.betas} must be numbers from 0 to below 1")


def run(args: Args) -> Lesson:
    """Smooth a year of made-up temperatures with each beta."""
    season = _season(args)
    errors = {beta: _errors(args, season, beta) for beta in args.betas}
    best = min(errors, key=lambda beta: errors[beta][0])
    return Lesson(
        title="Exponentially weighted averages",
        lead=(
            f"An average with beta remembers about 1 / (1 - beta) days. On these temperatures beta "
            f"{best:g} comes nearest to the season, {errors[best][0]:.1f} degrees off on the "
            f"whole, where single days are {errors[min(errors)][0]:.1f} off: with less memory the "
            "noise stays, with more the average is late."
        ),
        sections=(_smoothing(args, season, errors), _start(args, season), _weights(args)),
        numbers={
            **{f"error_{beta:g}": error for beta, (error, _) in errors.items()},
            **{f"first_month_{beta:g}": first for beta, (_, first) in errors.items()},
            "best_beta": best,
        },
        source="Ng, DLS C2 W2",
    )


def _season(args: Args) -> np.ndarray:
    """Return the mean temperature of each day, degrees Celsius: a cosine over the year."""
    return 12 - 8 * np.cos(2 * np.pi * np.arange(args.days) / 365)


def _days(args: Args, season: np.ndarray, repeat: int) -> np.ndarray:
    rng = generator("moving averages", repeat)
    return season + rng.normal(0, args.noise, len(season))


def _errors(args: Args, season: np.ndarray, beta: float) -> tuple[float, float]:
    """Return root mean square distances from the season, in degrees.

    The corrected average's over the year, and the uncorrected one's over the first 30 days.
    """
    squares, first = [], []
    for repeat in range(args.repeats):
        days = _days(args, season, repeat)
        corrected = exponential_moving_average(days, beta)
        plain = exponential_moving_average(days, beta, bias_correction=False)
        squares.append(((corrected - season) ** 2).mean())
        first.append(((plain - season)[:30] ** 2).mean())
    return float(np.sqrt(np.mean(squares))), float(np.sqrt(np.mean(first)))


def _smoothing(args: Args, season: np.ndarray, errors: dict[float, tuple[float, float]]) -> Section:
    days, day = _days(args, season, 0), np.arange(args.days)
    figures = tuple(
        Lines(
            title=f"beta {beta:g}",
            x_label="day",
            y_label="degrees Celsius",
            series=(
                Series(name="day", x=day, y=days, mark="points"),
                Series(name="average", x=day, y=exponential_moving_average(days, beta)),
                Series(name="season", x=day, y=season, mark="dashed"),
            ),
        )
        for beta in args.betas
    )
    return Section(
        heading="Noise against delay",
        text=(
            "Each average is beta times the one of the day before, plus 1 - beta times today. It "
            "needs one number of memory, however far it looks back. Temperatures are made up: a "
            f"cosine over the year and normal noise of {args.noise:g} degrees.",
        ),
        figures=(
            Slider(
                title="A year of temperatures",
                label="beta",
                values=tuple(f"{beta:g}" for beta in args.betas),
                figures=figures,
                start=len(args.betas) // 2,
            ),
            Table(
                title=f"Distance from the season, {args.repeats} years",
                columns=("beta", "days remembered", "root mean square, degrees"),
                rows=tuple(
                    (f"{beta:g}", round(1 / (1 - beta), 1), round(error, 2))
                    for beta, (error, _) in errors.items()
                ),
            ),
        ),
    )


def _start(args: Args, season: np.ndarray) -> Section:
    days, day = _days(args, season, 0)[:60], np.arange(min(60, args.days))
    beta = max(args.betas)
    return Section(
        heading="The first days",
        text=(
            "The average begins at zero, and is pulled there at first. After t days its weights "
            "sum to 1 - beta^t; divided by that sum they are an average again. Adam does the "
            "same with its two averages.",
        ),
        figures=(
            Lines(
                title=f"The first {len(days)} days with beta {beta:g}",
                x_label="day",
                y_label="degrees Celsius",
                series=(
                    Series(name="day", x=day, y=days, mark="points"),
                    Series(
                        name="without correction",
                        x=day,
                        y=exponential_moving_average(days, beta, bias_correction=False),
                    ),
                    Series(name="corrected", x=day, y=exponential_moving_average(days, beta)),
                ),
            ),
        ),
    )


def _weights(args: Args) -> Section:
    back = np.arange(60)
    return Section(
        heading="What a day still counts",
        text=(
            "The weight of a day falls by beta with each day after it: to 1 / e of the newest "
            "after about 1 / (1 - beta) days.",
        ),
        figures=(
            Lines(
                title="Weight by age",
                x_label="days ago",
                y_label="weight",
                series=tuple(
                    Series(name=f"beta {beta:g}", x=back, y=weights_of_average(60, beta))
                    for beta in args.betas
                    if beta > 0
                ),
            ),
        ),
    )
