"""Descent on the logistic cost: where it ends, where it cannot end, and scikit-learn's answer.

The course's table of two exam scores may not be carried along: students are drawn from a rule.

Source: Ng, MLS C1 W3 (gradient descent for logistic regression, scikit-learn, practice lab).
"""

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression

from foursplit.core.lesson_figures import (
    Contour,
    Lesson,
    Lines,
    Regions,
    Section,
    Series,
    Slider,
    Surface,
    Table,
)
from foursplit.core.seeds import generator
from foursplit_courses.argument_checks import check_above_zero, check_at_least
from foursplit_courses.from_scratch import features, linear, logistic, synthetic_data
from foursplit_courses.from_scratch.gradient_descent import FitResult, Parameters
from foursplit_courses.from_scratch.rounding import ceil_power_of_ten
from foursplit_courses.lesson_helpers.differences import sklearn_difference, sklearn_parameters
from foursplit_courses.lesson_helpers.planes import (
    POINTS_AND_CROSSES,
    class_series,
    square_plane,
)
from foursplit_courses.lesson_helpers.six_points import SIX, six_point_regions
from foursplit_courses.lesson_helpers.surfaces import cost_grid, surface_path

ONE = synthetic_data.Dataset(  # one input, and labels that no threshold parts
    np.array([[0.0], [1], [2], [3], [4], [5]]), np.array([0.0, 0, 1, 0, 1, 1])
)
SHOWN = (0, 1, 10, 100, 1000, 10_000)  # steps at which the boundary is drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    learning_rate: float = 0.1
    n_steps: int = 10_000
    n_students: int = 100
    learning_rate_students: float = 1.0  # with z-scores
    learning_rate_raw: float = 0.001
    seed: int = 1
    grid: int = 41  # points along each side of a picture

    def __post_init__(self) -> None:
        check_above_zero(self, "learning_rate", "learning_rate_students", "learning_rate_raw")
        check_at_least(self, n_steps=1, n_students=20, grid=5)


def run(args: Args) -> Lesson:
    """Descend on six points, on one input, and on a hundred students."""
    descent = logistic.gradient_descent(
        *SIX, learning_rate=args.learning_rate, n_steps=args.n_steps
    )
    sections, measured = [], {}
    for section, numbers in (_endless(descent), _twin(), _students(args)):
        sections.append(section)
        measured.update(numbers)
    return Lesson(
        title="Descent on the logistic cost",
        lead=(
            f"On six points that a line parts, {args.n_steps:,} steps bring the cost from "
            f"{descent.cost[0]:.4f} to {descent.cost[-1]:.4f}, and it would fall for ever. Where "
            "classes "
            "overlap or a penalty is set there is a minimum, and descent, Newton's method and "
            "scikit-learn find the same one."
        ),
        sections=(_six(args, descent), _one(args), *sections),
        numbers={
            "cost_after_1": descent.cost[1],
            "cost_after_9001": descent.cost[min(9001, len(descent.cost) - 1)],
            "weight_1": descent.final.w[0],
            "weight_2": descent.final.w[1],
            "bias": descent.final.b,
            **measured,
        },
        source="Ng, MLS C1 W3",
    )


def _accuracy(table: synthetic_data.Dataset, parameters: Parameters) -> float:
    return float(((linear.predict(table.x, parameters) > 0) == (table.y == 1)).mean())


def _six(args: Args, descent: FitResult) -> Section:
    shown = [step for step in SHOWN if step < len(descent.cost)]
    figures = tuple(
        six_point_regions(
            f"Step {step:,}: cost {descent.cost[step]:.4f}", descent.parameters_at(step), args.grid
        )
        for step in shown
    )
    steps = np.arange(1, len(descent.cost))
    steps = steps[np.unique(np.geomspace(1, len(steps), 120).astype(int) - 1)]
    return Section(
        heading="Six points",
        text=(
            "The gradient has the form of linear regression's: errors times inputs, on the "
            "average. Only what an error is has changed: probability minus label.",
            f"After one step the cost is {descent.cost[1]:.6f}, at the end {descent.cost[-1]:.6f}. "
            "The "
            "boundary is in place after a few hundred steps; what the rest buys is sureness.",
        ),
        figures=(
            Slider(
                title="Probability of class 1 by step",
                label="step",
                values=tuple(f"{step:,}" for step in shown),
                figures=figures,
                start=len(shown) - 1,
            ),
            Lines(
                title="Cost by step",
                x_label="step",
                y_label="cost",
                log_x=True,
                log_y=True,
                series=(
                    Series(name=f"rate {args.learning_rate:g}", x=steps, y=descent.cost[steps]),
                ),
            ),
        ),
    )


def _one(args: Args) -> Section:
    best = logistic.solve(*ONE)
    descent = logistic.gradient_descent(
        *ONE, Parameters(np.array([3.0]), 3.0), learning_rate=args.learning_rate, n_steps=3000
    )
    w, b = np.linspace(-1, 4, args.grid), np.linspace(-8, 4, args.grid)
    z = cost_grid(partial(logistic.cost, *ONE), w, b)
    shown = np.unique(np.geomspace(1, len(descent.cost), 80).astype(int) - 1)
    low = logistic.cost(*ONE, best)
    return Section(
        heading="One input, seen from above and from the side",
        text=(
            "Six examples of one input, labelled so that no threshold parts them. From a weight "
            "and a bias of 3 the descent drops into a valley and follows it to "
            f"{best.w[0]:.2f} and {best.b:.2f}, where the cost is {low:.3f}.",
        ),
        figures=(
            Contour(
                title="Cost over weight and bias",
                x_label="weight",
                y_label="bias",
                x=w,
                y=b,
                z=z,
                levels=low + np.array([0.02, 0.1, 0.3, 0.7, 1.5, 3, 5]),
                series=(
                    Series(name="descent", x=descent.w[shown, 0], y=descent.b[shown]),
                    Series(name="minimum", x=best.w, y=[best.b], mark="crosses"),
                ),
            ),
            Surface(
                title="The same as a surface",
                x_label="weight",
                y_label="bias",
                z_label="cost",
                x=w,
                y=b,
                z=z,
                path=surface_path(descent.w[shown, 0], descent.b[shown], descent.cost[shown]),
            ),
        ),
    )


def _endless(descent: FitResult) -> tuple[Section, dict[str, float]]:
    steps = np.unique(np.geomspace(1, len(descent.cost) - 1, 120).astype(int))
    sizes = np.linalg.norm(descent.w, axis=1)
    section = Section(
        heading="No minimum",
        text=(
            "A line parts these six points. Any weights that do so get a lower cost when doubled, "
            "so there is no best: the weights grow with the logarithm of the steps, to a length of "
            f"{sizes[-1]:.2f} so far. To stop early is one way out, a penalty is another.",
        ),
        figures=(
            Lines(
                title="Length of the weights by step",
                x_label="step",
                y_label="length",
                log_x=True,
                series=(Series(name="length", x=steps, y=sizes[steps]),),
            ),
        ),
    )
    return section, {"length_end": float(sizes[-1])}


def _twin() -> tuple[Section, dict[str, float]]:
    """Hold the minimum under a penalty against scikit-learn's."""
    rows: list[tuple[str | float, ...]] = []
    gaps = []
    for l2 in (0.01, 0.1, 1.0, 10.0):
        own_parameters = logistic.solve(*SIX, l2)
        fitted = LogisticRegression(C=1 / l2, tol=1e-10, max_iter=10_000).fit(*SIX)
        gaps.append(sklearn_difference(own_parameters, fitted))
        rows.append(
            (
                f"{l2:g}",
                f"{1 / l2:g}",
                *(round(float(v), 3) for v in np.append(*own_parameters)),
                *(round(float(v), 3) for v in sklearn_parameters(fitted)),
                _accuracy(SIX, own_parameters),
                float(fitted.score(*SIX)),
            )
        )
    # The gaps are those of its stopping rule: shown by magnitude alone.
    section = Section(
        heading="scikit-learn on the six points",
        text=(
            "scikit-learn always sets a penalty unless asked not to, and names its inverse: C is "
            "one over the course's lambda. Its default of 1 is why it finds much smaller weights "
            "than the descent above, though it gets all six right too.",
        ),
        figures=(
            Table(
                title="Newton's method beside scikit-learn",
                columns=(
                    *("lambda", "C", "w₁", "w₂", "b"),
                    *("its w₁", "its w₂", "its b", "right", "it right"),
                ),
                rows=tuple(rows),
                caption="Share of right answers among the six.",
            ),
        ),
    )
    return section, {"twin_gap_below": ceil_power_of_ten(max(gaps))}


class StudentFits(NamedTuple):
    """Students, how their scores are scaled, and the descents on z-scores and on raw scores."""

    students: synthetic_data.Dataset
    scale: features.Scaler
    scaled: FitResult
    raw: FitResult

    @property
    def z_scores(self) -> synthetic_data.Dataset:
        """Return the students with scaled scores."""
        return synthetic_data.Dataset(self.scale.transform(self.students.x), self.students.y)


def _fit_students(args: Args) -> StudentFits:
    students = synthetic_data.make_admissions(
        args.n_students, generator("logistic descent", args.seed)
    )
    scale = features.fit_scaler(students.x)
    scaled = logistic.gradient_descent(
        scale.transform(students.x),
        students.y,
        learning_rate=args.learning_rate_students,
        n_steps=1000,
    )
    raw = logistic.gradient_descent(
        *students, learning_rate=args.learning_rate_raw, n_steps=args.n_steps
    )
    return StudentFits(students, scale, scaled, raw)


def _students(args: Args) -> tuple[Section, dict[str, float]]:
    """Fit a hundred students' scores, scaled and not, and draw the boundary."""
    fits = _fit_students(args)
    z_scores = fits.z_scores
    best = logistic.solve(*z_scores)
    fitted = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000).fit(*z_scores)
    accuracy = _accuracy(z_scores, fits.scaled.final)
    accuracy_raw = _accuracy(fits.students, fits.raw.final)
    section = Section(
        heading="Two exams",
        text=(
            f"{args.n_students} invented students stand for the course's table, admitted by the "
            "sum of two scores with some chance left. The course's own table is among the remote "
            "data: its run is made again under headlines.",
            f"On z-scores descent reaches the minimum, {logistic.cost(*z_scores, best):.3f}, "
            f"with {accuracy:.0%} right on these "
            f"very students. On raw scores, ten times the steps end at {fits.raw.cost[-1]:.3f} "
            f"with {accuracy_raw:.0%}: the bias, whose slope is small beside that of "
            "scores near 65, has hardly begun to move.",
        ),
        figures=(
            Slider(
                title="Boundary",
                label="inputs",
                values=("z-scores", "raw scores"),
                figures=_student_boundaries(args, fits),
            ),
        ),
    )
    return section, {
        "students_cost": float(fits.scaled.cost[-1]),
        "students_cost_raw": float(fits.raw.cost[-1]),
        "students_accuracy": accuracy,
        "students_accuracy_raw": accuracy_raw,
        "students_twin_gap_below": ceil_power_of_ten(sklearn_difference(best, fitted)),
    }


def _student_boundaries(args: Args, fits: StudentFits) -> tuple[Regions, Regions]:
    """Draw the chance of admission by each descent over the raw scores."""
    plane = square_plane(30, 100, args.grid, "first score", "second score")
    classes = ("refused", "admitted")
    examples = class_series(*fits.students, classes, POINTS_AND_CROSSES)

    def draw(title: str, parameters: Parameters) -> Regions:
        probabilities = logistic.sigmoid(linear.predict(plane.points, parameters))
        return plane.regions(title, probabilities, classes, examples)

    scaled, raw = fits.scaled, fits.raw
    return (
        draw(
            f"z-scores, 1,000 steps: cost {scaled.cost[-1]:.3f}", fits.scale.unscale(scaled.final)
        ),
        draw(f"raw scores, {args.n_steps:,} steps: cost {raw.cost[-1]:.3f}", raw.final),
    )
