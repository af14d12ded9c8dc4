"""More terms always fit the examples seen better, and from some degree on new ones worse.

The truth is known here: examples are drawn from a stated rule, and others are plenty.  A degree is
chosen on validation examples; what is quoted of it comes from a test set that had no say.

Source: Ng, MLS C1 W3 (overfitting, and what to do about it).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from foursplit.core.lesson_figures import (
    Lesson,
    Lines,
    OwnPoints,
    Regions,
    Section,
    Series,
    Slider,
)
from foursplit.core.seeds import generator
from foursplit_courses.argument_checks import check_above_zero, check_at_least
from foursplit_courses.from_scratch import features, linear, logistic, synthetic_data
from foursplit_courses.from_scratch.gradient_descent import Parameters
from foursplit_courses.lesson_helpers.microchips import (
    CLASSES,
    chip_plane,
    chip_regions,
    chip_terms,
)
from foursplit_courses.lesson_helpers.planes import seen_and_validation
from foursplit_courses.lesson_helpers.waves import INPUTS, wave_fit

DEGREES = (1, 2, 3, 4, 5, 6, 8, 10)
CHIP_DEGREES = (1, 2, 3, 4, 6, 8)
MORE = (12, 25, 50, 100, 400)  # examples, for the same degree
N_DRAWN_CHIPS = 40  # to begin with, on the figure to which the reader adds
N_DRAWS = 200  # of the same number of examples


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    n_examples: int = 12
    n_held_out: int = 500  # of the validation set, and of the test set
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
    more, of_more = _examples(args, of_curve["test_largest"])
    chips, of_chips = _classification(args)
    best = int(of_curve["best_degree"])
    return Lesson(
        title="Overfitting",
        lead=(
            f"A polynomial of degree {DEGREES[-1]} fits {args.n_examples} examples at a cost of "
            f"{of_curve['train_largest']:.2g}, and new ones at {of_curve['test_largest']:.2g}; "
            f"degree {best}, chosen on validation, costs {of_curve['test_chosen']:.2g} on test."
        ),
        sections=(curve, more, chips, _own_points(args)),
        numbers={**of_curve, **of_more, **of_chips},
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
    test = synthetic_data.make_noisy_wave(args.n_held_out, args.noise, rng)
    validation = synthetic_data.make_noisy_wave(
        args.n_held_out, args.noise, generator("overfitting", args.seed, "validation")
    )
    fits = [_fitted(train_set, degree) for degree in DEGREES]
    train, by_validation, by_test = (
        [_cost(table, degree, *fit) for degree, fit in zip(DEGREES, fits, strict=True)]
        for table in (train_set, validation, test)
    )
    best = int(np.argmin(by_validation))
    figures = tuple(
        wave_fit(
            f"Degree {degree}: cost {seen:.2g} on these, {new:.2g} on validation",
            train_set,
            _predict(degree, *fit),
        )
        for degree, fit, seen, new in zip(DEGREES, fits, train, by_validation, strict=True)
    )
    section = Section(
        heading="By degree",
        text=(
            f"{args.n_examples} examples of a wave with noise. A line is too stiff for it: its "
            "cost is high on examples seen and new alike, which is bias. At the other end the "
            "curve runs through noise, and swings where there are no examples: variance. The "
            "noise alone costs "
            f"{args.noise**2 / 2:.2g}, which no degree can fall below on new examples but by luck.",
            f"Degree {DEGREES[best]} has the lowest cost on {args.n_held_out} validation examples "
            f"({by_validation[best]:.3g}). On {args.n_held_out} test examples, which had no say "
            f"in the choice, it costs {by_test[best]:.3g}.",
        ),
        figures=(
            Slider(
                title="Fits of a noisy wave",
                label="degree",
                values=tuple(map(str, DEGREES)),
                figures=figures,
                start=best,
            ),
            Lines(
                title="Cost by degree",
                x_label="degree",
                y_label="cost",
                log_y=True,
                series=seen_and_validation(DEGREES, train, by_validation),
            ),
        ),
    )
    return section, {
        "best_degree": DEGREES[best],
        "validation_chosen": by_validation[best],
        "test_line": by_test[0],
        "test_chosen": by_test[best],
        "test_largest": by_test[-1],
        "train_line": train[0],
        "train_largest": train[-1],
    }


def _examples(args: Args, cost_above: float) -> tuple[Section, dict[str, float]]:
    """Give the largest degree more examples; `cost_above` is what it costs in the first section."""
    rng = generator("overfitting", args.seed, "more")
    examples = synthetic_data.make_noisy_wave(max(MORE), args.noise, rng)
    test = synthetic_data.make_noisy_wave(args.n_held_out, args.noise, rng)
    degree, figures, new = DEGREES[-1], [], []
    for n in MORE:
        train_set = examples.split(n)[0]
        scale, parameters = _fitted(train_set, degree)
        new.append(_cost(test, degree, scale, parameters))
        predictions = _predict(degree, scale, parameters)
        figures.append(
            wave_fit(f"{n} examples: {_cost_text(new[-1])} on test", train_set, predictions)
        )
    low, middle, high = _spread_of_draws(args, test)
    section = Section(
        heading="More examples",
        text=(
            f"The same degree {degree} on more examples has less room to swing: the first cure of "
            "overfitting. Fewer terms are the second, a penalty on their weights the third (see "
            "the page on regularisation).",
            f"Degree {degree} costs {_cost_text(new[0])} on {MORE[0]} examples here and "
            f"{_cost_text(cost_above)} on {args.n_examples} above, because the examples are "
            "others: above they are spread evenly, here they are the first of "
            f"{max(MORE)} in random order, with gaps between them. That a cost depends so much on "
            f"the draw is what variance means: of {N_DRAWS} "
            f"draws of {MORE[0]} in random order half cost more than {_cost_text(middle)}, a tenth "
            f"less than {_cost_text(low)} and a tenth more than {_cost_text(high)}.",
        ),
        figures=(
            Slider(
                title=f"Degree {degree}",
                label="examples",
                values=tuple(map(str, MORE)),
                figures=tuple(figures),
            ),
            Lines(
                title="Cost on test examples",
                x_label="examples learnt from",
                y_label="cost",
                log_x=True,
                log_y=True,
                series=(Series(name=f"degree {degree}", x=MORE, y=new),),
            ),
        ),
    )
    return section, {
        "test_largest_other_draw": new[0],
        "test_largest_tenth_of_draws": low,
        "test_largest_half_of_draws": middle,
        "test_largest_nine_tenths_of_draws": high,
    }


def _cost_text(cost: float) -> str:
    """Format a cost with two digits; a large one in words of a million, which nobody reads off."""
    return f"{cost:.2g}" if cost < 100 else f"{cost:,.0f}" if cost < 1e6 else "a million"


def _spread_of_draws(args: Args, test: synthetic_data.Dataset) -> tuple[float, float, float]:
    """Return the cost below which a tenth, half and nine tenths of all draws lie."""
    rng = generator("overfitting", args.seed, "draws")
    costs = []
    for _ in range(N_DRAWS):
        train_set = synthetic_data.make_noisy_wave(max(MORE), args.noise, rng).split(MORE[0])[0]
        costs.append(_cost(test, DEGREES[-1], *_fitted(train_set, DEGREES[-1])))
    low, middle, high = np.quantile(costs, [0.1, 0.5, 0.9])
    return float(low), float(middle), float(high)


class Boundaries(NamedTuple):
    """Pictures by degree, and the share of wrong answers on three sets of chips."""

    figures: tuple[Regions, ...]
    train: tuple[float, ...]
    validation: tuple[float, ...]
    test: tuple[float, ...]


def _classification(args: Args) -> tuple[Section, dict[str, float]]:
    """Draw the boundary of each degree on parts that pass or fail two tests."""
    chips = _boundaries(args)
    best = int(np.argmin(chips.validation))
    section = Section(
        heading="Boundaries that bend too far",
        text=(
            f"{args.n_chips} invented parts with two test values, good inside an ellipse but for "
            f"chance. Degree {CHIP_DEGREES[best]} errs least on validation parts, and on "
            f"{chips.test[best]:.1%} of the test parts. Above it the boundary goes round single "
            "examples; it is sure of itself there, which costs more than the error shows.",
        ),
        figures=(
            Slider(
                title="Probability that a part is good",
                label="degree",
                values=tuple(map(str, CHIP_DEGREES)),
                figures=chips.figures,
                start=best,
            ),
            Lines(
                title="Error by degree",
                x_label="degree",
                y_label="share of wrong answers",
                series=seen_and_validation(CHIP_DEGREES, chips.train, chips.validation),
            ),
        ),
    )
    return section, {
        "chips_best_degree": CHIP_DEGREES[best],
        "chips_test_error_chosen": chips.test[best],
        "chips_test_error_largest": chips.test[-1],
        "chips_train_error_largest": chips.train[-1],
    }


def _boundaries(args: Args) -> Boundaries:
    """Fit the parts by each degree; half of the others choose, the other half judges."""
    rng = generator("overfitting", args.seed, "chips")
    train_set, others = synthetic_data.make_microchips(
        args.n_chips + 10 * args.n_held_out, rng
    ).split(args.n_chips)
    half = len(others.y) // 2
    plane = chip_plane(args.grid)
    figures, errors = [], []
    for degree in CHIP_DEGREES:
        terms = chip_terms(train_set, others, plane, degree)
        parameters = logistic.solve(terms.train, train_set.y, args.chip_l2)
        train, validation, test = (
            logistic.error_rate(x, y, parameters)
            for x, y in (
                (terms.train, train_set.y),
                (terms.held_out[:half], others.y[:half]),
                (terms.held_out[half:], others.y[half:]),
            )
        )
        errors.append((train, validation, test))
        title = f"Degree {degree}: {train:.1%} of these wrong, {validation:.1%} of validation"
        figures.append(chip_regions(title, train_set, plane, terms, parameters))
    return Boundaries(tuple(figures), *zip(*errors, strict=True))


def _own_points(args: Args) -> Section:
    """Let the reader add examples of both kinds of answer; the page fits the model again."""
    rng = generator("overfitting", args.seed, "own points")
    wave = synthetic_data.make_noisy_wave(args.n_examples, args.noise, rng)
    chips = synthetic_data.make_microchips(N_DRAWN_CHIPS, rng)
    return Section(
        heading="Your own points",
        text=(
            "Click into a picture to add an example; the page fits the model again at once. Add "
            "one far from the others and raise the degree: the curve runs to it, and swings "
            "elsewhere. Then raise the penalty.",
        ),
        figures=(
            OwnPoints(
                title="A curve through your points",
                x_label="x",
                y_label="answer",
                model="linear",
                x=wave.x[:, 0],
                y=wave.y,
                label=[0] * len(wave.y),
                classes=("examples",),
                x_range=(-1.0, 1.0),
                y_range=(-2.0, 2.0),
                degree=6,
                max_degree=10,
                l2=0.001,
            ),
            OwnPoints(
                title="A boundary among your parts",
                x_label="first test",
                y_label="second test",
                model="logistic",
                x=chips.x[:, 0],
                y=chips.x[:, 1],
                label=chips.y.astype(int).tolist(),
                classes=CLASSES,
                x_range=(-1.0, 1.0),
                y_range=(-1.0, 1.0),
                degree=4,
                max_degree=6,
                l2=0.01,
                caption="Choose the class that a click adds. Colours: the likelier class, the "
                "stronger the surer.",
            ),
        ),
    )
