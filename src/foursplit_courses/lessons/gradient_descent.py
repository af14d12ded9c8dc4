"""Gradient descent on a line through two houses: the cost's bowl, the way down, and three rates.

Source: Ng, MLS C1 W1 (model, cost, gradient descent) and C1 W2 (choice of the learning rate).
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from foursplit.core.lesson_figures import (
    Contour,
    Lesson,
    LineFit,
    Lines,
    Section,
    Series,
    Surface,
    Table,
)
from foursplit_courses.from_scratch import simple_linear_regression
from foursplit_courses.from_scratch.simple_linear_regression import FitResult, hessian
from foursplit_courses.lesson_helpers.surfaces import surface_path

SPAN = 1.25  # of the window on the bowl: times the way from the start to the best line

LEVELS = 10  # of the contour, evenly in the logarithm

DRAWN = 200  # steps in a figure; more cannot be distinguished


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    sizes: tuple[float, ...]  # thousands of square feet
    prices: tuple[float, ...]  # thousands of dollars
    learning_rate: float
    n_steps: int
    learning_rate_too_large: float  # a rate that diverges
    n_steps_too_large: int
    learning_rates: tuple[float, ...]  # to be compared
    n_steps_compared: int
    tol: float  # of the cost in one step, below which descent counts as converged
    n_grid: int = 41  # points along a side of the bowl

    def __post_init__(self) -> None:
        for name in ("learning_rate", "learning_rate_too_large", "tol"):
            _require(getattr(self, name) > 0, name, getattr(self, name), "above 0")
        for name in ("n_steps", "n_steps_too_large", "n_steps_compared"):
            _require(getattr(self, name) >= 1, name, getattr(self, name), "at least 1")
        _require(self.n_grid >= 3, "n_grid", self.n_grid, "at least 3")
        _require(
            len(self.learning_rates) > 0, "learning_rates", self.learning_rates, "one rate at least"
        )
        _require(min(self.learning_rates) > 0, "learning_rates", self.learning_rates, "above 0")
        _require(len(set(self.sizes)) >= 2, "sizes", self.sizes, "two different ones at least")
        _require(
            len(self.sizes) == len(self.prices), "prices", self.prices, "as many as there are sizes"
        )
        bound = simple_linear_regression.max_stable_learning_rate(np.array(self.sizes))
        _require(
            self.learning_rate < bound, "learning_rate", self.learning_rate, f"below {bound:.3f}"
        )
        _require(
            self.learning_rate_too_large > bound,
            "learning_rate_too_large",
            self.learning_rate_too_large,
            f"above {bound:.3f}",
        )


def _require(met: bool, name: str, value: object, rule: str) -> None:
    if not met:
        raise ValueError(f"{name}: {value} must be {rule}")


def run(args: Args) -> Lesson:
    """Work the lesson through."""
    x, y = np.array(args.sizes), np.array(args.prices)
    down = simple_linear_regression.gradient_descent(x, y, args.learning_rate, args.n_steps)
    up = simple_linear_regression.gradient_descent(
        x, y, args.learning_rate_too_large, args.n_steps_too_large
    )
    bound = simple_linear_regression.max_stable_learning_rate(x)
    return Lesson(
        title="Gradient descent on a line",
        lead=(
            f"After {args.n_steps:,} steps at a rate of {args.learning_rate:g} the line through "
            f"{len(x)} houses has w = {down.w[-1]:.2f} and b = {down.b[-1]:.2f}, and its cost has "
            f"gone from {down.cost[0]:,.0f} to {down.cost[-1]:.2g}. "
            f"A rate from {bound:.3f} on diverges."
        ),
        sections=(
            _model(x, y, down),
            _yours(args, x, y),
            _bowl(args, x, y, down),
            _steps(args, down),
            _diverges(args, up, bound),
            _compared(args, x, y, bound),
        ),
        numbers={
            "w": float(down.w[-1]),
            "b": float(down.b[-1]),
            "cost_start": float(down.cost[0]),
            "cost_first_step": float(down.cost[1]),
            "cost_end": float(down.cost[-1]),
            "cost_too_large_end": float(up.cost[-1]),
            "largest_rate": bound,
        },
        source="Ng, MLS C1 W1 and W2",
    )


def _model(x: np.ndarray, y: np.ndarray, down: FitResult) -> Section:
    best_w, best_b = _best(x, y)
    ends = np.array([0.0, 1.2 * x.max()])
    last = simple_linear_regression.predict(ends, down.w[-1], down.b[-1])
    early = min(len(down.w) - 1, 10)
    figure = Lines(
        title="The examples and the line",
        x_label="size in thousands of square feet",
        y_label="price in thousands of dollars",
        series=(
            Series(name="houses", x=x, y=y, mark="crosses", group=1),
            Series(name="after the last step", x=ends, y=last, group=0),
            Series(
                name=f"after {early} steps",
                x=ends,
                y=simple_linear_regression.predict(ends, down.w[early], down.b[early]),
                mark="dashed",
                group=0,
            ),
        ),
    )
    return Section(
        heading="The model",
        text=(
            "A price is answered with `w` times the size plus `b`. The best line has "
            f"w = {best_w:.4g} and b = {best_b:.4g} and leaves a cost of "
            f"{simple_linear_regression.cost(x, y, round(best_w, 9), round(best_b, 9)):.4g}.",
        ),
        figures=(figure,),
    )


class Bowl(NamedTuple):
    """The cost (b, w) over both parameters, and the levels at which a line is drawn."""

    w: np.ndarray
    b: np.ndarray
    z: np.ndarray
    levels: np.ndarray


def _cost_grid(args: Args, x: np.ndarray, y: np.ndarray) -> Bowl:
    best_w, best_b = _best(x, y)
    w = np.linspace(best_w - SPAN * abs(best_w), best_w + SPAN * abs(best_w), args.n_grid)
    b = np.linspace(best_b - SPAN * abs(best_w), best_b + SPAN * abs(best_w), args.n_grid)
    z = simple_linear_regression.cost_grid(x, y, w, b)
    levels = np.geomspace(z.max() / 1000, z.max() / 1.5, LEVELS)
    return Bowl(w, b, z, np.array([float(f"{level:.2g}") for level in levels]))


def _yours(args: Args, x: np.ndarray, y: np.ndarray) -> Section:
    w, b, z, levels = _cost_grid(args, x, y)
    middle = float(x.mean())
    return Section(
        heading="Move the line",
        text=(
            "Move `w` and `b`, or click on the contour: each line is one point of the plane "
            "below it, and its cost the height there. Along the valley the line turns about the "
            f"middle of the houses, at {middle:g} thousand square feet, and the cost hardly "
            "changes; across it the line rises or falls as a whole.",
        ),
        figures=(
            LineFit(
                title="Your line and its cost",
                x_label="size in thousands of square feet",
                y_label="price in thousands of dollars",
                x=x,
                y=y,
                x_range=(0.0, float(1.2 * x.max())),
                y_range=(0.0, float(1.5 * y.max())),
                w=w,
                b=b,
                z=z,
                levels=levels,
                start=(100.0, 100.0),
            ),
        ),
    )


def _bowl(args: Args, x: np.ndarray, y: np.ndarray, down: FitResult) -> Section:
    best_w, best_b = _best(x, y)
    along, across = (_hundredth(args.learning_rate, c) for c in np.linalg.eigvalsh(hessian(x)))
    w, b, z, levels = _cost_grid(args, x, y)
    shown_steps = _shown(len(down.w))
    return Section(
        heading="The cost is a bowl",
        text=(
            "Half the mean squared error, over both parameters. The valley is long and nearly "
            "level: many pairs answer almost alike, for a greater `w` makes up for a smaller `b`.",
            "The way goes down the steep wall first and then creeps along the valley: across it "
            f"a hundredth of the distance is left after {across:,} steps, along it only after "
            f"{along:,}.",
        ),
        figures=(
            Surface(
                title="The cost over both parameters",
                x_label="w",
                y_label="b",
                z_label="cost",
                x=w,
                y=b,
                z=z,
                path=surface_path(down.w[shown_steps], down.b[shown_steps], down.cost[shown_steps]),
            ),
            Contour(
                title="The same from above",
                x_label="w",
                y_label="b",
                x=w,
                y=b,
                z=z,
                levels=levels,
                series=(
                    Series(name="descent", x=down.w[shown_steps], y=down.b[shown_steps], group=1),
                    Series(
                        name="best line",
                        x=[best_w],
                        y=[best_b],
                        mark="crosses",
                        group=0,
                    ),
                ),
                caption="Lines of equal cost, each a fixed factor above the one before.",
            ),
        ),
    )


def _best(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    w, b = np.polyfit(x, y, 1)
    return float(w), float(b)


def _hundredth(learning_rate: float, curved: float) -> int:
    """Count the steps after which a hundredth of the distance is left along an axis of the bowl."""
    return math.ceil(math.log(0.01) / math.log(abs(1 - learning_rate * curved)))


def _steps(args: Args, down: FitResult) -> Section:
    shown_steps = _shown(len(down.cost))
    rows = [
        (int(step), float(down.cost[step]), float(down.w[step]), float(down.b[step]))
        for step in np.unique(np.linspace(0, args.n_steps, 11).astype(int)).tolist()
    ]
    return Section(
        heading="Step by step",
        text=(
            "The cost falls at every step: fast as long as the wall is steep, then by the same "
            "small share each time, which is a straight line where the cost goes by its logarithm.",
        ),
        figures=(
            Lines(
                title="Cost over the steps",
                x_label="step",
                y_label="cost",
                log_y=True,
                series=(Series(name="", x=shown_steps, y=down.cost[shown_steps]),),
            ),
            Table(
                title="The descent in eleven rows",
                columns=("step", "cost", "w", "b"),
                rows=tuple(rows),
            ),
        ),
    )


def _diverges(args: Args, up: FitResult, bound: float) -> Section:
    steps = np.arange(len(up.cost))
    return Section(
        heading="A rate that is too large",
        text=(
            f"At a rate of {args.learning_rate_too_large:g} each step leaps over the valley and "
            "lands higher on "
            f"the other side: after {args.n_steps_too_large} steps the cost is "
            f"{up.cost[-1]:.3g}.",
            "Along each axis of the bowl a step multiplies the distance to the best line by "
            "1 − rate × curvature. Beyond twice the inverse of the largest curvature that is "
            f"below −1; for these houses the bound is {bound:.4f}.",
        ),
        figures=(
            Lines(
                title="The parameters swing ever wider",
                x_label="step",
                y_label="value",
                series=(
                    Series(name="w", x=steps, y=up.w, group=0),
                    Series(name="b", x=steps, y=up.b, mark="dashed", group=1),
                ),
            ),
            Lines(
                title="Cost over the steps, upwards",
                x_label="step",
                y_label="cost",
                log_y=True,
                series=(Series(name="", x=steps, y=up.cost, mark="points"),),
            ),
        ),
    )


def _compared(args: Args, x: np.ndarray, y: np.ndarray, bound: float) -> Section:
    descents = {
        learning_rate: simple_linear_regression.gradient_descent(
            x, y, learning_rate, args.n_steps_compared
        )
        for learning_rate in args.learning_rates
    }
    rows = [
        _row(args, learning_rate, descent, bound) for learning_rate, descent in descents.items()
    ]
    top = 10 * max(float(descent.cost[0]) for descent in descents.values())
    return Section(
        heading="Choosing a rate",
        text=(
            "Several rates from the same start. The largest that still falls at every "
            "step is the one to take; the first that rises ends the search.",
            f"An automatic check calls a descent converged once a step lowers the cost by no more "
            f"than {args.tol:g}. Where the check was met the table gives the cost that was "
            "left: the smaller the rate, the smaller its steps, and the farther from the bottom it "
            "may stop. The curve tells this, the check alone does not.",
        ),
        figures=(
            Lines(
                title=f"Cost over the first {args.n_steps_compared:,} steps",
                x_label="step",
                y_label="cost",
                log_y=True,
                y_range=(min(_last(descents)), top),
                series=tuple(
                    Series(
                        name=f"rate {learning_rate:g}",
                        x=_shown(len(descent.cost)),
                        y=descent.cost[_shown(len(descent.cost))],
                    )
                    for learning_rate, descent in descents.items()
                ),
            ),
            Table(
                title="Rates compared",
                columns=(
                    "rate",
                    f"cost after {args.n_steps_compared:,} steps",
                    "check met at step",
                    "cost left there",
                    "what it does",
                ),
                rows=tuple(rows),
            ),
        ),
    )


def _last(descents: dict[float, FitResult]) -> list[float]:
    """Give the lowest cost of each walk that can stand on a logarithmic axis."""
    return [float(np.nanmin(descent.cost[descent.cost > 0])) for descent in descents.values()]


def _row(
    args: Args, learning_rate: float, descent: FitResult, bound: float
) -> tuple[str | float, ...]:
    step = (
        simple_linear_regression.convergence_step(descent.cost, args.tol)
        if learning_rate < bound
        else None
    )
    results = ("never", "–") if step is None else (f"{step:,}", f"{descent.cost[step]:.3g}")
    does = "diverges" if learning_rate >= bound else "falls" if step is None else "converges"
    last = descent.cost[-1]
    left = f"{last:.3g}" if np.isfinite(last) else "beyond any number"
    return (f"{learning_rate:g}", left, *results, does)


def _shown(n: int) -> np.ndarray:
    """Choose steps to draw: the first ones each, then ever fewer, and the last."""
    results: np.ndarray = np.unique(np.geomspace(1, n, min(n, DRAWN)).round().astype(int)) - 1
    return results
