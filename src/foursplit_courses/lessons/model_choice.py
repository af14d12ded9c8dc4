"""Choosing a model on examples that neither taught it nor judge it: degree, penalty, more data.

Source: Ng, MLS C2 W3 (model selection with train, cross-validation and test; bias and variance;
regularisation; learning curves).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from foursplit.core.lesson_figures import Lesson, Lines, Plain, Section, Series, Slider
from foursplit.core.seeds import generator
from foursplit_courses.argument_checks import check_at_least

NOISE = 0.25  # standard deviation of what no model can know
REDRAWN = 300  # times that all data are drawn again, for what choosing costs
AXIS = np.linspace(0, 1, 101)


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    n_train: int = 24
    n_cross: int = 12  # of the cross-validation examples, on which models are chosen
    n_test: int = 12
    degrees: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 8, 10, 12)
    high_degree: int = 12  # degree of the model that a penalty has to hold
    l2_values: tuple[float, ...] = (0.0, 1e-6, 1e-4, 1e-3, 0.01, 0.1, 1.0, 10.0)
    sizes: tuple[int, ...] = (14, 20, 28, 40, 60, 90, 140, 200)  # of train, in learning curves

    def __post_init__(self) -> None:
        check_at_least(self, n_train=2, n_cross=2, n_test=2)
        if min(self.degrees) < 1 or self.high_degree < 1:
            raise ValueError(f"degrees: {self.degrees}, {self.high_degree} must be at least 1")
        if min(self.l2_values) < 0:
            raise ValueError(f"l2_values: {self.l2_values} must be 0 or more")
        if min(self.sizes) < 2:
            raise ValueError(f"sizes: {self.sizes} must be at least 2")


class Points(NamedTuple):
    """Inputs between 0 and 1, and what was measured there."""

    x: np.ndarray
    y: np.ndarray


class Fit(NamedTuple):
    """A polynomial on scaled powers of x; mean and spread of each power are those of train."""

    mean: np.ndarray
    std: np.ndarray
    weights: np.ndarray
    intercept: float

    def predict(self, x: np.ndarray) -> np.ndarray:
        scaled = (_powers(x, len(self.weights)) - self.mean) / self.std
        predictions: np.ndarray = scaled @ self.weights + self.intercept
        return predictions


def truth(x: np.ndarray) -> np.ndarray:
    """Give the curve behind the noise: a hump and a dip, no polynomial of any degree."""
    curve: np.ndarray = np.sin(2 * np.pi * x) + x
    return curve


def _points(n: int, rng: np.random.Generator) -> Points:
    x = rng.uniform(0, 1, n)
    return Points(x, truth(x) + rng.normal(0, NOISE, n))


def _powers(x: np.ndarray, degree: int) -> np.ndarray:
    powers: np.ndarray = x[:, None] ** np.arange(1, degree + 1)
    return powers


def fit(train: Points, degree: int, l2: float = 0.0) -> Fit:
    """Solve for the weights of least (mean squared error + penalty * sum of squared weights)."""
    powers = _powers(train.x, degree)
    mean, std = powers.mean(axis=0), powers.std(axis=0)
    scaled, intercept = (powers - mean) / std, float(train.y.mean())
    # Rows for the penalty below those of the examples: steadier than the normal equation.
    ridge = np.sqrt(l2 * len(train.x)) * np.eye(degree)
    rows = np.vstack([scaled, ridge])
    target = np.append(train.y - intercept, np.zeros(degree))
    return Fit(mean, std, np.linalg.lstsq(rows, target, rcond=None)[0], intercept)


def error(model: Fit, points: Points) -> float:
    """Give the mean squared error."""
    return float(((model.predict(points.x) - points.y) ** 2).mean())


def run(args: Args) -> Lesson:
    """Measure and draw all of it."""
    rng = generator("model choice", 2)
    splits = [_points(n, rng) for n in (args.n_train, args.n_cross, args.n_test)]
    degree, degree_numbers = _by_degree(args, splits)
    l2, penalty_numbers = _by_penalty(args, splits)
    honest, honest_numbers = _honesty(args)
    curves, curve_numbers = _learning_curves(args)
    selected = degree_numbers["chosen_degree"]
    return Lesson(
        title="Choosing a model",
        lead=(
            f"Cross-validation chooses degree {selected:.0f} and, for degree {args.high_degree}, a "
            "penalty "
            f"of {penalty_numbers['chosen_penalty']:g}. What was chosen on examples looks better "
            f"on them than it is: {honest_numbers['error_where_chosen']:.3f} there and "
            f"{honest_numbers['error_after']:.3f} elsewhere; hence a test split, which "
            "chooses nothing."
        ),
        sections=(degree, l2, honest, curves),
        numbers={**degree_numbers, **penalty_numbers, **honest_numbers, **curve_numbers},
        source="Ng, MLS C2 W3",
    )


def _by_degree(args: Args, splits: list[Points]) -> tuple[Section, dict[str, float]]:
    models = [fit(splits[0], degree) for degree in args.degrees]
    errors = np.array([[error(model, points) for points in splits] for model in models])
    best = int(errors[:, 1].argmin())
    titles = [f"Degree {degree}" for degree in args.degrees]
    numbers = {
        "chosen_degree": float(args.degrees[best]),
        "chosen_degree_cross_error": errors[best, 1],
        "chosen_degree_test_error": errors[best, 2],
        "highest_degree_train_error": errors[-1, 0],
        "highest_degree_test_error": errors[-1, 2],
    }
    section = Section(
        heading="By degree",
        text=(
            f"{args.n_train} examples teach, {args.n_cross} choose and {args.n_test} judge. The "
            "error on train can only fall as the degree rises; on examples not seen it falls, then "
            f"rises. Cross-validation chooses degree {args.degrees[best]}: mean squared error "
            f"{errors[best, 1]:.3g} there and {errors[best, 2]:.3g} on test, where the noise alone "
            f"makes {NOISE**2:.3g}. Degree {args.degrees[-1]} has {errors[-1, 0]:.2g} on train and "
            f"{errors[-1, 2]:.2g} on test.",
        ),
        figures=(
            _fits(
                "The curve that each degree draws",
                "degree",
                args.degrees,
                models,
                titles,
                splits,
                best,
            ),
            _three("Error by degree", "degree", args.degrees, errors),
        ),
    )
    return section, numbers


def _by_penalty(args: Args, splits: list[Points]) -> tuple[Section, dict[str, float]]:
    models = [fit(splits[0], args.high_degree, l2) for l2 in args.l2_values]
    errors = np.array([[error(model, points) for points in splits] for model in models])
    best = int(errors[:, 1].argmin())
    # A logarithm has no place for 0; it is drawn a decade below the smallest other.
    minimum = min(p for p in args.l2_values if p > 0) / 10
    x = [max(p, minimum) for p in args.l2_values]
    titles = [f"Penalty {l2:g}" for l2 in args.l2_values]
    numbers = {
        "chosen_penalty": args.l2_values[best],
        "chosen_penalty_cross_error": errors[best, 1],
        "chosen_penalty_test_error": errors[best, 2],
        "no_penalty_test_error": errors[args.l2_values.index(min(args.l2_values)), 2],
    }
    section = Section(
        heading="By penalty",
        text=(
            f"The other way: keep degree {args.high_degree}, and charge for large weights. Without "
            "a "
            "charge the curve chases the noise; with a high one it is flat; in between it is "
            f"smooth. Cross-validation chooses {args.l2_values[best]:g}: {errors[best, 1]:.3g} "
            f"there, {errors[best, 2]:.3g} on test, where it was "
            f"{numbers['no_penalty_test_error']:.3g} at the lowest penalty tried.",
        ),
        figures=(
            _fits(
                f"Degree {args.high_degree}, held by a penalty",
                "penalty",
                args.l2_values,
                models,
                titles,
                splits,
                best,
            ),
            _three("Error by penalty", "penalty", x, errors, log_x=True),
        ),
    )
    return section, numbers


def _fits(  # noqa: PLR0913, what one slider shows
    title: str,
    label: str,
    values: tuple[float, ...],
    models: list[Fit],
    titles: list[str],
    splits: list[Points],
    start: int,
) -> Slider:
    marks = (("train", "points"), ("cross-validation", "crosses"))
    points = tuple(
        Series(name=name, x=split.x, y=split.y, mark=mark)  # type: ignore[arg-type]
        for (name, mark), split in zip(marks, splits, strict=False)
    )
    curve = Series(name="behind the noise", x=AXIS, y=truth(AXIS), mark="dashed")
    figures: tuple[Plain, ...] = tuple(
        Lines(
            title=name,
            x_label="x",
            y_label="y",
            y_range=(-1.6, 2.2),
            series=(*points, curve, Series(name="model", x=AXIS, y=model.predict(AXIS))),
        )
        for name, model in zip(titles, models, strict=True)
    )
    labels = tuple(f"{value:g}" for value in values)
    return Slider(title=title, label=label, values=labels, figures=figures, start=start)


def _three(
    title: str,
    label: str,
    x: tuple[float, ...] | list[float],
    errors: np.ndarray,
    log_x: bool = False,
) -> Lines:
    names = ("train", "cross-validation", "test")
    return Lines(
        title=title,
        x_label=label,
        y_label="mean squared error",
        log_x=log_x,
        log_y=True,
        series=tuple(Series(name=n, x=x, y=errors[:, i]) for i, n in enumerate(names)),
    )


def _honesty(args: Args) -> tuple[Section, dict[str, float]]:
    """Draw everything again many times: the choice's error where it was made, and elsewhere."""
    chosen_errors, test_errors = [], []
    for n in range(REDRAWN):
        rng = generator("model choice: again", n)
        train, cross_validation, test = (_points(m, rng) for m in (args.n_train, args.n_cross, 400))
        models = [fit(train, degree) for degree in args.degrees]
        selected = min(models, key=lambda model: error(model, cross_validation))
        chosen_errors.append(error(selected, cross_validation))
        test_errors.append(error(selected, test))
    # Medians: now and then a high degree is chosen, and is wild where train has no examples.
    chosen_error, test_error = float(np.median(chosen_errors)), float(np.median(test_errors))
    section = Section(
        heading="Why the third split",
        text=(
            f"All examples were drawn again {REDRAWN} times. The chosen degree's error was "
            f"{chosen_error:.3f} on the {args.n_cross} examples that chose it and {test_error:.3f} "
            "on 400 that "
            f"had no say (medians; the noise alone makes {NOISE**2:.3g}). The lowest of several "
            "figures is partly the luckiest, so the figure that chose is no estimate of the error.",
        ),
    )
    return section, {"error_where_chosen": chosen_error, "error_after": test_error}


def _learning_curves(args: Args) -> tuple[Section, dict[str, float]]:
    figures: list[Plain] = []
    numbers = {}
    degrees = (1, 4, args.high_degree)
    for degree in degrees:
        errors = np.array([_at_size(n, degree) for n in args.sizes])
        figures.append(
            Lines(
                title=f"Degree {degree}",
                x_label="examples in train",
                y_label="mean squared error",
                series=(
                    Series(name="train", x=args.sizes, y=errors[:, 0]),
                    Series(name="cross-validation", x=args.sizes, y=errors[:, 1]),
                    Series(
                        name="noise alone", x=args.sizes, y=[NOISE**2] * len(errors), mark="dashed"
                    ),
                ),
                log_x=True,
                y_range=(0, 0.6),
            )
        )
        numbers[f"degree_{degree}_gap_at_most_data"] = float(errors[-1, 1] - errors[-1, 0])
        numbers[f"degree_{degree}_cross_at_most_data"] = float(errors[-1, 1])
    section = Section(
        heading="Would more examples help?",
        text=(
            f"Median over 30 draws of each size. A line (degree 1) misses the curve however many "
            f"examples it has: both errors meet at {numbers['degree_1_cross_at_most_data']:.2g}, "
            f"far above the noise's {NOISE**2:.2g}. That is bias, and more data does nothing. "
            f"Degree {args.high_degree} begins with a wide gap, which is variance, and closes it: "
            "at "
            f"{args.sizes[-1]} examples it has "
            f"{numbers[f'degree_{args.high_degree}_cross_at_most_data']:.2g}.",
        ),
        figures=(
            Slider(
                title="Errors by size of train",
                label="degree",
                values=tuple(map(str, degrees)),
                figures=tuple(figures),
            ),
        ),
    )
    return section, numbers


def _at_size(n: int, degree: int) -> np.ndarray:
    """Give median errors on train and on new examples: few wild fits would rule a mean."""
    errors = []
    for repeat in range(30):
        rng = generator("model choice: size", n, repeat)
        train, cross_validation = _points(n, rng), _points(300, rng)
        model = fit(train, degree)
        errors.append((error(model, train), error(model, cross_validation)))
    medians: np.ndarray = np.median(errors, axis=0)
    return medians
