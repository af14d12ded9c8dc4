"""Convolution from first principles: windows, edges, sizes, and a network that reads digits.

Source: Ng, DLS C4 W1 (edge detection, padding, stride, pooling, a whole convolutional network).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from foursplit.core.lesson_figures import (
    Lesson,
    Lines,
    Picture,
    Section,
    Series,
    Slider,
    Table,
)
from foursplit.core.seeds import generator
from foursplit_courses.argument_checks import check_above_zero, check_at_least
from foursplit_courses.from_scratch import convnet, sequential
from foursplit_courses.from_scratch.convolution import Geometry, convolve, output_size
from foursplit_courses.from_scratch.losses import CROSS_ENTROPY
from foursplit_courses.from_scratch.optimizers import OptimizerConfig
from foursplit_courses.from_scratch.pooling import max_pool
from foursplit_courses.from_scratch.softmax import cross_entropy_backward, softmax
from foursplit_courses.from_scratch.softmax_jacobian import (
    cross_entropy_by_probability,
    softmax_backward,
)
from foursplit_courses.lesson_helpers.differences import largest_difference

SIDE = 8  # pixels of a digit
N_DIGITS = 1797
EDGES = {
    "vertical edges": np.array([[1.0, 0, -1]] * 3),
    "horizontal edges": np.array([[1.0, 0, -1]] * 3).T,
    "Sobel, vertical": np.outer([1.0, 2, 1], [1.0, 0, -1]),
    "blur": np.full((3, 3), 1 / 9),
}
"""Kernels of the course; a Sobel filter gives the middle row more weight."""

CASES = (
    (6, 3, Geometry()), (6, 3, Geometry(padding=1)), (7, 3, Geometry(stride=2)),
    (28, 5, Geometry(padding=2)), (39, 3, Geometry()), (37, 5, Geometry(stride=2)),
    (224, 7, Geometry(stride=2, padding=3)), (32, 3, Geometry(dilation=2, padding=2)),
)  # fmt: skip
"""Input pixels a side, kernel, and how it moves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    n_train: int = 1400  # of the bundled digits; the others are held out
    channels: tuple[int, ...] = (16, 32)
    n_epochs: int = 12
    batch_size: int = 32
    learning_rate: float = 0.005  # at first; it falls to 0 along half a cosine

    def __post_init__(self) -> None:
        check_at_least(self, n_train=1, n_epochs=1, batch_size=1)
        check_above_zero(self, "learning_rate")
        if self.n_train >= N_DIGITS:
            raise ValueError(f"n_train: {self.n_train} must be below {N_DIGITS}: some are held out")
        if not 1 <= len(self.channels) <= 3 or min(self.channels) < 1:
            raise ValueError(f"channels: {self.channels} must be one to three counts of at least 1")


class Digits(NamedTuple):
    """Pictures (digit, 1, row, column) from 0 paper to 1 ink, and what each shows."""

    x: np.ndarray
    y: np.ndarray


class Training(NamedTuple):
    """A trained network, its losses by epoch, and its errors."""

    net: sequential.Sequential
    losses: list[float]
    train_error: float
    held_out_error: float


def run(args: Args) -> Lesson:
    """Measure and draw all of it."""
    train, held_out = _digits(args.n_train)
    training = _train(args, train, held_out)
    n_parameters = sum(p.size for p in training.net.parameters)
    jacobian = _jacobian_difference(training.net, held_out)
    numbers = {
        "train_error": training.train_error,
        "held_out_error": training.held_out_error,
        "loss": training.losses[-1],
        "n_parameters": float(n_parameters),
        "jacobian_difference": jacobian,
    }
    return Lesson(
        title="Convolution from first principles",
        lead=(
            "A convolution is a matrix product over windows. A network of two such layers, written "
            f"in NumPy with its backward pass, misreads {numbers['held_out_error']:.1%} of "
            f"{len(held_out.y)} digits that it was not trained on."
        ),
        sections=(
            _edges(held_out),
            _sizes(),
            _network(args, training, n_parameters),
            _kernels(training.net, held_out),
            _softmax(jacobian),
        ),
        numbers=numbers,
        source="Ng, DLS C4 W1",
    )


def _digits(n_train: int) -> tuple[Digits, Digits]:
    """Take scikit-learn's digits in a random order: their file is sorted by writer."""
    from sklearn.datasets import load_digits

    loaded = load_digits()
    order = generator("convolution: order").permutation(len(loaded.target))
    x, y = loaded.images[order][:, None] / 16, loaded.target[order]
    return Digits(x[:n_train], y[:n_train]), Digits(x[n_train:], y[n_train:])


def _train(args: Args, train: Digits, held_out: Digits) -> Training:
    net = convnet.build((1, SIDE, SIDE), args.channels, 10, generator("convolution: weights"))
    config = sequential.FitConfig(
        n_epochs=args.n_epochs,
        batch_size=args.batch_size,
        learning_rate=args.learning_rate,
        optimizer=OptimizerConfig(name="adam"),
        schedule=lambda epoch: 0.5 * (1 + np.cos(np.pi * epoch / args.n_epochs)),
    )
    losses = sequential.fit(
        net, train.x, train.y, CROSS_ENTROPY, config, generator("convolution: batches")
    )
    errors = [float((net.forward(x).argmax(axis=1) != y).mean()) for x, y in (train, held_out)]
    return Training(net, losses, *errors)


def _edges(digits: Digits) -> Section:
    """Filter one digit with the kernels of the course."""
    zoomed = np.kron(digits.x[:1], np.ones((2, 2)))  # (1, 1, 16, 16)
    figures = tuple(
        _picture(name, _filtered(zoomed, kernel)[0, 0]) for name, kernel in EDGES.items()
    )
    half = np.zeros((1, 1, 6, 6))
    half[..., :3] = 10
    found = _filtered(half, EDGES["vertical edges"])[0, 0]
    return Section(
        heading="A kernel finds edges",
        text=(
            "Each output is the sum of a window of 3 by 3 pixels, weighted by the kernel. Where "
            "the weights of a column are 1, 0 and -1, a window over an even area gives 0 and one "
            "over a vertical edge does not. A picture of 10 in the left half and 0 in the right "
            f"gives {', '.join(f'{value:g}' for value in found[0])} in each row.",
            "Nobody has to choose these weights: the network below learns its kernels.",
        ),
        figures=(
            Slider(
                title="One digit by four kernels",
                label="kernel",
                values=tuple(EDGES),
                figures=figures,
            ),
        ),
    )


def _filtered(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    return convolve(x, kernel[None, None], np.zeros(1))


def _picture(title: str, values: np.ndarray, zoom: int = 12) -> Picture:
    """Draw numbers in grey: 0 in the middle, the largest of either sign at the end."""
    largest = max(float(np.abs(values).max()), 1e-12)
    grey = np.round(127.5 * (1 + values / largest)).astype(np.uint8)
    return Picture(title=title, pixels=np.repeat(grey[..., None], 3, axis=2), zoom=zoom)


def _sizes() -> Section:
    rows: list[tuple[str | float | int, ...]] = []
    for n, f, g in CASES:
        (found,) = output_size((n,), (f,), g)
        rows.append((n, f, str(g.stride), str(g.padding), str(g.dilation), found))
        assert convolve(np.zeros((1, 1, n)), np.zeros((1, 1, f)), np.zeros(1), g).shape[2] == found
    return Section(
        heading="Padding, stride and the size that comes out",
        text=(
            "n pixels become floor((n + 2p - d(f - 1) - 1) / s) + 1: with a kernel of f, padding "
            "p, stride s and gaps d. Padding (f - 1) / 2 keeps the size at stride 1, which needs "
            "an odd f. Each row was computed by the formula and by a convolution.",
        ),
        figures=(
            Table(
                title="Pixels along a side",
                columns=("input", "kernel", "stride", "padding", "dilation", "output"),
                rows=tuple(rows),
            ),
        ),
    )


def _network(args: Args, training: Training, n_parameters: int) -> Section:
    epochs = np.arange(1, len(training.losses) + 1)
    layers = " and ".join(map(str, args.channels))
    return Section(
        heading="A whole network in NumPy",
        text=(
            f"Convolutions with {layers} kernels of 3 by 3, each followed by ReLU and max pooling, "
            f"and a dense layer: {n_parameters:,} parameters. After {args.n_epochs} epochs over "
            f"{args.n_train:,} digits it misreads {training.train_error:.1%} of them and "
            f"{training.held_out_error:.1%} of the others. The backward pass of a convolution adds "
            "up windows: a pixel gets the gradient of every window that it is in. Max pooling "
            "sends a gradient to the largest number of its window alone.",
        ),
        figures=(
            Lines(
                title="Loss by epoch",
                x_label="epoch",
                y_label="mean loss, nats",
                series=(Series(name="train", x=epochs, y=training.losses),),
                log_y=True,
            ),
        ),
    )


def _kernels(net: sequential.Sequential, digits: Digits) -> Section:
    """Show what the first layer has learnt, and what it makes of a digit."""
    w = net.parameters[0]  # (n_out, 1, 3, 3)
    first = net.modules[0].forward(digits.x[:1], training=False)
    maps = max_pool(np.maximum(first, 0), 2)
    rows: list[tuple[str | float | int, ...]] = []
    for number, kernel in enumerate(w):
        left, middle, right = (round(float(total), 2) for total in kernel.sum(axis=(0, 1)))
        largest = round(float(maps[0, number].max()), 2)
        rows.append((f"kernel {number + 1}", left, middle, right, largest))
    return Section(
        heading="What the first layer learnt",
        text=(
            "Kernels side by side, and what each makes of the same digit. Columns of a kernel "
            "that add up to numbers of opposite sign mark a vertical edge.",
        ),
        figures=(
            _picture("First kernels", np.concatenate([_framed(k[0]) for k in w], axis=1), 16),
            _picture("One digit by each", np.concatenate([_framed(m) for m in maps[0]], axis=1)),
            Table(
                title="Sums of a kernel's columns",
                columns=("", "left", "middle", "right", "largest output for this digit"),
                rows=tuple(rows),
            ),
        ),
    )


def _framed(values: np.ndarray) -> np.ndarray:
    return np.pad(values, 1)


def _jacobian_difference(net: sequential.Sequential, digits: Digits) -> float:
    """Compare the gradient by the whole Jacobian with probability minus label."""
    z, y = net.forward(digits.x), digits.y
    long = softmax_backward(cross_entropy_by_probability(softmax(z), y), z)
    return largest_difference(long, cross_entropy_backward(z, y))


def _softmax(difference: float) -> Section:
    return Section(
        heading="Back through softmax, the long way",
        text=(
            "Each probability depends on every logit: a matrix of 10 by 10 derivatives, "
            "diag(p) - p p^T. Multiplied by the gradient of the loss it gives p - y, the short way "
            f"that training takes; the two differ by {difference:.0e} at most here. The long way "
            "divides by the probability, and fails where that rounds to 0.",
        ),
    )
