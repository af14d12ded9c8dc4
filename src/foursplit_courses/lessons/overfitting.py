"""More terms always fit the examples seen better, and from some degree on new ones worse.

The truth is known here: examples are drawn from a stated rule, and held-out ones are plenty.

Source: Ng, MLS C1 W3 (overfitting, and what to do about it).
"""

from dataclasses import dataclass

import numpy as np

from foursplit.core.lesson_figures import Lesson, Lines, Regions, Section, Series, Slider
from foursplit.core.seeds import generator
from foursplit_courses.argument_checks import check_above_zero, check_at_least
from foursplit_courses.from_scratch import features, linear, logistic, synthetic_data
from foursplit_courses.from_scratch.gradient_descent import Parameters
from foursplit_courses.lesson_helpers.microchips import chip_plane, chip_regions, chip_terms
from foursplit_courses.lesson_helpers.planes import seen_and_held_out
from foursplit_courses.lesson_helpers.waves import INPUTS, wave_fit

DEGREES = (1, 2, 3, 4, 5, 6, 8, 10)
CHIP_DEGREES = (1, 2, 3, 4, 6, 8)
MORE = (12, 25, 50, 100, 400)  # examples, for the same degree


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    n_examples: int = 12
    n_held_out: int = 500
    noise: float = 0.4  # standard deviation
    n_chips: int = 60
    chip_l2: float = 0.001  # where a curve parts the classes there is no minimum without one
    seed: int = 1
    grid: int = 41  # points along each side of a picture

    def __post_init__(self) -> None:
        if self.n_examples <= max(DEGREES):
            raise ValueError(
                f"n_examples: {self.n_examples!r} must be above the largest degree, {max(DEGREES)}"
            )
        check_at_least(self, n_held_out=10, n_chips=20, grid=5)
        if self.noise < 0:
            raise ValueError(f"noise: {self.noise!r} must be 0 or more")
        check_above_zero(self, "chip_l2")


def run(args: Args) -> Lesson:
    """Fit by degree, and by number of examples."""
    curve, of_curve = _regression(args)
    chips, of_chips = _classification(args)
    best = int(of_curve["best_degree"])
    return Lesson(
        title="Overfitting",
        lead=(
            f"A polynomial of degree {DEGREES[-1]} fits {args.n_examples} examples at a cost of "
            f"{of_curve['train_largest']:.2g}, and new ones at {of_curve['held_out_largest']:.2g}; "
            f"degree {best} does best on new ones, with {of_curve['held_out_best']:.2g}."
        ),
        sections=(curve, _examples(args), chips),
        numbers={**of_curve, **of_chips},
        source="Ng, MLS C1 W3",
    )


def _fitted(table: synthetic_data.Dataset, degree: int) -> tuple[features.Scaler, Parameters]:
    powers = features.polynomial_features(table.x, degree)
    scale = features.fit_scaler(powers)
    return scale, linear.normal_equation(scale.transform(powers), table.y)


def _predict(degree: int, scale: features.Scaler, parameters: Parameters) -> np.ndarray:
    """Compute the fit at the inputs at which it is drawn."""
    return linear.predict(scale.transform(features.power_features(INPUTS, degree)), parameters)


def _cost(
    table: synthetic_data.Dataset, degree: int, scale: features.Scaler, parameters: Parameters
) -> float:
    return linear.cost(
        scale.transform(features.polynomial_features(table.x, degree)), table.y, parameters
    )


def _regression(args: Args) -> tuple[Section, dict[str, float]]:
    """Fit the same few examples by each degree."""
    rng = generator("overfitting", args.seed)
    train_set = synthetic_data.make_noisy_wave(args.n_examples, args.noise, rng)
    held_out = synthetic_data.make_noisy_wave(args.n_held_out, args.noise, rng)
    figures, train, new = [], [], []
    for degree in DEGREES:
        scale, parameters = _fitted(train_set, degree)
        train.append(_cost(train_set, degree, scale, parameters))
        new.append(_cost(held_out, degree, scale, parameters))
        title = f"Degree {degree}: cost {train[-1]:.2g} on these, {new[-1]:.2g} on new ones"
        figures.append(wave_fit(title, train_set, _predict(degree, scale, parameters)))
    best = int(np.argmin(new))
    section = Section(
        heading="By degree",
        text=(
            f"{args.n_examples} examples of a wave with noise. A line is too stiff for it: its "
            "cost is high on examples seen and new alike, which is bias. At the other end the "
            "curve runs through noise, and swings where there are no examples: variance. The "
            "noise alone costs "
            f"{args.noise**2 / 2:.2g}, which no degree can fall below on new examples but by luck.",
        ),
        figures=(
            Slider(
                title="Fits of a noisy wave",
                label="degree",
                values=tuple(map(str, DEGREES)),
                figures=tuple(figures),
                start=best,
            ),
            Lines(
                title="Cost by degree",
                x_label="degree",
                y_label="cost",
                log_y=True,
                series=seen_and_held_out(DEGREES, train, new),
            ),
        ),
    )
    return section, {
        "best_degree": DEGREES[best],
        "held_out_line": new[0],
        "held_out_best": new[best],
        "held_out_largest": new[-1],
        "train_line": train[0],
        "train_largest": train[-1],
    }


def _examples(args: Args) -> Section:
    """Give the largest degree more examples."""
    rng = generator("overfitting", args.seed, "more")
    grid_features = synthetic_data.make_noisy_wave(max(MORE), args.noise, rng)
    held_out = synthetic_data.make_noisy_wave(args.n_held_out, args.noise, rng)
    degree, figures, new = DEGREES[-1], [], []
    for n in MORE:
        train_set = grid_features.split(n)[0]
        scale, parameters = _fitted(train_set, degree)
        new.append(_cost(held_out, degree, scale, parameters))
        predictions = _predict(degree, scale, parameters)
        figures.append(wave_fit(f"{n} examples: {new[-1]:.2g} on new", train_set, predictions))
    return Section(
        heading="More examples",
        text=(
            f"The same degree {degree} on more examples has less room to swing: the first cure of "
            "overfitting. Fewer terms are the second, a penalty on their weights the third (see "
            "the page on regularisation).",
        ),
        figures=(
            Slider(
                title=f"Degree {degree}",
                label="examples",
                values=tuple(map(str, MORE)),
                figures=tuple(figures),
            ),
            Lines(
                title="Cost on held-out examples",
                x_label="examples learnt from",
                y_label="cost",
                log_x=True,
                log_y=True,
                series=(Series(name=f"degree {degree}", x=MORE, y=new),),
            ),
        ),
    )


def _classification(args: Args) -> tuple[Section, dict[str, float]]:
    """Draw the boundary of each degree on parts that pass or fail two tests."""
    figures, train, held_out = _boundaries(args)
    best = int(np.argmin(held_out))
    section = Section(
        heading="Boundaries that bend too far",
        text=(
            f"{args.n_chips} invented parts with two test values, good inside an ellipse but for "
            f"chance. Degree {CHIP_DEGREES[best]} is best on new parts. Above it the boundary goes "
            "round single examples; it is sure of itself there, which costs more than the error "
            "shows.",
        ),
        figures=(
            Slider(
                title="Probability that a part is good",
                label="degree",
                values=tuple(map(str, CHIP_DEGREES)),
                figures=figures,
                start=best,
            ),
            Lines(
                title="Error by degree",
                x_label="degree",
                y_label="share of wrong answers",
                series=seen_and_held_out(CHIP_DEGREES, train, held_out),
            ),
        ),
    )
    return section, {
        "chips_best_degree": CHIP_DEGREES[best],
        "chips_error_best": held_out[best],
        "chips_error_largest": held_out[-1],
        "chips_train_error_largest": train[-1],
    }


def _boundaries(args: Args) -> tuple[tuple[Regions, ...], tuple[float, ...], tuple[float, ...]]:
    """Fit the parts by each degree; return pictures, errors on these and errors on new parts."""
    rng = generator("overfitting", args.seed, "chips")
    train_set, held_out = synthetic_data.make_microchips(
        args.n_chips + 10 * args.n_held_out, rng
    ).split(args.n_chips)
    plane = chip_plane(args.grid)
    figures, train_errors, new_errors = [], [], []
    for degree in CHIP_DEGREES:
        terms = chip_terms(train_set, held_out, plane, degree)
        parameters = logistic.solve(terms.train, train_set.y, args.chip_l2)
        train_errors.append(logistic.error_rate(terms.train, train_set.y, parameters))
        new_errors.append(logistic.error_rate(terms.held_out, held_out.y, parameters))
        title = (
            f"Degree {degree}: {train_errors[-1]:.1%} of these wrong, "
            f"{new_errors[-1]:.1%} of new ones"
        )
        figures.append(chip_regions(title, train_set, plane, terms, parameters))
    return tuple(figures), tuple(train_errors), tuple(new_errors)
