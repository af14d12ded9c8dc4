"""Sliding windows as one convolution: the scores of every crop, without computing a pixel twice.

Source: Ng, DLS C4 W3 (convolutional implementation of sliding windows); Sermanet et al. (2014),
OverFeat, section 3.3 and figure 5.
"""

from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np

from foursplit.core.lesson_figures import Lesson, Lines, Section, Series, Table
from foursplit.core.seeds import generator
from foursplit_courses.argument_checks import check_at_least
from foursplit_courses.from_scratch.convolution import convolve
from foursplit_courses.from_scratch.dense import dense
from foursplit_courses.from_scratch.pooling import max_pool
from foursplit_courses.lesson_helpers.differences import largest_difference

DEPTH = 3  # colours
KERNEL, POOL = 5, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set; the defaults are the network that the course draws."""

    window: int = 14  # pixels a side of a crop
    channels: int = 16  # of the convolution
    hidden: int = 400  # units of the first dense layer
    n_classes: int = 4
    sides: tuple[int, ...] = (14, 16, 28, 56)  # of the pictures

    def __post_init__(self) -> None:
        check_at_least(self, window=KERNEL + 1, channels=1, hidden=1, n_classes=1)
        if (self.window - KERNEL + 1) % POOL:
            raise ValueError(f"window: {self.window} must be odd plus {KERNEL}, to be pooled by 2")
        if not self.sides or any(s < self.window or (s - self.window) % POOL for s in self.sides):
            raise ValueError(
                f"sides: {self.sides} must be {self.window} or larger by a multiple of {POOL}"
            )


class Network(NamedTuple):
    """Weights of a convolution and of two dense layers over all that pooling leaves of a window."""

    w: np.ndarray  # (channel, colour, row, column)
    b: np.ndarray
    hidden_w: np.ndarray  # (input, unit)
    hidden_b: np.ndarray
    last_w: np.ndarray
    last_b: np.ndarray


class Cost(NamedTuple):
    """Windows of a picture, products of both ways, and how far their scores are apart."""

    side: int
    n_windows: int
    by_crops: int
    at_once: int
    difference: float


def run(args: Args) -> Lesson:
    """Measure and draw all of it."""
    network = _draw(args)
    costs = [_compare(args, network, side) for side in args.sides]
    last = costs[-1]
    difference = max(cost.difference for cost in costs)
    numbers = {"largest_difference": difference}
    for cost in costs:
        numbers[f"windows_{cost.side}"] = float(cost.n_windows)
        numbers[f"saved_{cost.side}"] = 1 - cost.at_once / cost.by_crops
    return Lesson(
        title="Sliding windows as one convolution",
        lead=(
            f"A picture of {last.side} by {last.side} pixels has {last.n_windows} windows of "
            f"{args.window} by {args.window}. One pass over all of it gives the scores of every "
            f"window with {numbers[f'saved_{last.side}']:.0%} fewer products than one pass a crop."
        ),
        sections=(_dense_as_convolution(args, difference), _saved(costs)),
        numbers=numbers,
        source="Ng, DLS C4 W3; Sermanet et al. (2014)",
    )


def _draw(args: Args) -> Network:
    """Draw weights: which they are does not matter, the two ways must agree for all."""
    rng = generator("sliding windows")
    n_features = args.channels * ((args.window - KERNEL + 1) // POOL) ** 2

    def weights(*shape: int) -> np.ndarray:
        return rng.normal(0, shape[0] ** -0.5, shape)

    return Network(
        w=rng.normal(0, 0.1, (args.channels, DEPTH, KERNEL, KERNEL)),
        b=rng.normal(0, 0.1, args.channels),
        hidden_w=weights(n_features, args.hidden),
        hidden_b=rng.normal(0, 0.1, args.hidden),
        last_w=weights(args.hidden, args.n_classes),
        last_b=rng.normal(0, 0.1, args.n_classes),
    )


def score_crop(network: Network, x: np.ndarray) -> np.ndarray:
    """Return the (batch, class) scores of crops (batch, colour, row, column), by dense layers."""
    pooled = max_pool(np.maximum(convolve(x, network.w, network.b), 0), POOL)
    hidden = np.maximum(dense(pooled.reshape(len(x), -1), network.hidden_w, network.hidden_b), 0)
    return dense(hidden, network.last_w, network.last_b)


def score_all(network: Network, x: np.ndarray) -> np.ndarray:
    """Return the (batch, class, row, column) scores of all windows in one pass.

    The first dense layer is a convolution whose kernel is as large as what it read of a window, the
    second one of 1 by 1.
    """
    pooled = max_pool(np.maximum(convolve(x, network.w, network.b), 0), POOL)
    n_channels = len(network.w)
    side = round((len(network.hidden_w) / n_channels) ** 0.5)
    hidden_kernels = network.hidden_w.T.reshape(-1, n_channels, side, side)
    hidden = np.maximum(convolve(pooled, hidden_kernels, network.hidden_b), 0)
    return convolve(hidden, network.last_w.T[:, :, None, None], network.last_b)


def _compare(args: Args, network: Network, side: int) -> Cost:
    """Score a picture both ways, and count the products of each."""
    x = generator("sliding windows: picture", side).normal(size=(1, DEPTH, side, side))
    together = score_all(network, x)[0]  # (class, row, column)
    starts = range(0, side - args.window + 1, POOL)
    crops = np.concatenate(
        [x[:, :, r : r + args.window, c : c + args.window] for r, c in product(starts, starts)]
    )
    alone = score_crop(network, crops).T.reshape(args.n_classes, len(starts), len(starts))
    return Cost(
        side,
        len(starts) ** 2,
        len(starts) ** 2 * _products(network, args.window, args.window),
        _products(network, side, args.window),
        largest_difference(together, alone),
    )


def _products(network: Network, side: int, window: int) -> int:
    """Count the products of one pass over a picture of `side`."""
    n_windows = ((side - window) // POOL + 1) ** 2
    first = (side - KERNEL + 1) ** 2 * network.w.size
    return int(first + n_windows * (network.hidden_w.size + network.last_w.size))


def _dense_as_convolution(args: Args, difference: float) -> Section:
    pooled = (args.window - KERNEL + 1) // POOL
    return Section(
        heading="A dense layer is a convolution",
        text=(
            f"Pooling leaves {pooled} by {pooled} places of a window. A dense unit over all of "
            f"them is a kernel of {pooled} by {pooled} that fits at one place only. On a larger "
            "picture the same kernel fits at more places, and each is the answer for another "
            f"window. The stride between windows is that of the pooling, {POOL} pixels.",
            "The scores of both ways, with weights drawn at random, differ by at most "
            f"{difference:.0e}.",
        ),
    )


def _saved(costs: list[Cost]) -> Section:
    sides = [cost.side for cost in costs]
    return Section(
        heading="What is saved",
        text=(
            "Neighbouring windows share most of their pixels, and the first convolution computes "
            "each place once instead of once a window. The dense layers answer for each window "
            "anyway: what they cost cannot be shared, and it limits what is saved.",
        ),
        figures=(
            Table(
                title="Products by the size of the picture",
                columns=("pixels a side", "windows", "by crops", "at once", "times fewer"),
                rows=tuple(
                    (c.side, c.n_windows, c.by_crops, c.at_once, round(c.by_crops / c.at_once, 2))
                    for c in costs
                ),
            ),
            Lines(
                title="Products by both ways",
                x_label="pixels a side",
                y_label="products",
                series=(
                    Series(name="by crops", x=sides, y=[c.by_crops for c in costs]),
                    Series(name="at once", x=sides, y=[c.at_once for c in costs]),
                ),
                log_y=True,
            ),
        ),
    )
