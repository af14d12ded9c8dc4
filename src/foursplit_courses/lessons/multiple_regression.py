"""Three houses and four inputs: descent creeps where one solve is done.

Source: Ng, MLS C1 W2 (multiple linear regression, normal equation).
"""

from dataclasses import dataclass

import numpy as np

from foursplit.core.lesson_figures import Figure, Lesson, Lines, Section, Series, Table
from foursplit_courses.argument_checks import check_above_zero, check_at_least
from foursplit_courses.from_scratch import linear
from foursplit_courses.from_scratch.gradient_descent import FitResult, Parameters, zero_parameters
from foursplit_courses.from_scratch.rounding import format_rounded

INPUTS = ("area", "bedrooms", "floors", "age")  # square feet, and years
X = np.array([[2104.0, 5, 1, 45], [1416, 3, 2, 40], [852, 2, 1, 35]])
Y = np.array([460.0, 232, 178])  # prices in 1,000 dollars

PUBLISHED = Parameters(
    np.array([0.39133535, 18.75376741, -53.36032453, -26.42131618]), 785.1811367994083
)
"""Parameters that the course prints, and calls close to optimal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    learning_rate: float = 5.0e-7
    n_steps: int = 1000

    def __post_init__(self) -> None:
        check_above_zero(self, "learning_rate")
        check_at_least(self, n_steps=1)


def run(args: Args) -> Lesson:
    """Descend, solve, and say why the first takes so long."""
    descent = linear.gradient_descent(X, Y, learning_rate=args.learning_rate, n_steps=args.n_steps)
    solved = linear.normal_equation(X, Y)
    curvatures = np.linalg.eigvalsh(linear.hessian(X))[::-1][: len(X)]  # the rest is 0: flat
    return Lesson(
        title="Several inputs",
        lead=(
            f"From zero, {args.n_steps:,} steps bring the cost from {descent.cost[0]:,.0f} to "
            f"{descent.cost[-1]:.1f}, where the least-squares solution fits exactly. Inputs of "
            "very "
            "different size are the reason."
        ),
        sections=(
            _houses(descent, solved),
            _trace(args, descent),
            _flat(),
            _slow(args, curvatures),
        ),
        numbers=_numbers(descent, curvatures),
        source="Ng, MLS C1 W2",
    )


def _numbers(descent: FitResult, curvatures: np.ndarray) -> dict[str, float]:
    return {
        "cost_start": descent.cost[0],
        "cost_after_1": descent.cost[1],
        "cost_after_901": descent.cost[min(901, len(descent.cost) - 1)],
        "cost_end": descent.cost[-1],
        "cost_published_parameters": linear.cost(X, Y, PUBLISHED),
        "published_parameters_differ_by": _distance_to_published(),
        "largest_rate": linear.max_stable_learning_rate(X),
        "condition": curvatures[0] / curvatures[-1],
    }


def _distance_to_published() -> float:
    """Return the largest difference of a parameter from the printed one: eight decimals."""
    solved = linear.normal_equation(X, Y)
    return float(np.abs(np.append(*solved) - np.append(*PUBLISHED)).max())


def _houses(descent: FitResult, solved: Parameters) -> Section:
    answers = [linear.predict(X, parameters) for parameters in (descent.final, solved)]
    rows = tuple(
        (*map(int, x), float(y), *(round(float(answer[i]), 2) for answer in answers))
        for i, (x, y) in enumerate(zip(X, Y, strict=True))
    )
    columns = (*INPUTS, "price", "after descent", "solved")
    weights: tuple[tuple[str | float, ...], ...] = tuple(
        (name, *(float(f"{parameters.w[i]:.4g}") for parameters in (descent.final, solved)))
        for i, name in enumerate(INPUTS)
    )
    bias: tuple[str | float, ...] = (
        "bias",
        *(float(f"{parameters.b:.4g}") for parameters in (descent.final, solved)),
    )
    return Section(
        heading="Three houses",
        text=(
            "A price is the sum of four inputs, each times its weight, and a bias. One product of "
            "a row with the weights gives it, and one of the whole table gives all prices.",
        ),
        figures=(
            Table(title="Prices in 1,000 dollars", columns=columns, rows=rows),
            Table(
                title="Parameters",
                columns=("of", "after descent", "solved"),
                rows=(*weights, bias),
            ),
        ),
    )


def _trace(args: Args, descent: FitResult) -> Section:
    steps = np.arange(len(descent.cost))
    late = max(1, len(steps) // 10)
    figures: tuple[Figure, ...] = (
        Lines(
            title="Cost by step",
            x_label="step",
            y_label="cost",
            log_y=True,
            series=(Series(name=f"rate {args.learning_rate:g}", x=steps, y=descent.cost),),
        ),
        Lines(
            title=f"The same from step {late} on",
            x_label="step",
            y_label="cost",
            series=(
                Series(name=f"rate {args.learning_rate:g}", x=steps[late:], y=descent.cost[late:]),
            ),
        ),
    )
    return Section(
        heading="Descent",
        text=(
            f"The first step alone takes the cost from {descent.cost[0]:,.1f} to "
            f"{descent.cost[1]:,.2f}, "
            "almost all of it by the weight of the area. From then on the curve looks flat, and "
            "yet is far from the bottom: it falls as slowly as the second picture shows.",
        ),
        figures=figures,
    )


def _flat() -> Section:
    heights = [
        ("zero", zero_parameters(4)),
        ("solved", linear.normal_equation(X, Y)),
        ("course", PUBLISHED),
    ]
    rows = tuple(
        (name, format_rounded(linear.cost(X, Y, parameters))) for name, parameters in heights
    )
    return Section(
        heading="More parameters than houses",
        text=(
            "Five parameters meet three houses, so that infinitely many settings fit exactly; the "
            "solution shown is the one with the smallest weights. The parameters that the course "
            f"prints are the same point to {_distance_to_published():.0e}, their eight decimals, "
            "and their cost is only that rounding. A cost of zero on three houses says nothing of "
            "the fourth.",
        ),
        figures=(Table(title="Costs", columns=("parameters", "cost"), rows=rows),),
    )


def _slow(args: Args, curvatures: np.ndarray) -> Section:
    kept = [abs(1 - args.learning_rate * curvature) for curvature in curvatures]
    rows = tuple(
        (f"{curvature:.3g}", f"{share:.9f}", f"{np.log(0.5) / np.log(share):,.0f}")
        for curvature, share in zip(curvatures, kept, strict=True)
    )
    limit = linear.max_stable_learning_rate(X)
    too_large = linear.gradient_descent(X, Y, learning_rate=1.1 * limit, n_steps=30)
    near = linear.gradient_descent(X, Y, learning_rate=0.98 * limit, n_steps=30)
    return Section(
        heading="Why it creeps",
        text=(
            f"Across the bowl the curvature is {curvatures[0]:,.0f}, along its floor "
            f"{curvatures[-1]:.2g}. The steep direction forbids any rate above {limit:.2e}, and at "
            "such a rate the flat ones hardly move. Scaling the inputs is the cure: see the page "
            "on feature scaling.",
        ),
        figures=(
            Table(
                title="Directions of the bowl",
                columns=("curvature", "error kept by a step", "steps to halve the error"),
                rows=rows,
            ),
            Lines(
                title="Just below and just above the largest rate",
                x_label="step",
                y_label="cost",
                log_y=True,
                series=(
                    Series(name="0.98 of it", x=np.arange(len(near.cost)), y=near.cost),
                    Series(name="1.1 of it", x=np.arange(len(too_large.cost)), y=too_large.cost),
                ),
            ),
        ),
    )
