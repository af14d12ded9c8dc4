"""Choosing a model on examples that neither taught it nor judge it: degree, penalty, more data.

Source: Ng, MLS C2 W3 (model selection with train, cross-validation and test; bias and variance;
regularisation; learning curves).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from foursplit.core.lesson_figures import Lines, Plain, Section, Series, Slider, Study
from foursplit.core.seeds import generator

NOISE = 0.25  # standard deviation of what no model can know
REDRAWN = 300  # times that all data are drawn anew, for what choosing costs
AXIS = np.linspace(0, 1, 101)


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    n_train: int = 24
    n_cross: int = 12  # of the cross-validation examples, on which models are chosen
    n_test: int = 12
    degrees: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 8, 10, 12)
    high: int = 12  # degree of the model that a penalty has to hold
    penalties: tuple[float, ...] = (0.0, 1e-6, 1e-4, 1e-3, 0.01, 0.1, 1.0, 10.0)
    sizes: tuple[int, ...] = (14, 20, 28, 40, 60, 90, 140, 200)  # of train, in learning curves

    def __post_init__(self) -> None:
        for name in ("n_train", "n_cross", "n_test"):
            if getattr(self, name) < 2:
                raise ValueError(f"{name}: {getattr(self, name)} must be at least 2")
        if min(self.degrees) < 1 or self.high < 1:
            raise ValueError(f"degrees: {self.degrees}, {self.high} must be at least 1")
        if min(self.penalties) < 0:
            raise ValueError(f"penalties: {self.penalties} must be 0 or more")
        if min(self.sizes) < 2:
            raise ValueError(f"sizes: {self.sizes} must be at least 2")


class Points(NamedTuple):
    """Inputs between 0 and 1, and what was measured there."""

    x: np.ndarray
    y: np.ndarray


class Fit(NamedTuple):
    """A polynomial on scaled powers of x; mean and spread of each power are those of train."""

    mean: np.ndarray
    spread: np.ndarray
    weights: np.ndarray
    level: float

    def answer(self, x: np.ndarray) -> np.ndarray:
        scaled = (_powers(x, len(self.weights)) - self.mean) / self.spread
        answers: np.ndarray = scaled @ self.weights + self.level
        return answers


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


def fit(train: Points, degree: int, penalty: float = 0.0) -> Fit:
    """Solve for the weights of least (mean squared error + penalty * sum of squared weights)."""
    powers = _powers(train.x, degree)
    mean, spread = powers.mean(axis=0), powers.std(axis=0)
    scaled, level = (powers - mean) / spread, float(train.y.mean())
    # Rows for the penalty below those of the examples: steadier than the normal equation.
    ridge = np.sqrt(penalty * len(train.x)) * np.eye(degree)
    rows = np.vstack([scaled, ridge])
    target = np.append(train.y - level, np.zeros(degree))
    return Fit(mean, spread, np.linalg.lstsq(rows, target, rcond=None)[0], level)


def error(model: Fit, points: Points) -> float:
    """Give the mean squared error."""
    return float(((model.answer(points.x) - points.y) ** 2).mean())


def run(args: Args) -> Study:
    """Measure and draw all of it."""
    rng = generator("model choice", 2)
    parts = [_points(n, rng) for n in (args.n_train, args.n_cross, args.n_test)]
    degree, degree_numbers = _by_degree(args, parts)
    penalty, penalty_numbers = _by_penalty(args, parts)
    honest, honest_numbers = _honesty(args)
    curves, curve_numbers = _learning_curves(args)
    chosen = degree_numbers["chosen_degree"]
    return Study(
        title="Choosing a model",
        lead=(
            f"Cross-validation chooses degree {chosen:.0f} and, for degree {args.high}, a penalty "
            f"of {penalty_numbers['chosen_penalty']:g}. What was chosen on examples looks better "
            f"on them than it is: {honest_numbers['error_where_chosen']:.3f} there and "
            f"{honest_numbers['error_after']:.3f} elsewhere; hence a test split, which "
            "chooses nothing."
        ),
        sections=(degree, penalty, honest, curves),
        numbers={**degree_numbers, **penalty_numbers, **honest_numbers, **curve_numbers},
        source="Ng, MLS C2 W3",
    )


def _by_degree(args: Args, parts: list[Points]) -> tuple[Section, dict[str, float]]:
    models = [fit(parts[0], degree) for degree in args.degrees]
    errors = np.array([[error(model, points) for points in parts] for model in models])
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
            _fits("The curve that each degree draws", "degree", args.degrees, models, titles,
                  parts, best),
            _three("Error by degree", "degree", args.degrees, errors),
        ),
    )  # fmt: skip
    return section, numbers


def _by_penalty(args: Args, parts: list[Points]) -> tuple[Section, dict[str, float]]:
    models = [fit(parts[0], args.high, penalty) for penalty in args.penalties]
    errors = np.array([[error(model, points) for points in parts] for model in models])
    best = int(errors[:, 1].argmin())
    # A logarithm has no place for 0; it is drawn a decade below the smallest other.
    least = min(p for p in args.penalties if p > 0) / 10
    places = [max(p, least) for p in args.penalties]
    titles = [f"Penalty {penalty:g}" for penalty in args.penalties]
    numbers = {
        "chosen_penalty": args.penalties[best],
        "chosen_penalty_cross_error": errors[best, 1],
        "chosen_penalty_test_error": errors[best, 2],
        "no_penalty_test_error": errors[args.penalties.index(min(args.penalties)), 2],
    }
    section = Section(
        heading="By penalty",
        text=(
            f"The other way: keep degree {args.high}, and charge for large weights. Without a "
            "charge the curve chases the noise; with a high one it is flat; in between it is "
            f"smooth. Cross-validation chooses {args.penalties[best]:g}: {errors[best, 1]:.3g} "
            f"there, {errors[best, 2]:.3g} on test, where it was "
            f"{numbers['no_penalty_test_error']:.3g} at the lowest penalty tried.",
        ),
        figures=(
            _fits(f"Degree {args.high}, held by a penalty", "penalty", args.penalties, models,
                  titles, parts, best),
            _three("Error by penalty", "penalty", places, errors, log_x=True),
        ),
    )  # fmt: skip
    return section, numbers


def _fits(  # noqa: PLR0913, what one slider shows
    title: str, label: str, values: tuple[float, ...], models: list[Fit], titles: list[str],
    parts: list[Points], start: int,
) -> Slider:  # fmt: skip
    marks = (("train", "points"), ("cross-validation", "crosses"))
    points = tuple(
        Series(name=name, x=part.x, y=part.y, mark=mark)  # type: ignore[arg-type]
        for (name, mark), part in zip(marks, parts, strict=False)
    )
    curve = Series(name="behind the noise", x=AXIS, y=truth(AXIS), mark="dashed")
    figures: tuple[Plain, ...] = tuple(
        Lines(
            title=name, x_label="x", y_label="y", y_range=(-1.6, 2.2),
            series=(*points, curve, Series(name="model", x=AXIS, y=model.answer(AXIS))),
        )
        for name, model in zip(titles, models, strict=True)
    )  # fmt: skip
    shown = tuple(f"{value:g}" for value in values)
    return Slider(title=title, label=label, values=shown, figures=figures, start=start)


def _three(
    title: str, label: str, places: tuple[float, ...] | list[float], errors: np.ndarray,
    log_x: bool = False,
) -> Lines:  # fmt: skip
    names = ("train", "cross-validation", "test")
    return Lines(
        title=title, x_label=label, y_label="mean squared error", log_x=log_x, log_y=True,
        series=tuple(Series(name=n, x=places, y=errors[:, i]) for i, n in enumerate(names)),
    )  # fmt: skip


def _honesty(args: Args) -> tuple[Section, dict[str, float]]:
    """Draw everything anew many times: the choice's error where it was made, and elsewhere."""
    there, after = [], []
    for n in range(REDRAWN):
        rng = generator("model choice: again", n)
        train, cross, test = (_points(m, rng) for m in (args.n_train, args.n_cross, 400))
        models = [fit(train, degree) for degree in args.degrees]
        chosen = min(models, key=lambda model: error(model, cross))
        there.append(error(chosen, cross))
        after.append(error(chosen, test))
    # Medians: now and then a high degree is chosen, and is wild where train has no examples.
    looked, was = float(np.median(there)), float(np.median(after))
    section = Section(
        heading="Why the third split",
        text=(
            f"All examples were drawn anew {REDRAWN} times. The chosen degree's error was "
            f"{looked:.3f} on the {args.n_cross} examples that chose it and {was:.3f} on 400 that "
            f"had no say (medians; the noise alone makes {NOISE**2:.3g}). The lowest of several "
            "figures is partly the luckiest, so the figure that chose is no estimate of the error.",
        ),
    )
    return section, {"error_where_chosen": looked, "error_after": was}


def _learning_curves(args: Args) -> tuple[Section, dict[str, float]]:
    figures: list[Plain] = []
    numbers = {}
    degrees = (1, 4, args.high)
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
                    Series(name="noise alone", x=args.sizes, y=[NOISE**2] * len(errors),
                           mark="dashed"),
                ),
                log_x=True,
                y_range=(0, 0.6),
            )
        )  # fmt: skip
        numbers[f"degree_{degree}_gap_at_most_data"] = float(errors[-1, 1] - errors[-1, 0])
        numbers[f"degree_{degree}_cross_at_most_data"] = float(errors[-1, 1])
    section = Section(
        heading="Would more examples help?",
        text=(
            f"Median over 30 draws of each size. A line (degree 1) misses the curve however many "
            f"examples it has: both errors meet at {numbers['degree_1_cross_at_most_data']:.2g}, "
            f"far above the noise's {NOISE**2:.2g}. That is bias, and more data does nothing. "
            f"Degree {args.high} begins with a wide gap, which is variance, and closes it: at "
            f"{args.sizes[-1]} examples it has "
            f"{numbers[f'degree_{args.high}_cross_at_most_data']:.2g}.",
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
    found = []
    for repeat in range(30):
        rng = generator("model choice: size", n, repeat)
        train, cross = _points(n, rng), _points(300, rng)
        model = fit(train, degree)
        found.append((error(model, train), error(model, cross)))
    middle: np.ndarray = np.median(found, axis=0)
    return middle
