"""Why a line is no classifier, what a boundary is, and why its cost is a logarithm.

Source: Ng, MLS C1 W3 (classification, sigmoid, decision boundary, logistic loss and cost).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from foursplit.core.lesson_figures import Lesson, Lines, Section, Series, Surface, Table
from foursplit_courses.argument_checks import check_above_zero, check_at_least
from foursplit_courses.from_scratch import linear, logistic
from foursplit_courses.from_scratch.gradient_descent import Parameters, gradient_descent
from foursplit_courses.lesson_helpers.planes import square_plane
from foursplit_courses.lesson_helpers.six_points import CLASSES, SIX, six_point_regions
from foursplit_courses.lesson_helpers.surfaces import cost_grid, surface_path

SIZES = np.array([0.5, 1.0, 1.5, 2.5, 3.0, 3.5])  # cm of a growth
BAD = np.array([0.0, 0, 0, 1, 1, 1])
PARAMETER_SETTINGS = (
    ("b = -3", Parameters(np.ones(2), -3.0)),
    ("b = -4", Parameters(np.ones(2), -4.0)),
)
MIXED = np.array([0.0, 0, 1, 0, 1, 1])  # labels that no threshold parts: both costs have a minimum
PLAIN = Parameters(np.array([-8.0]), 0.0)  # a start that is certainly wrong
Cost = Callable[[Parameters], float]
Slope = Callable[[Parameters], Parameters]


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    far_size: float = 15.0  # cm of one more bad growth, which no one doubts
    grid: int = 41  # points along each side of a picture
    learning_rate: float = 0.5
    n_steps: int = 300

    def __post_init__(self) -> None:
        if not self.far_size > SIZES.max():
            raise ValueError(f"far_size: {self.far_size!r} must be above {SIZES.max():g}")
        check_at_least(self, grid=5, n_steps=1)
        check_above_zero(self, "learning_rate")


def run(args: Args) -> Lesson:
    """Show each step from the line to the logistic cost, with what it gets wrong or right."""
    line, thresholds, n_wrong = _line(args)
    surfaces, convexity = _surfaces(args)
    costs = {name: logistic.cost(*SIX, parameters) for name, parameters in PARAMETER_SETTINGS}
    return Lesson(
        title="The logistic model and its cost",
        lead=(
            f"One clear case far out moves a line's threshold from {thresholds['line_before']:.2f} "
            "to "
            f"{thresholds['line_after']:.2f} cm, so that it gets {n_wrong['line']} of seven wrong; "
            "the "
            "logistic threshold stays between the classes. With squared error its cost would have "
            "plains where descent is stuck; with the logarithm it has none."
        ),
        sections=(line, _sigmoid(), _boundaries(args), _losses(), surfaces, _settings(args, costs)),
        numbers={
            **{f"threshold_{name}": value for name, value in thresholds.items()},
            **{f"wrong_{name}": value for name, value in n_wrong.items()},
            **convexity,
            "cost_minus_3": costs["b = -3"],
            "cost_minus_4": costs["b = -4"],
        },
        source="Ng, MLS C1 W3",
    )


def _line(args: Args) -> tuple[Section, dict[str, float], dict[str, int]]:
    """Fit a line and the logistic model, before and after one far example."""
    with_outlier = (np.append(SIZES, args.far_size)[:, None], np.append(BAD, 1.0))
    tables = {"before": (SIZES[:, None], BAD), "after": with_outlier}
    thresholds, figures, grid = {}, [], np.linspace(0, args.far_size + 1, 200)
    for stage, (x, y) in tables.items():
        linear_fit = linear.normal_equation(x, y)
        logistic_fit = logistic.solve(x, y, l2=0.1)  # separable classes have no minimum without one
        thresholds[f"line_{stage}"] = float((0.5 - linear_fit.b) / linear_fit.w[0])
        thresholds[f"logistic_{stage}"] = float(-logistic_fit.b / logistic_fit.w[0])
        curves = (
            ("line", linear.predict(grid[:, None], linear_fit)),
            ("logistic", logistic.sigmoid(linear.predict(grid[:, None], logistic_fit))),
        )
        figures.append(
            Lines(
                title="Six growths" if stage == "before" else "and one far out",
                x_label="size in cm",
                y_label="bad (1) or not (0)",
                y_range=(-0.3, 1.5),
                series=(
                    Series(name="examples", x=x[:, 0], y=y, mark="crosses"),
                    *(Series(name=name, x=grid, y=values) for name, values in curves),
                    Series(name="0.5", x=grid[[0, -1]], y=[0.5, 0.5], mark="dashed"),
                ),
            )
        )
    x, y = with_outlier
    n_wrong = {
        model: int(((x[:, 0] > thresholds[f"{model}_after"]) != (y == 1)).sum())
        for model in ("line", "logistic")
    }
    section = Section(
        heading="A line through classes",
        text=(
            "Where classes are the numbers 0 and 1, least squares can fit them, and answers above "
            "one half can count as class 1. Then one more example, so large that nobody doubts it, "
            f"is added. The threshold moves from {thresholds['line_before']:.2f} to "
            f"{thresholds['line_after']:.2f} cm, and gets {n_wrong['line']} of seven wrong: "
            "squared "
            "error punishes the line for being more than right. The logistic model's threshold "
            f"goes from {thresholds['logistic_before']:.2f} to {thresholds['logistic_after']:.2f} "
            "cm, and "
            f"gets {n_wrong['logistic']} wrong.",
        ),
        figures=tuple(figures),
    )
    return section, thresholds, n_wrong


def _sigmoid() -> Section:
    z = np.linspace(-8, 8, 161)
    weights = (0.5, 1.0, 3.0)
    return Section(
        heading="The sigmoid",
        text=(
            "1 / (1 + exp(-z)) turns any number into a probability: one half at 0, and never quite "
            "0 or 1. A larger weight makes it steeper, a bias shifts it. Written as it stands, it "
            "overflows for z far below 0; the code takes the exponential of -|z| only.",
        ),
        figures=(
            Lines(
                title="Probability over log-odds, by weight",
                x_label="x",
                y_label="probability of class 1",
                series=tuple(
                    Series(name=f"weight {w:g}", x=z, y=logistic.sigmoid(w * z)) for w in weights
                ),
            ),
        ),
    )


def _boundaries(args: Args) -> Section:
    line = PARAMETER_SETTINGS[0][1]
    ring = Parameters(np.array([0.0, 0, 1, 1]), -1.0)
    plane = square_plane(-2, 2, args.grid, "x₁", "x₂")
    raised = np.column_stack([plane.points, plane.points**2])
    curved = logistic.sigmoid(linear.predict(raised, ring))
    return Section(
        heading="The decision boundary",
        text=(
            "The answer changes where the score is 0. With the inputs themselves that is a line, "
            "here x₁ + x₂ = 3; with their squares besides it can be a circle, here x₁² + x₂² = 1. "
            "The boundary belongs to the parameters, not to the examples.",
        ),
        figures=(
            six_point_regions("A line: x₁ + x₂ = 3", line, args.grid),
            plane.regions("A circle: x₁² + x₂² = 1", curved, CLASSES),
        ),
    )


def _losses() -> Section:
    f = np.linspace(0.005, 0.995, 199)
    return Section(
        heading="Loss of one answer",
        text=(
            "The loss is -log f where class 1 is right and -log(1 - f) where class 0 is: nothing "
            "for a sure right answer, and without bound for a sure wrong one. Half the squared "
            "error never exceeds one half, so that being sure and wrong costs little more than "
            "being undecided.",
        ),
        figures=tuple(
            Lines(
                title=f"Class {label} is right",
                x_label="probability given to class 1",
                y_label="loss",
                series=(
                    Series(name="logarithm", x=f, y=-np.log(f if label else 1 - f)),
                    Series(name="half the squared error", x=f, y=(f - label) ** 2 / 2),
                ),
            )
            for label in (1, 0)
        ),
    )


def _surfaces(args: Args) -> tuple[Section, dict[str, float]]:
    """Draw both costs over weight and bias, hold them against chords, and descend on both."""
    x = SIZES[:, None] - SIZES.mean()
    costs_and_gradients: dict[str, tuple[Cost, Slope]] = {
        "squared error": (
            partial(logistic.squared_cost, x, MIXED),
            partial(logistic.squared_gradient, x, MIXED),
        ),
        "logarithm": (partial(logistic.cost, x, MIXED), partial(logistic.gradient, x, MIXED)),
    }
    w, b = np.linspace(-10, 10, args.grid), np.linspace(-10, 10, args.grid)
    surfaces, profiles, convexity = [], [], {}
    for name, (cost, gradient) in costs_and_gradients.items():
        descent = gradient_descent(
            cost, gradient, PLAIN, learning_rate=args.learning_rate, n_steps=args.n_steps
        )
        z = cost_grid(cost, w, b)
        surfaces.append(
            Surface(
                title=f"Cost by {name}",
                x_label="weight",
                y_label="bias",
                z_label="cost",
                x=w,
                y=b,
                z=z,
                path=surface_path(descent.w[::10, 0], descent.b[::10], descent.cost[::10]),
                caption=f"{args.n_steps} steps at rate {args.learning_rate:g}.",
            )
        )
        profiles.append(_profile(name, w, z[args.grid // 2]))
        key = name.split()[0]
        convexity[f"above_chord_{key}"] = _above_chords(z)
        convexity[f"weight_after_descent_{key}"] = float(descent.final.w[0])
    section = Section(
        heading="Two costs as landscapes",
        text=(
            "The same model on six labels that no threshold parts, and a start that is certainly "
            "wrong. Under squared error the cost has plains where every answer is sure, and rises "
            f"up to {convexity['above_chord_squared']:.2f} above the chord between two of its "
            "points: "
            "it is not convex. Under the logarithm no point lies above a chord, so that there is "
            "one minimum and a slope towards it everywhere.",
            f"From a weight of {PLAIN.w[0]:g}, the same number of steps ends at "
            f"{convexity['weight_after_descent_squared']:.2f} under squared error and at "
            f"{convexity['weight_after_descent_logarithm']:.2f} under the logarithm.",
        ),
        figures=(*surfaces, *profiles),
    )
    return section, convexity


def _above_chords(z: np.ndarray) -> float:
    """Give how far a height rises at most above the middle of two as far to either side of it."""
    reach = range(1, (z.shape[1] - 1) // 2 + 1)
    return max(float((z[:, k:-k] - (z[:, : -2 * k] + z[:, 2 * k :]) / 2).max()) for k in reach)


def _profile(name: str, w: np.ndarray, heights: np.ndarray) -> Lines:
    ends = [0, len(w) // 2]
    return Lines(
        title=f"Along the weight at bias 0, {name}",
        x_label="weight",
        y_label="cost",
        series=(
            Series(name="cost", x=w, y=heights),
            Series(name="a chord", x=w[ends], y=heights[ends], mark="dashed"),
        ),
    )


def _settings(args: Args, costs: dict[str, float]) -> Section:
    return Section(
        heading="The cost of two settings",
        text=(
            "Six examples, both weights 1, and two biases. The boundary x₁ + x₂ = 3 runs between "
            f"the classes and costs {costs['b = -3']:.4f}; x₁ + x₂ = 4 cuts off examples of class "
            f"1 and costs {costs['b = -4']:.4f}. The cost sees what the eye sees.",
        ),
        figures=(
            *(
                six_point_regions(name, parameters, args.grid)
                for name, parameters in PARAMETER_SETTINGS
            ),
            Table(
                title="Costs",
                columns=("setting", "cost"),
                rows=tuple((name, round(cost, 6)) for name, cost in costs.items()),
            ),
        ),
    )
