"""How first weights keep a signal alive, or do not, through many layers: forward and backward.

Source: Ng, DLS C1 W3 (broken symmetry) and C2 W1 (vanishing and exploding gradients, first
weights); Glorot and Bengio (2010); He et al. (2015).
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from foursplit.core.lesson_figures import Lesson, Lines, Section, Series, Slider, Table
from foursplit.core.seeds import generator
from foursplit_courses.argument_checks import check_at_least
from foursplit_courses.from_scratch import losses, sequential
from foursplit_courses.from_scratch.activations import Activation
from foursplit_courses.from_scratch.initializers import INITIALIZERS, InitializerName

NAMES: dict[InitializerName, str] = {
    "small": "normal, 0.01",
    "lecun": "normal, 1 / inputs",
    "glorot": "Glorot",
    "he": "He",
    "orthogonal": "orthogonal",
    "large": "normal, 10",
}
ACTIVATIONS: tuple[Activation, ...] = ("relu", "tanh", "sigmoid")
SMALLEST, LARGEST = 1e-30, 1e30  # of what is drawn
LEAST, MOST = 1e-100, 1e100  # of what is written as a number


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    depth: int = 50
    units: int = 100
    examples: int = 200
    repeats: int = 5  # draws of first weights, of which medians are shown
    steps: int = 200  # of the network whose units begin equal

    def __post_init__(self) -> None:
        check_at_least(self, depth=2, units=2, examples=2, repeats=1, steps=1)


def run(args: Args) -> Lesson:
    """Send one batch forward and its gradient backward, for every pair of choices."""
    signals = {
        (name, activation): _signals(args, name, activation)
        for name in NAMES
        for activation in ACTIVATIONS
    }
    kept = {key: _ratio(forward) for key, (forward, _) in signals.items()}
    lost = {key: _ratio(backward[::-1]) for key, (_, backward) in signals.items()}
    equal, drawn = (_units_that_differ(args, name) for name in ("zeros", "small"))
    numbers = {
        **{f"forward_{name}_{kind}": kept[name, kind] for name in NAMES for kind in ACTIVATIONS},
        **{f"backward_{name}_{kind}": lost[name, kind] for name in NAMES for kind in ACTIVATIONS},
        "different_units_from_zeros": float(equal),
        "different_units_from_small": float(drawn),
    }
    return Lesson(
        title="First weights and depth",
        lead=(
            f"Through {args.depth} layers of ReLU, weights of variance 2 / inputs (He) leave "
            f"{kept['he', 'relu']:.2g} of the signal, weights of variance 1 / inputs "
            f"{kept['lecun', 'relu']:.1g}, and weights of 0.01 {kept['small', 'relu']:.1g}: "
            "the first layers of that network never hear of the error."
        ),
        sections=(
            _by_depth(args, signals),
            _as_table(args, kept, lost),
            _symmetry(args, equal, drawn),
        ),
        numbers=numbers,
        source="Ng, DLS C1 W3 and C2 W1; Glorot and Bengio (2010); He et al. (2015)",
    )


def _signals(
    args: Args, name: InitializerName, activation: Activation
) -> tuple[np.ndarray, np.ndarray]:
    """Return the root mean square of activations and of their gradients, layer by layer."""
    forward, backward = [], []
    for repeat in range(args.repeats):
        rng = generator("signals by depth", name, activation, repeat)
        x = rng.normal(size=(args.examples, args.units))
        sizes = [args.units] * (args.depth + 1)
        layers = [
            (
                sequential.Dense(INITIALIZERS[name](n_in, n_out, rng), np.zeros(n_out)),
                sequential.Activate(activation),
            )
            for n_in, n_out in pairwise(sizes)
        ]
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            sizes_forward = [_size(x)]
            for dense, activate in layers:
                x = activate.forward(dense.forward(x, training=True), training=True)
                sizes_forward.append(_size(x))
            grad = rng.normal(size=x.shape)
            sizes_backward = [_size(grad)]
            for dense, activate in reversed(layers):
                grad = dense.backward(activate.backward(grad))
                sizes_backward.append(_size(grad))
        forward.append(sizes_forward)
        backward.append(sizes_backward[::-1])
    return np.median(forward, axis=0), np.median(backward, axis=0)


def _size(values: np.ndarray) -> float:
    """Return the root mean square, without the squares of huge values."""
    largest = float(np.abs(values).max())
    if not 0 < largest < np.inf:
        return largest
    return largest * float(np.sqrt(((values / largest) ** 2).mean()))


def _ratio(sizes: np.ndarray) -> float:
    """Return what is left at the end of what there was at the start."""
    return float(np.clip(sizes[-1] / sizes[0], LEAST, MOST))


def _by_depth(
    args: Args, signals: dict[tuple[InitializerName, Activation], tuple[np.ndarray, np.ndarray]]
) -> Section:
    layers = np.arange(args.depth + 1)

    def lines(name: InitializerName, which: int, title: str) -> Lines:
        return Lines(
            title=title,
            x_label="layer",
            y_label="root mean square",
            log_y=True,
            series=tuple(
                Series(
                    name=activation,
                    x=layers,
                    y=np.clip(signals[name, activation][which], SMALLEST, LARGEST),
                )
                for activation in ACTIVATIONS
            ),
        )

    sliders = tuple(
        Slider(
            title=title,
            label="first weights",
            values=tuple(NAMES.values()),
            figures=tuple(lines(name, which, NAMES[name]) for name in NAMES),
            start=list(NAMES).index("he"),
        )
        for which, title in enumerate(
            ("Forward: activations by layer", "Backward: gradients by layer, from the last one")
        )
    )
    return Section(
        heading="Signal and gradient by layer",
        text=(
            f"{args.depth} layers of {args.units} units each. A sum of n inputs has n times their "
            "variance times that of the weights: a factor per layer. Unless it is 1, its power "
            "by the depth is all that counts. ReLU halves the mean square, so that weights need "
            "variance 2 / inputs; tanh is nearly linear at zero and needs 1 / inputs. A gradient "
            "goes through the same weights backward and through the slopes, which for a "
            "sigmoid are 1/4 at most.",
        ),
        figures=sliders,
    )


def _as_table(
    args: Args,
    kept: dict[tuple[InitializerName, Activation], float],
    lost: dict[tuple[InitializerName, Activation], float],
) -> Section:
    return Section(
        heading="What is left at the end",
        text=(f"Medians of {args.repeats} draws; 1 means that nothing is lost.",),
        figures=(
            Table(
                title=f"After {args.depth} layers",
                columns=(
                    "first weights",
                    *(f"forward, {kind}" for kind in ACTIVATIONS),
                    *(f"backward, {kind}" for kind in ACTIVATIONS),
                ),
                rows=tuple(
                    (
                        label,
                        *(f"{kept[name, kind]:.1e}" for kind in ACTIVATIONS),
                        *(f"{lost[name, kind]:.1e}" for kind in ACTIVATIONS),
                    )
                    for name, label in NAMES.items()
                ),
            ),
        ),
    )


def _units_that_differ(args: Args, name: InitializerName) -> int:
    """Train one hidden layer of four units; count how many different ones it has at the end."""
    rng = generator("signals by depth: equal units", 1)
    x = rng.normal(size=(100, 2))
    y = (x[:, :1] * x[:, 1:] > 0).astype(np.float64)
    net = sequential.build((2, 4, 1), "tanh", rng, initializer=name)
    config = sequential.FitConfig(n_epochs=args.steps, batch_size=100, learning_rate=1.2)
    sequential.fit(net, x, y, losses.BINARY_CROSS_ENTROPY, config, rng)
    units = net.parameters[0].T  # (unit, input)
    return len(np.unique(np.round(units, 6), axis=0))


def _symmetry(args: Args, equal: int, drawn: int) -> Section:
    return Section(
        heading="Units that begin equal stay equal",
        text=(
            f"Four hidden units, {args.steps} steps. From zeros all four compute the same, get "
            f"the same gradient and remain {equal} different unit; from small random weights "
            f"there are {drawn} in the end. Biases may begin at zero: the weights break the "
            "symmetry.",
        ),
        figures=(
            Table(
                title="Different hidden units after training",
                columns=("first weights", "different units of 4"),
                rows=(("zeros", equal), (NAMES["small"], drawn)),
            ),
        ),
    )
