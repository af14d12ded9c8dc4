"""A penalty on the weights tames a model with too many terms; too large, it stiffens it.

The course's table of microchips may not be carried along: parts are drawn from a stated rule.  A
penalty is chosen on validation examples; what is quoted of it comes from a test set.

Source: Ng, MLS C1 W3 (regularised linear and logistic regression, practice lab).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge

from foursplit.core.lesson_figures import Lesson, Lines, Regions, Section, Series, Slider
from foursplit.core.seeds import generator
from foursplit_courses.from_scratch import features, linear, logistic, synthetic_data
from foursplit_courses.from_scratch.gradient_descent import Parameters
from foursplit_courses.from_scratch.rounding import ceil_power_of_ten
from foursplit_courses.lesson_helpers.differences import sklearn_difference
from foursplit_courses.lesson_helpers.microchips import chip_plane, chip_regions, chip_terms
from foursplit_courses.lesson_helpers.planes import seen_and_validation
from foursplit_courses.lesson_helpers.waves import INPUTS, wave_fit

PENALTIES = (1e-6, 1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0)
CHIP_PENALTIES = (1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0)
NAMES = tuple(f"{value:g}" for value in PENALTIES)
CHIP_NAMES = tuple(f"{value:g}" for value in CHIP_PENALTIES)
CURVE_TEXT = (
    "The cost gets lambda / 2n times the squared weights besides; the bias goes free, as where the "
    "zero of the answers lies is no sin. In descent this shrinks each weight by a share of rate "
    "times lambda / n before each step.",
    "The more of it, the smaller the weights and the stiffer the curve: cost on examples seen only "
    "rises, on new ones it falls first.",
)
N_PATHS = 8  # weights drawn: more lines cannot be distinguished


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    n_examples: int = 12
    degree: int = 10
    noise: float = 0.4  # standard deviation
    n_chips: int = 118
    chip_degree: int = 6
    n_held_out: int = 5000  # of the validation set, and of the test set
    seed: int = 1
    grid: int = 41  # points along each side of a picture

    def __post_init__(self) -> None:
        minimum = {"n_examples": 3, "degree": 1, "n_chips": 20, "chip_degree": 1, "n_held_out": 10}
        for name, value in (minimum | {"grid": 5}).items():
            if getattr(self, name) < value:
                raise ValueError(f"{name}: {getattr(self, name)!r} must be at least {value}")
        if self.noise < 0:
            raise ValueError(f"noise: {self.noise!r} must be 0 or more")


def run(args: Args) -> Lesson:
    """Move the penalty, for a curve and for a boundary."""
    curve, of_curve = _regression(args)
    chips, of_chips = _classification(args)
    return Lesson(
        title="Regularisation",
        lead=(
            f"With a lambda of {of_curve['best_penalty']:g}, chosen on validation, degree "
            f"{args.degree} on {args.n_examples} examples costs {of_curve['test_chosen']:.2g} on "
            f"test instead of {of_curve['test_smallest']:.2g} with next to none; with "
            f"{PENALTIES[-1]:g} it has nearly forgotten its inputs "
            f"({of_curve['test_largest']:.2g})."
        ),
        sections=(curve, chips),
        numbers={**of_curve, **of_chips},
        source="Ng, MLS C1 W3",
    )


def _regression(args: Args) -> tuple[Section, dict[str, float]]:
    """Fit a polynomial of many terms under each penalty."""
    train_set, validation, test = _waves(args)
    x, validation_x, test_x, fit_terms = features.scaled_polynomial_features(
        args.degree, train_set.x, validation.x, test.x, INPUTS[:, None]
    )
    fits = [linear.normal_equation(x, train_set.y, l2) for l2 in PENALTIES]
    costs, new_costs, test_costs = (
        [linear.cost(inputs, table.y, parameters) for parameters in fits]
        for inputs, table in ((x, train_set), (validation_x, validation), (test_x, test))
    )
    best = int(np.argmin(new_costs))
    figures = tuple(
        wave_fit(
            f"lambda {name}: cost {seen_cost:.2g} on these, {new_cost:.2g} on validation",
            train_set,
            linear.predict(fit_terms, parameters),
        )
        for name, parameters, seen_cost, new_cost in zip(NAMES, fits, costs, new_costs, strict=True)
    )
    gap = sklearn_difference(fits[best], Ridge(alpha=PENALTIES[best]).fit(x, train_set.y))
    section = Section(
        heading="A curve",
        text=CURVE_TEXT,
        figures=(
            Slider(
                title=f"Degree {args.degree} on {args.n_examples} examples",
                label="lambda",
                values=NAMES,
                figures=figures,
                start=best,
            ),
            _by_penalty("Cost by lambda", "cost", PENALTIES, costs, new_costs),
            _paths(PENALTIES, fits),
        ),
    )
    return section, {
        "best_penalty": PENALTIES[best],
        "test_smallest": test_costs[0],
        "test_chosen": test_costs[best],
        "test_largest": test_costs[-1],
        "train_smallest": costs[0],
        "train_largest": costs[-1],
        "ridge_gap_below": ceil_power_of_ten(gap),
    }


def _waves(args: Args) -> tuple[synthetic_data.Dataset, ...]:
    """Draw the examples of the page on overfitting, and those of validation and of test."""
    rng = generator("overfitting", args.seed)
    sizes = (args.n_examples, args.n_held_out, args.n_held_out)
    return tuple(synthetic_data.make_noisy_wave(n, args.noise, rng) for n in sizes)


def _by_penalty(
    title: str,
    label: str,
    l2_values: Sequence[float],
    train: Sequence[float],
    validation: Sequence[float],
) -> Lines:
    return Lines(
        title=title,
        x_label="lambda",
        y_label=label,
        log_x=True,
        series=seen_and_validation(l2_values, train, validation),
    )


def _paths(l2_values: Sequence[float], fits: Sequence[Parameters]) -> Lines:
    weights = np.array([parameters.w for parameters in fits])  # (penalty, term)
    first_weights = weights[:, :N_PATHS]
    return Lines(
        title="Weights of scaled terms by lambda",
        x_label="lambda",
        y_label="weight, signed root",
        log_x=True,
        series=tuple(
            # Nearly without a penalty weights are thousands of times larger than later on.
            Series(name=f"term {i + 1}", x=l2_values, y=np.sign(path) * np.abs(path) ** 0.5)
            for i, path in enumerate(first_weights.T)
        ),
        caption=f"The first {first_weights.shape[1]} of {weights.shape[1]} terms.",
    )


class Boundaries(NamedTuple):
    """A boundary for each penalty, and which of them has the lowest cost on validation chips."""

    fits: list[Parameters]
    figures: tuple[Regions, ...]
    train_errors: list[float]
    validation_errors: list[float]
    validation_costs: list[float]
    test_errors: list[float]
    test_costs: list[float]
    best: int
    n_terms: int
    sklearn_gap: float  # of the best fit


def _boundaries(args: Args) -> Boundaries:
    """Fit and draw a boundary of many terms under each penalty."""
    rng = generator("regularisation", args.seed)
    train_set, others = synthetic_data.make_microchips(
        args.n_chips + 2 * args.n_held_out, rng
    ).split(args.n_chips)
    plane = chip_plane(args.grid)
    terms = chip_terms(train_set, others, plane, args.chip_degree)
    n = args.n_held_out
    train, validation, test = (
        (terms.train, train_set.y),
        (terms.held_out[:n], others.y[:n]),
        (terms.held_out[n:], others.y[n:]),
    )
    fits = [logistic.solve(*train, l2) for l2 in CHIP_PENALTIES]
    train_errors, validation_errors, test_errors = (
        [logistic.error_rate(*data, parameters) for parameters in fits]
        for data in (train, validation, test)
    )
    validation_costs, test_costs = (
        [logistic.cost(*data, parameters) for parameters in fits] for data in (validation, test)
    )
    best = int(np.argmin(validation_costs))
    figures = tuple(
        chip_regions(
            f"lambda {name}: {wrong:.1%} of these wrong, {new_wrong:.1%} of validation",
            train_set,
            plane,
            terms,
            parameters,
        )
        for name, parameters, wrong, new_wrong in zip(
            CHIP_NAMES, fits, train_errors, validation_errors, strict=True
        )
    )
    estimator = LogisticRegression(C=1 / CHIP_PENALTIES[best], tol=1e-10, max_iter=10_000)
    gap = sklearn_difference(fits[best], estimator.fit(*train))
    return Boundaries(
        fits=fits,
        figures=figures,
        train_errors=train_errors,
        validation_errors=validation_errors,
        validation_costs=validation_costs,
        test_errors=test_errors,
        test_costs=test_costs,
        best=best,
        n_terms=terms.train.shape[1],
        sklearn_gap=gap,
    )


def _classification(args: Args) -> tuple[Section, dict[str, float]]:
    """Show the boundary of many terms under each penalty."""
    chips = _boundaries(args)
    best, costs = chips.best, chips.test_costs
    errors = _by_penalty(
        "Error by lambda",
        "share of wrong answers",
        CHIP_PENALTIES,
        chips.train_errors,
        chips.validation_errors,
    )
    section = Section(
        heading="A boundary",
        text=(
            f"{args.n_chips} invented parts stand for the course's microchips, and their two test "
            f"values become {chips.n_terms} terms up to degree {args.chip_degree}. The course's "
            "own table is among the remote data, with experiments and a run made as printed.",
            "On validation parts the cost is lowest at a lambda of "
            f"{CHIP_PENALTIES[best]:g}. On test parts, which had no say, it is "
            f"{costs[best]:.3f} nats, where {CHIP_PENALTIES[0]:g} has {costs[0]:.3f}: what too "
            "many terms spoil first is not the answer but how sure it is.",
        ),
        figures=(
            Slider(
                title="Probability that a part is good",
                label="lambda",
                values=CHIP_NAMES,
                figures=chips.figures,
                start=best,
            ),
            errors,
            Lines(
                title="Cost on validation parts by lambda",
                x_label="lambda",
                y_label="nats",
                log_x=True,
                log_y=True,
                series=(Series(name="validation", x=CHIP_PENALTIES, y=chips.validation_costs),),
            ),
            _paths(CHIP_PENALTIES, chips.fits),
        ),
    )
    return section, {
        "chips_best_penalty": CHIP_PENALTIES[best],
        "chips_test_cost_smallest": costs[0],
        "chips_test_cost_chosen": costs[best],
        "chips_test_cost_largest": costs[-1],
        "chips_test_error_smallest": chips.test_errors[0],
        "chips_test_error_chosen": chips.test_errors[best],
        "chips_test_error_largest": chips.test_errors[-1],
        "chips_train_error_smallest": chips.train_errors[0],
        "chips_gap_below": ceil_power_of_ten(chips.sklearn_gap),
    }
