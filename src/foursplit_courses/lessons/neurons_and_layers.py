"""Units and layers: a unit is a regression, three of them roast coffee, and why they bend.

Source: Ng, MLS C2 W1 (units, layers, forward propagation) and W2 (ReLU, choice of activations).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from foursplit.core.lesson_figures import (
    Lesson,
    Lines,
    Plain,
    Regions,
    Section,
    Series,
    Slider,
    Table,
)
from foursplit.core.seeds import generator
from foursplit_courses.argument_checks import check_at_least
from foursplit_courses.from_scratch.activations import relu, sigmoid
from foursplit_courses.from_scratch.losses import BINARY_CROSS_ENTROPY, SQUARED_ERROR
from foursplit_courses.from_scratch.network import Layer, TrainingConfig, fit, forward, init_layers
from foursplit_courses.lesson_helpers.differences import largest_difference
from foursplit_courses.lesson_helpers.planes import CROSSES_AND_POINTS, Plane, class_series

COOLEST, HOTTEST, SHORTEST, LONGEST = 175.0, 260.0, 12.0, 15.0  # of good roasts, as source `coffee`
TEMPERATURES, DURATIONS = (150.0, 285.0), (11.5, 15.5)  # degrees Celsius, minutes
GRID = 41  # values to a side of a plane
PLANE = Plane(
    np.linspace(*TEMPERATURES, GRID),
    np.linspace(*DURATIONS, GRID),
    "temperature, degrees Celsius",
    "duration, minutes",
)
FRESH = 2000  # roasts that no network has seen
ASKED = ((200.0, 13.9), (200.0, 15.4), (250.0, 12.2), (250.0, 14.0), (160.0, 13.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    roasts: int = 200
    starts: int = 4  # first weights tried for the coffee network
    steps: int = 2000
    pieces: tuple[int, ...] = (1, 2, 3, 4, 6, 8, 12, 16)  # ReLU units of the fits

    def __post_init__(self) -> None:
        check_at_least(self, roasts=1, starts=1, steps=1)
        if not self.pieces or min(self.pieces) < 1:
            raise ValueError(f"pieces: {self.pieces} must be counts of at least 1")


def run(args: Args) -> Lesson:
    """Measure and draw all of it."""
    unit, unit_numbers = _units()
    coffee, coffee_numbers = _coffee(args)
    pieces_section, bend_numbers = _pieces(args.pieces)
    numbers = {**unit_numbers, **coffee_numbers, **bend_numbers}
    return Lesson(
        title="Units and layers",
        lead=(
            "One unit is a linear or a logistic regression; three of them and a fourth on top tell "
            f"good roasts from bad ones with {coffee_numbers['fresh_error']:.1%} of new roasts "
            "wrong, where one alone has "
            f"{coffee_numbers['one_unit_fresh_error']:.1%}."
        ),
        sections=(unit, *coffee, pieces_section, _outputs()),
        numbers=numbers,
        source="Ng, MLS C2 W1 and W2",
    )


def _units() -> tuple[Section, dict[str, float]]:
    """Train one unit of each kind, and compare it with the regression it is."""
    rng = generator("neurons and layers: units", 1)
    x = rng.uniform(-2, 2, (40, 1))
    quantity = 1.5 * x - 0.5 + rng.normal(0, 0.4, x.shape)
    yes = (rng.random(x.shape) < sigmoid(2 * x - 1)).astype(np.float64)
    config_gd = TrainingConfig(n_steps=400, learning_rate=0.5, optimizer="gradient_descent")
    (line,), _ = fit(init_layers((1, 1), "relu", rng), x, quantity, SQUARED_ERROR, config_gd)
    config_long = TrainingConfig(n_steps=3000, learning_rate=1.0, optimizer="gradient_descent")
    (curve,), _ = fit(init_layers((1, 1), "relu", rng), x, yes, BINARY_CROSS_ENTROPY, config_long)
    one = np.column_stack([x, np.ones(len(x))])
    solved = np.linalg.lstsq(one, quantity, rcond=None)[0][:, 0]
    newton = _newton(one, yes[:, 0])
    differences = {
        "linear_unit_from_least_squares": _apart(line, solved),
        "logistic_unit_from_newton": _apart(curve, newton),
    }
    axis = np.linspace(-2, 2, GRID)
    section = Section(
        heading="One unit is a regression",
        text=(
            "A unit without activation is a linear regression, and a unit with a sigmoid a "
            "logistic one: trained by gradient steps, their weights differ from those of least "
            f"squares by at most {differences['linear_unit_from_least_squares']:.1g}, and from "
            "those of "
            "Newton's method on the logistic loss by at most "
            f"{differences['logistic_unit_from_newton']:.1g}.",
        ),
        figures=(
            _over(x, quantity, axis, solved[0] * axis + solved[1], "linear unit"),
            _over(x, yes, axis, sigmoid(newton[0] * axis + newton[1]), "sigmoid unit"),
        ),
    )
    return section, differences


def _apart(unit: Layer, solved: np.ndarray) -> float:
    return largest_difference(np.append(unit.w[:, 0], unit.b), solved)


def _newton(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Give the logistic regression's weights by a method that is no gradient descent."""
    w = np.zeros(x.shape[1])
    for _ in range(25):  # far more than it needs: each step doubles the digits
        p = sigmoid(x @ w)
        w = w - np.linalg.solve((x.T * (p * (1 - p))) @ x, x.T @ (p - y))
    return w


def _over(x: np.ndarray, y: np.ndarray, axis: np.ndarray, fitted: np.ndarray, name: str) -> Lines:
    points = Series(name="examples", x=x[:, 0], y=y[:, 0], mark="points")
    answer = Series(name=name, x=axis, y=fitted)
    return Lines(title=f"A {name}", x_label="input", y_label="answer", series=(points, answer))


def good(temperature: np.ndarray, duration: np.ndarray) -> np.ndarray:
    """Say which roasts are good: the rule of source `coffee`, which a lesson may not import."""
    burnt_from = LONGEST - (temperature - COOLEST) / (HOTTEST - COOLEST) * (LONGEST - SHORTEST)
    return (temperature >= COOLEST) & (duration >= SHORTEST) & (duration <= burnt_from)


def _roasts(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw (roast, 2) temperatures and durations, and (roast, 1) whether each is good."""
    x = np.column_stack([rng.uniform(*TEMPERATURES, n), rng.uniform(*DURATIONS, n)])
    return x, good(x[:, 0], x[:, 1]).astype(np.float64)[:, None]


class CoffeeFits(NamedTuple):
    """The best of several networks and one unit alone, both with the scaler as first layer."""

    network: list[Layer]
    one_unit: list[Layer]
    losses: list[float]  # of every start
    examples: tuple[Series, ...]
    errors: dict[str, float]


def _fit_coffee(args: Args) -> CoffeeFits:
    rng = generator("neurons and layers: roasts", 1)
    x, y = _roasts(args.roasts, rng)
    new_roasts, truth = _roasts(FRESH, rng)
    scaler = Layer(np.diag(1 / x.std(axis=0)), -x.mean(axis=0) / x.std(axis=0), "linear")
    scaled = forward([scaler], x)
    config = TrainingConfig(n_steps=args.steps, learning_rate=0.1)
    attempts = [
        fit(
            init_layers((2, 3, 1), "sigmoid", generator("coffee", n)),
            scaled,
            y,
            BINARY_CROSS_ENTROPY,
            config,
        )
        for n in range(args.starts)
    ]
    losses = [trace[-1] for _, trace in attempts]
    network = [scaler, *attempts[int(np.argmin(losses))][0]]
    alone, _ = fit(init_layers((2, 1), "relu", rng), scaled, y, BINARY_CROSS_ENTROPY, config)
    one_unit = [scaler, *alone]
    errors = {
        "train_error": _error(network, x, y),
        "fresh_error": _error(network, new_roasts, truth),
        "one_unit_fresh_error": _error(one_unit, new_roasts, truth),
    }
    examples = class_series(x, y[:, 0], ("bad", "good"), CROSSES_AND_POINTS, is_grouped=True)
    return CoffeeFits(network, one_unit, losses, examples, errors)


def _coffee(args: Args) -> tuple[tuple[Section, Section], dict[str, float]]:
    """Roast coffee by three units and a fourth, and by one alone."""
    fits = _fit_coffee(args)
    lowest, highest = min(fits.losses), max(fits.losses)
    numbers = {**fits.errors, "lowest_loss": lowest, "highest_loss": highest}
    decisions = Section(
        heading="Three units and a fourth roast coffee",
        text=(
            f"{args.roasts} roasts are good inside a triangle. A network of three sigmoid units "
            f"and one on top was started {args.starts} times; the loss ends between "
            f"{lowest:.2g} and {highest:.2g} nats, for where a descent ends depends on "
            "where it began. The lowest is kept: it misses "
            f"{numbers['train_error']:.1%} of its own roasts and {numbers['fresh_error']:.1%} of "
            f"{FRESH:,} new ones; a unit alone, one straight border, misses "
            f"{numbers['one_unit_fresh_error']:.1%} of them. The answers are a forward pass in "
            "NumPy: two matrix products.",
        ),
        figures=(
            _plane("Good by the network", fits.network, fits.examples),
            _plane("Good by one unit", fits.one_unit, fits.examples),
            _asked(fits.network),
        ),
    )
    return (decisions, _hidden_units(fits)), numbers


def _hidden_units(fits: CoffeeFits) -> Section:
    return Section(
        heading="What each unit sees",
        text=(
            "Nothing tells the units what to look for. Each draws one straight border, and the "
            "triangle has three sides; the last unit puts their answers together.",
        ),
        figures=(
            Slider(
                title="One hidden unit at a time",
                label="unit",
                values=("1", "2", "3"),
                figures=tuple(
                    _plane(f"Answer of unit {unit + 1}", _part(fits.network, unit), fits.examples)
                    for unit in range(3)
                ),
            ),
        ),
    )


def _part(layers: list[Layer], unit: int) -> list[Layer]:
    """Give the scaler and one hidden unit, with its log-odds as output."""
    scaler, hidden = layers[0], layers[1]
    alone = Layer(hidden.w[:, [unit]], hidden.b[[unit]], "linear")
    return [scaler, alone]


def _error(layers: list[Layer], x: np.ndarray, y: np.ndarray) -> float:
    return float(((forward(layers, x) > 0) != y).mean())


def _plane(title: str, layers: list[Layer], examples: tuple[Series, ...]) -> Regions:
    probabilities = sigmoid(forward(layers, PLANE.points))
    return PLANE.regions(title, probabilities, ("bad", "good"), examples)


def _asked(layers: list[Layer]) -> Table:
    odds = forward(layers, np.array(ASKED))[:, 0]
    truth = good(*np.array(ASKED).T)
    names = ("bad", "good")
    return Table(
        title="Five roasts, decided",
        columns=("degrees", "minutes", "probability of good", "decision", "truth"),
        rows=tuple(
            (t, d, float(f"{p:.3g}"), names[int(p >= 0.5)], names[int(known_roasts)])
            for (t, d), p, known_roasts in zip(ASKED, sigmoid(odds), truth, strict=True)
        ),
    )


def _curve(x: np.ndarray) -> np.ndarray:
    """Give a curve to be fitted: level, then a hump, then a slope."""
    return np.sin(2.2 * x) * np.exp(-((x - 1) ** 2)) + 0.4 * relu(x - 1.5)


def _pieces(pieces: tuple[int, ...]) -> tuple[Section, dict[str, float]]:
    axis = np.linspace(0, 3, 121)
    truth = _curve(axis)
    figures: list[Plain] = []
    errors = []
    for n in pieces:
        # A unit wakes at each knot; the weights on top and one level are least squares.
        knots = np.linspace(0, 3, n, endpoint=False)
        units = np.column_stack([np.ones(len(axis)), relu(axis[:, None] - knots)])
        fitted = units @ np.linalg.lstsq(units, truth, rcond=None)[0]
        errors.append(float(np.sqrt(((fitted - truth) ** 2).mean())))
        lines = (
            Series(name="curve", x=axis, y=truth, mark="dashed"),
            Series(name=f"{n} ReLU units", x=axis, y=fitted),
        )
        title = f"{n} units: off by {errors[-1]:.2g}"
        figures.append(Lines(title=title, x_label="x", y_label="y", series=lines))
    line = np.polyval(np.polyfit(axis, truth, 1), axis)
    linear = float(np.sqrt(((line - truth) ** 2).mean()))
    section = Section(
        heading="Why units bend: ReLU",
        text=(
            "A ReLU is nothing up to its knot and a slope after it, so a sum of them is a line "
            "with a corner for each unit. Off is the root of the mean squared distance. Without "
            "an activation, any number of units in any number of layers gives one straight line, "
            f"which is off by {linear:.2g} here.",
        ),
        figures=(
            Slider(
                title="A curve from straight pieces",
                label="ReLU units",
                values=tuple(map(str, pieces)),
                figures=tuple(figures),
                start=min(2, len(pieces) - 1),
            ),
            Lines(
                title="More pieces, nearer to the curve",
                x_label="ReLU units",
                y_label="off by",
                series=(Series(name="fit", x=pieces, y=errors),),
                log_x=True,
                log_y=True,
            ),
        ),
    )
    measured = {f"relu_{n}_off_by": error for n, error in zip(pieces, errors, strict=True)}
    return section, {**measured, "straight_line_off_by": linear}


def _outputs() -> Section:
    """Say which last activation is for which answer."""
    return Section(
        heading="Which activation where",
        text=(
            "In hidden layers ReLU is the first choice: it is cheap, and flat on one side only, "
            "where a sigmoid is flat on both and its gradient fades. In the last layer the kind of "
            "answer decides. There the network gives scores, and loss and decision take the "
            "sigmoid or softmax of them: that is safe where the probabilities themselves overflow.",
        ),
        figures=(
            Table(
                title="The last layer by kind of answer",
                columns=("answer", "last activation", "range", "loss", "task here"),
                rows=(
                    ("a quantity of any sign", "linear", "all numbers", "squared", "regress"),
                    ("a quantity never negative", "ReLU", "0 and more", "squared", "-"),
                    ("one of two", "sigmoid", "0 to 1", "logistic", "classify_binary"),
                    (
                        "one of several",
                        "softmax",
                        "0 to 1, adding to 1",
                        "cross-entropy",
                        "classify",
                    ),
                ),
            ),
        ),
    )
