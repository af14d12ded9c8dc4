"""Activation functions with their derivatives: where each passes a gradient on, and where not.

Source: Ng, DLS C1 W3 (activation functions and their derivatives), MLS C2 W2 (alternatives to the
sigmoid, choosing an activation, why a network needs one).
"""

from dataclasses import dataclass

import numpy as np

from foursplit.core.lesson_figures import Lesson, Lines, Section, Series, Table
from foursplit.core.seeds import generator
from foursplit_courses.argument_checks import check_above_zero, check_at_least
from foursplit_courses.from_scratch.activations import ACTIVATIONS, Activation

NAMES: tuple[Activation, ...] = ("sigmoid", "tanh", "relu", "linear")
LABELS = {"sigmoid": "sigmoid", "tanh": "tanh", "relu": "ReLU", "linear": "linear"}
LEAK = 0.01  # slope of the leaky ReLU below zero, as in DLS C1 W3
AT = (-4.0, -1.0, 0.0, 1.0, 4.0)  # inputs of the table


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    n_layers: int = 10
    n_units: int = 100
    n_examples: int = 200
    reach: float = 5.0  # of the curves, to either side of zero
    seed: int = 1

    def __post_init__(self) -> None:
        check_at_least(self, n_layers=2, n_units=2, n_examples=2)
        check_above_zero(self, "reach")


def run(args: Args) -> Lesson:
    """Draw each function with its derivative, and send gradients back through many layers."""
    through, numbers = _through_layers(args)
    return Lesson(
        title="Activation functions",
        lead=(
            f"Through {args.n_layers} layers of {args.n_units} units a gradient keeps "
            f"{numbers['kept_relu']:.2g} of its length with ReLU, {numbers['kept_tanh']:.2g} with "
            f"tanh and {numbers['kept_sigmoid']:.2g} with sigmoid: the sigmoid's slope is at most "
            "a quarter."
        ),
        sections=(_curves(args), through, _linear(args)),
        numbers=numbers,
        source="Ng, DLS C1 W3 and MLS C2 W2; He and others (2015) and Glorot and Bengio (2010) on "
        "the spread of weights",
    )


def leaky_relu(z: np.ndarray) -> np.ndarray:
    """Return z above zero and `LEAK` z below."""
    return np.where(z > 0, z, LEAK * z)


def leaky_relu_grad(z: np.ndarray) -> np.ndarray:
    """Return 1 above zero, else `LEAK`."""
    return np.where(z > 0, 1.0, LEAK)


def _curves(args: Args) -> Section:
    z = np.linspace(-args.reach, args.reach, 201)
    values = {LABELS[name]: ACTIVATIONS[name].value for name in NAMES}
    slopes = {LABELS[name]: ACTIVATIONS[name].derivative for name in NAMES}
    values["leaky ReLU"], slopes["leaky ReLU"] = leaky_relu, leaky_relu_grad
    at = np.array(AT)
    return Section(
        heading="Curves and slopes",
        text=(
            "Sigmoid and tanh are flat far from zero: a unit that is sure there learns no more. "
            "ReLU passes a gradient on whole above zero and nothing below it, where leaky ReLU "
            f"keeps {LEAK:g} of it. For the output the choice follows from the answer: sigmoid for "
            "a probability, linear for any quantity, ReLU for one that is never negative.",
        ),
        figures=(
            Lines(
                title="Values",
                x_label="z",
                y_label="g(z)",
                y_range=(-1.5, 2.5),
                series=tuple(Series(name=n, x=z, y=f(z)) for n, f in values.items()),
            ),
            Lines(
                title="Derivatives",
                x_label="z",
                y_label="g′(z)",
                y_range=(-0.1, 1.1),
                series=tuple(Series(name=n, x=z, y=f(z)) for n, f in slopes.items()),
            ),
            Table(
                title="Derivatives at five inputs",
                columns=("function", *(f"at {value:g}" for value in AT)),
                rows=tuple((name, *map(float, slope(at))) for name, slope in slopes.items()),
            ),
        ),
    )


def _through_layers(args: Args) -> tuple[Section, dict[str, float]]:
    kept = {name: kept_gradient(name, args) for name in ("sigmoid", "tanh", "relu")}
    layers = np.arange(args.n_layers + 1)
    section = Section(
        heading="A gradient on its way back",
        text=(
            f"{args.n_examples} examples go forward through {args.n_layers} layers, and a gradient "
            "of length 1 goes back. Weights are drawn as each function needs them: with variance "
            "two over the number of inputs for ReLU (He), one over it for the others (Xavier). "
            "Each sigmoid multiplies by a quarter at most, and ten of them leave next to nothing.",
        ),
        figures=(
            Lines(
                title="Length of the gradient, layers from the output",
                x_label="layers passed",
                y_label="length",
                log_y=True,
                series=tuple(Series(name=LABELS[n], x=layers, y=k) for n, k in kept.items()),
            ),
        ),
    )
    return section, {f"kept_{name}": float(lengths[-1]) for name, lengths in kept.items()}


def kept_gradient(name: Activation, args: Args) -> np.ndarray:
    """Return the mean length (layer,) of a gradient that starts with length 1 at the output."""
    rng = generator("activations", args.seed)  # the same draws for each function
    gain = 2.0 if name == "relu" else 1.0
    x = rng.normal(size=(args.n_examples, args.n_units))
    weights, sums = [], []
    for _ in range(args.n_layers):
        weights.append(rng.normal(0, np.sqrt(gain / args.n_units), (args.n_units, args.n_units)))
        sums.append(x @ weights[-1])
        x = ACTIVATIONS[name].value(sums[-1])
    back = rng.normal(size=x.shape)
    back /= np.linalg.norm(back, axis=1, keepdims=True)
    lengths = [1.0]
    for w, z in zip(reversed(weights), reversed(sums), strict=True):
        back = (back * ACTIVATIONS[name].derivative(z)) @ w.T
        lengths.append(float(np.linalg.norm(back, axis=1).mean()))
    return np.array(lengths)


def _linear(args: Args) -> Section:
    rng = generator("activations", args.seed, "linear")
    first, second = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
    x = rng.normal(size=(5, 3))
    apart = float(np.abs((x @ first) @ second - x @ (first @ second)).max())
    return Section(
        heading="Why not linear everywhere",
        text=(
            "Without a bend two layers are one: the product of their weights is a matrix of its "
            "own. For five examples, three inputs, four units and two outputs the two ways differ "
            f"by {'less than 1e-14' if apart < 1e-14 else f'{apart:.0e}'}, rounding alone.",
        ),
    )
