"""A line through made inputs is a curve: powers, their scaling, and which of them matter.

Source: Ng, MLS C1 W2 (feature engineering and polynomial regression).
"""

from dataclasses import dataclass

import numpy as np

from foursplit.core.lesson_figures import Lesson, Lines, Section, Series, Slider, Table
from foursplit_courses.argument_checks import check_above_zero, check_at_least
from foursplit_courses.from_scratch import features, linear
from foursplit_courses.from_scratch.gradient_descent import FitResult
from foursplit_courses.from_scratch.rounding import ceil_power_of_ten, format_rounded

X = np.arange(20.0)
PARABOLA = X**2
COSINE = np.cos(X / 2)
CHOICES = {"x": [0], "x²": [1], "x, x² and x³": [0, 1, 2]}  # columns of the powers
DEGREES = (1, 2, 3, 5, 7, 9, 11, 13)


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    learning_rate_raw: float = 1.0e-7
    learning_rate_scaled: float = 0.1
    n_steps: int = 10_000

    def __post_init__(self) -> None:
        check_above_zero(self, "learning_rate_raw", "learning_rate_scaled")
        check_at_least(self, n_steps=1)


def run(args: Args) -> Lesson:
    """Fit a parabola and a cosine by lines through powers."""
    cubes = features.power_features(X, 3)
    raw = linear.gradient_descent(
        cubes, PARABOLA, learning_rate=args.learning_rate_raw, n_steps=args.n_steps
    )
    z_scores = features.fit_scaler(cubes).transform(cubes)
    scaled = linear.gradient_descent(
        z_scores, PARABOLA, learning_rate=args.learning_rate_scaled, n_steps=args.n_steps
    )
    curves, waves = _waves(args)
    return Lesson(
        title="Polynomial features",
        lead=(
            "Given x, x² and x³, descent finds which of them the target is made of, slowly on raw "
            f"powers (cost {raw.cost[-1]:.3g} after {args.n_steps:,} steps) and quickly on scaled "
            f"ones ({scaled.cost[-1]:.2g})."
        ),
        sections=(_parabola(), _which(raw), _scaling(raw, scaled), curves),
        numbers={
            "cost_line": linear.cost(
                cubes[:, :1], PARABOLA, linear.normal_equation(cubes[:, :1], PARABOLA)
            ),
            "raw_weight_1": raw.final.w[0],
            "raw_weight_2": raw.final.w[1],
            "raw_weight_3": raw.final.w[2],
            "raw_bias": raw.final.b,
            "raw_cost_after_9001": raw.cost[min(9001, len(raw.cost) - 1)],
            "scaled_cost_end": scaled.cost[-1],
            **waves,
        },
        source="Ng, MLS C1 W2",
    )


def _parabola() -> Section:
    powers = features.power_features(X, 3)
    figures = []
    for name, columns in CHOICES.items():
        chosen = powers[:, columns]
        parameters = linear.normal_equation(chosen, PARABOLA)
        figures.append(
            _curve(
                f"A line through {name}: cost "
                f"{format_rounded(linear.cost(chosen, PARABOLA, parameters))}",
                PARABOLA,
                linear.predict(chosen, parameters),
            )
        )
    corrected = [np.corrcoef(powers[:, i], PARABOLA)[0, 1] for i in range(3)]
    straight = Lines(
        title="The target over each power, scaled to its largest value",
        x_label="power over its largest value",
        y_label="target",
        series=tuple(
            Series(name=name, x=powers[:, i] / powers[-1, i], y=PARABOLA, mark="points")
            for i, name in enumerate(("x", "x²", "x³"))
        ),
        caption="The best input is the one over which the target is straight.",
    )
    return Section(
        heading="A line that bends",
        text=(
            "Linear regression is linear in its weights. Its inputs may be anything that can be "
            "computed: over x² as the input, a parabola is a straight line.",
            "Correlation with the target: "
            + ", ".join(
                f"{name} {value:.3f}"
                for name, value in zip(("x", "x²", "x³"), corrected, strict=True)
            )
            + ".",
        ),
        figures=(
            Slider(
                title="Fits of a parabola",
                label="inputs",
                values=tuple(CHOICES),
                figures=tuple(figures),
            ),
            straight,
        ),
    )


def _curve(title: str, target: np.ndarray, found: np.ndarray) -> Lines:
    return Lines(
        title=title,
        x_label="x",
        y_label="target",
        series=(
            Series(name="examples", x=X, y=target, mark="points"),
            Series(name="fit", x=X, y=found),
        ),
    )


def _which(raw: FitResult) -> Section:
    w, b = raw.final
    steps = _sparse(len(raw.cost))
    return Section(
        heading="Which power is it?",
        text=(
            f"From zero, descent on all three raw powers ends at {w[0]:.2f} x + {w[1]:.2f} x² + "
            f"{w[2]:.2f} x³ + {b:.4f}: the weight of x² stands out, and grows at the cost of the "
            "others as long as one goes on. The largest weight names the best input only where "
            "inputs have one scale: x³ moves the answer far with a small one.",
        ),
        figures=(
            Lines(
                title="Weights by step, raw powers",
                x_label="step",
                y_label="weight",
                log_x=True,
                series=tuple(
                    Series(name=name, x=steps, y=raw.w[steps, i])
                    for i, name in enumerate(("x", "x²", "x³"))
                ),
            ),
            _curve(
                "Where it ends", PARABOLA, linear.predict(features.power_features(X, 3), raw.final)
            ),
        ),
    )


def _sparse(n: int) -> np.ndarray:
    """Choose positions of a long walk for a logarithmic axis, from 1 on."""
    return np.unique(np.geomspace(1, n - 1, 80).astype(int))


def _scaling(raw: FitResult, scaled: FitResult) -> Section:
    steps = _sparse(len(raw.cost))
    later = _sparse(len(scaled.cost))
    names = ("x", "x²", "x³")
    return Section(
        heading="Powers want scaling",
        text=(
            f"x³ reaches {X[-1] ** 3:,.0f} where x reaches {X[-1]:.0f}. Scaled, a rate a million "
            "times as large is safe, and the weights of x and x³ go to nothing.",
        ),
        figures=(
            Lines(
                title="Cost by step",
                x_label="step",
                y_label="cost",
                log_x=True,
                log_y=True,
                series=(
                    Series(name="raw powers", x=steps, y=raw.cost[steps]),
                    Series(name="z-scores", x=later, y=scaled.cost[later]),
                ),
            ),
            Lines(
                title="Weights by step, z-scores",
                x_label="step",
                y_label="weight",
                log_x=True,
                series=tuple(
                    Series(name=name, x=later, y=scaled.w[later, i]) for i, name in enumerate(names)
                ),
            ),
        ),
    )


def _waves(args: Args) -> tuple[Section, dict[str, float]]:
    """Fit a cosine by ever more powers, by descent and by one solve."""
    figures: list[Lines] = []
    rows: list[tuple[str | float, ...]] = []
    for degree in DEGREES:
        powers = features.power_features(X, degree)
        x = features.fit_scaler(powers).transform(powers)
        # Z-scores of many powers nearly share one direction, whose curvature limits the rate.
        learning_rate = min(args.learning_rate_scaled, 0.9 * linear.max_stable_learning_rate(x))
        descent = linear.gradient_descent(
            x, COSINE, learning_rate=learning_rate, n_steps=args.n_steps // 5
        )
        solved = linear.normal_equation(x, COSINE)
        costs = [float(descent.cost[-1]), linear.cost(x, COSINE, solved)]
        rows.append((degree, *(format_rounded(cost) for cost in costs)))
        figures.append(
            Lines(
                title=f"Degree {degree}",
                x_label="x",
                y_label="target",
                y_range=(-1.5, 1.5),
                series=(
                    Series(name="examples", x=X, y=COSINE, mark="points"),
                    Series(name="descent", x=X, y=linear.predict(x, descent.final), mark="dashed"),
                    Series(name="solved", x=X, y=linear.predict(x, solved)),
                ),
            )
        )
    section = Section(
        heading="Bending to any curve",
        text=(
            "Thirteen powers follow a cosine. They also resemble each other so much that descent, "
            "though scaled, leaves most of what one solve reaches. That a curve goes through all "
            "examples does not make it true between them: see the page on overfitting.",
        ),
        figures=(
            Slider(
                title="Fits of cos(x / 2)",
                label="degree",
                values=tuple(map(str, DEGREES)),
                figures=tuple(figures),
                start=len(DEGREES) - 1,
            ),
            Table(
                title="Costs",
                columns=("degree", f"descent, {args.n_steps // 5:,} steps", "solved"),
                rows=tuple(rows),
            ),
        ),
    )
    return section, {
        "cosine_cost_descent": costs[0],
        "cosine_cost_solved_below": ceil_power_of_ten(costs[1]),
    }
