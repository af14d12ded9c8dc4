"""The labs' own 100 houses: rates on raw inputs, z-scores, and the parameters that the labs print.

The labs read the file as if its first row were a heading, so they learn from 99 houses.

Source: Ng, MLS C1 W2 (optional labs on feature scaling and on scikit-learn).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.linear_model import SGDRegressor

from foursplit.core.lesson_figures import Lesson, Lines, Section, Series, Slider, Table
from foursplit.core.seeds import derive_seed
from foursplit.core.trained_experiment import TrainedExperiment
from foursplit_courses.argument_checks import check_above_zero, check_at_least
from foursplit_courses.from_scratch import features, linear
from foursplit_courses.from_scratch.gradient_descent import FitResult, Parameters

INPUTS = ("area", "bedrooms", "floors", "age")
TARGET = "price"  # thousands of dollars
N_SKIPPED = 1  # rows that the labs take for a heading
N_SGD = 20  # orders in which stochastic descent sees the houses
DIGITS = 2  # after the point, as printed


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    rates_raw: tuple[float, ...]  # tried on raw inputs
    n_steps_raw: int
    learning_rate: float  # with z-scores
    n_steps: int
    printed: tuple[float, ...]  # weights of the scaled inputs, then the bias, as the lab prints
    seed: int = 1

    def __post_init__(self) -> None:
        check_at_least(self, n_steps_raw=1, n_steps=1)
        check_above_zero(self, "learning_rate")
        if min(self.rates_raw, default=0.0) <= 0:
            raise ValueError(f"rates_raw: {self.rates_raw} must be one or more above 0")
        if len(self.printed) != len(INPUTS) + 1:
            raise ValueError(
                f"printed: {self.printed} must be {len(INPUTS)} weights and a bias, "
                f"for {', '.join(INPUTS)}"
            )


class Houses(NamedTuple):
    """Inputs (house, input) as they are and as z-scores, and prices (house,)."""

    raw: np.ndarray
    scaled: np.ndarray
    price: np.ndarray


def run(args: Args, trained: TrainedExperiment) -> Lesson:
    """Repeat the labs' descents on their own table."""
    everything, _ = _houses(trained.table)
    houses, scaler = _houses(trained.table.iloc[N_SKIPPED:])
    descent = linear.gradient_descent(
        houses.scaled, houses.price, learning_rate=args.learning_rate, n_steps=args.n_steps
    )
    learnt = _flat(descent.final)
    n_met = sum(_is_met(ours, theirs) for ours, theirs in zip(learnt, args.printed, strict=True))
    limit = linear.max_stable_learning_rate(houses.raw)
    return Lesson(
        title="The labs' hundred houses",
        lead=(
            f"On the {len(houses.price)} houses that the labs read, {args.n_steps:,} steps at a "
            f"rate of {args.learning_rate:g} "
            f"on z-scores give {n_met} of the {len(learnt)} parameters to the last digit that the "
            f"lab prints. On raw inputs a rate above {limit:.2e} diverges."
        ),
        sections=(
            _rates(args, houses, limit),
            _scaled(args, descent, everything),
            _ways(args, houses, descent, scaler),
        ),
        numbers={
            **{f"weight_{name}": float(w) for name, w in zip(INPUTS, learnt, strict=False)},
            "bias": float(learnt[-1]),
            "printed_digits_met": n_met,
            "largest_rate_raw": limit,
            "cost_end": float(descent.cost[-1]),
        },
        source="Ng, MLS C1 W2 (optional labs 3 and 5)",
    )


def _houses(table: pd.DataFrame) -> tuple[Houses, features.Scaler]:
    """Return the houses of a table, and how their inputs were scaled."""
    raw = table[list(INPUTS)].to_numpy(np.float64)
    scaler = features.fit_scaler(raw)
    return Houses(raw, scaler.transform(raw), table[TARGET].to_numpy(np.float64)), scaler


def _flat(parameters: Parameters) -> np.ndarray:
    return np.append(*parameters)


def _is_met(ours: float, printed: float) -> bool:
    """Check whether a number rounds to the printed one."""
    return f"{ours:.{DIGITS}f}" == f"{printed:.{DIGITS}f}"


def _rates(args: Args, houses: Houses, limit: float) -> Section:
    descents = {
        rate: linear.gradient_descent(
            houses.raw, houses.price, learning_rate=rate, n_steps=args.n_steps_raw
        )
        for rate in args.rates_raw
    }
    return Section(
        heading="The labs' rates on raw inputs",
        text=(
            f"{len(houses.price)} houses, of which {len(_distinct(houses))} differ. The area "
            "counts in thousands and decides which rates converge: twice the inverse of the "
            f"largest curvature is {limit:.3e}. The lab tries three rates for "
            f"{args.n_steps_raw} steps each: "
            + "; ".join(f"{rate:g} {_does(rate, limit)}" for rate in args.rates_raw)
            + ".",
        ),
        figures=(
            Slider(
                title="Ten steps at each rate",
                label="rate",
                values=tuple(f"{rate:g}" for rate in descents),
                figures=tuple(_descent(rate, d, limit) for rate, d in descents.items()),
            ),
        ),
    )


def _distinct(houses: Houses) -> np.ndarray:
    return np.unique(np.column_stack([houses.raw, houses.price]), axis=0)


def _does(rate: float, limit: float) -> str:
    """Say what descent does in the direction of the largest curvature."""
    if rate > limit:
        return "diverges"
    return "jumps across the valley and converges" if rate > limit / 2 else "slides and converges"


def _descent(rate: float, descent: FitResult, limit: float) -> Lines:
    steps = np.arange(len(descent.cost))
    return Lines(
        title=f"Rate {rate:g}: {_does(rate, limit)}",
        x_label="step",
        y_label="cost",
        log_y=True,
        series=(Series(name="cost", x=steps, y=descent.cost),),
        caption=f"The weight of the area after the last step: {descent.final.w[0]:.3g}.",
    )


def _scaled(args: Args, descent: FitResult, everything: Houses) -> Section:
    ours = _flat(descent.final)
    of_all = _flat(linear.normal_equation(everything.scaled, everything.price))
    rows = tuple(
        (name, f"{a:.5f}", f"{p:.{DIGITS}f}", "yes" if _is_met(a, p) else "no", f"{b:.5f}")
        for name, a, p, b in zip((*INPUTS, "bias"), ours, args.printed, of_all, strict=True)
    )
    n_met = sum(row[3] == "yes" for row in rows)
    return Section(
        heading="The printed parameters",
        text=(
            "Each input minus its mean, over its standard deviation. From zero, "
            f"{args.n_steps:,} steps at {args.learning_rate:g} reach the minimum: the lab prints "
            f"the parameters below, and {n_met} of {len(rows)} are met to its last digit.",
            f"The file has {len(everything.price)} houses and no heading; the labs skip its first "
            "row. The last column is the minimum over all of them, which the printed numbers are "
            "not. No house is held out in either.",
        ),
        figures=(
            Table(
                title="Parameters in 1,000 dollars a standard deviation",
                columns=("parameter", "here", "printed by the lab", "met", "on all houses"),
                rows=rows,
            ),
            Lines(
                title="Cost by step on z-scores",
                x_label="step",
                y_label="cost",
                log_y=True,
                series=(Series(name="cost", x=np.arange(101), y=descent.cost[:101]),),
            ),
        ),
    )


def _ways(args: Args, houses: Houses, descent: FitResult, scaler: features.Scaler) -> Section:
    solved = linear.normal_equation(houses.scaled, houses.price)
    stochastic = np.array([_sgd(houses, args.seed, order) for order in range(N_SGD)])
    low, high = stochastic.min(axis=0), stochastic.max(axis=0)
    rows: tuple[tuple[str | float, ...], ...] = (
        ("descent", *map(float, _flat(descent.final))),
        ("solved", *map(float, _flat(solved))),
        ("scikit-learn SGD, lowest", *map(float, low)),
        ("scikit-learn SGD, highest", *map(float, high)),
    )
    raw = _flat(scaler.unscale(solved))
    return Section(
        heading="Other ways to the same line",
        text=(
            "Least squares solved at once has the same parameters. scikit-learn's stochastic "
            f"descent depends on the order of the houses: over {N_SGD} orders its parameters lie "
            "between the two last rows. A lab's printed numbers of that method are one such draw.",
            "In raw units: "
            + ", ".join(f"{v:.3g} for each unit of {n}" for n, v in zip(INPUTS, raw, strict=False))
            + f", and {raw[-1]:.4g} for the rest, in 1,000 dollars.",
        ),
        figures=(
            Table(
                title="Parameters of scaled inputs, by way",
                columns=("way", *INPUTS, "bias"),
                rows=rows,
            ),
        ),
    )


def _sgd(houses: Houses, seed: int, order: int) -> np.ndarray:
    state = derive_seed("houses of the labs", seed, order) % 2**32
    fit = SGDRegressor(max_iter=1000, random_state=state).fit(houses.scaled, houses.price)
    return np.append(fit.coef_, fit.intercept_)
