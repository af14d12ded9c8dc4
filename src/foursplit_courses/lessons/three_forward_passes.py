"""One network for 28 by 28 digits, run forward by loops, by matrix products and by PyTorch.

The weights are those that the pipeline trained.  Pictures are of the published training part: the
published test stays closed.

Source: Ng, MLS C2 W1 (forward propagation by loops and by matrix products) and W2 (a network for
ten digits).
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from foursplit.core.lesson_figures import Lesson, Lines, Picture, Section, Series, Slider, Table
from foursplit.core.trained_experiment import TrainedExperiment
from foursplit_courses.argument_checks import check_at_least
from foursplit_courses.from_scratch.dense import dense, dense_by_unit
from foursplit_courses.from_scratch.rounding import ceil_power_of_ten
from foursplit_courses.from_scratch.softmax import softmax

N_FOLLOWED = 6  # pictures whose answers are drawn
N_COLUMNS = 12  # of the sheet of misread pictures
GAP = 2  # pixels between them
LOOP, PRODUCT, PYTORCH = "loops", "matrix products", "PyTorch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    n_by_loop: int = 10  # pictures that loops answer too: some 20,000 products each
    n_pictures: int = 5000  # as many as the course trains on

    def __post_init__(self) -> None:
        check_at_least(self, n_by_loop=1, n_pictures=N_FOLLOWED)
        if self.n_by_loop > self.n_pictures:
            raise ValueError(f"n_by_loop: {self.n_by_loop} must be at most {self.n_pictures}")


class Network(NamedTuple):
    """Weights (inputs, units) and biases (units) of each layer; the input's mean and scale."""

    layers: tuple[tuple[np.ndarray, np.ndarray], ...]
    mean: float
    scale: float


def run(args: Args, trained: TrainedExperiment) -> Lesson:
    """Answer the same pictures in three ways."""
    net = copy.deepcopy(next(iter(trained.models.values()))).double()
    pictures, digits = _pictures(trained.table, args.n_pictures)
    network = read_network(net)
    logits = {
        PYTORCH: _by_pytorch(net, pictures),
        PRODUCT: forward(network, pictures, dense),
        LOOP: forward(network, pictures[: args.n_by_loop], dense_by_unit),
    }
    gaps = {
        (a, b): _largest_gap(logits[a], logits[b])
        for a, b in ((LOOP, PRODUCT), (PRODUCT, PYTORCH), (LOOP, PYTORCH))
    }
    answers = logits[PRODUCT].argmax(axis=1)
    wrong = np.flatnonzero(answers != digits)
    largest = ceil_power_of_ten(max(gaps.values()))
    return Lesson(
        title="Three forward passes",
        lead=(
            f"Loops, matrix products and PyTorch give the same logits for 28 by 28 digits, to "
            f"{largest:.0e}. The network misreads {len(wrong)} of {len(digits):,} pictures of the "
            "published training part, most of which it learnt from."
        ),
        sections=(
            _equal(args, gaps, network),
            _followed(pictures, digits, logits[PRODUCT]),
            _misread(pictures, digits, answers, wrong),
        ),
        numbers={"largest_gap_below": largest, "misread": len(wrong), "pictures": len(digits)},
        source="Ng, MLS C2 W1 and W2",
    )


def read_network(net: Any) -> Network:
    """Read the weights of a multilayer perceptron of PyTorch that standardizes its input first."""
    layers = tuple(
        (layer.weight.detach().numpy().T, layer.bias.detach().numpy())
        for layer in net
        if hasattr(layer, "weight")
    )
    return Network(layers, float(net[0].mean), float(net[0].scale))


def forward(
    network: Network,
    pictures: np.ndarray,
    sums: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
) -> np.ndarray:
    """Compute logits (picture, digit) with `sums` for each layer and ReLU between them."""
    x = ((pictures - network.mean) / network.scale).reshape(len(pictures), -1)
    for number, (w, b) in enumerate(network.layers, start=1):
        x = sums(x, w, b)
        if number < len(network.layers):
            x = np.maximum(x, 0)
    return x


def _pictures(table: Any, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the first `n` pictures (picture, 1, 28, 28) of the published training part."""
    rows = np.flatnonzero((table.metadata["official_split"] == "train").to_numpy())[:n]
    return np.asarray(table.x[rows], np.float64), table.metadata["digit"].to_numpy()[rows]


def _by_pytorch(net: Any, pictures: np.ndarray) -> np.ndarray:
    import torch

    with torch.no_grad():
        logits: np.ndarray = net.eval()(torch.from_numpy(pictures)).numpy()
    return logits


def _largest_gap(first: np.ndarray, second: np.ndarray) -> float:
    n = min(len(first), len(second))
    return float(np.abs(first[:n] - second[:n]).max()) or np.finfo(float).eps


def _equal(args: Args, gaps: dict[tuple[str, str], float], network: Network) -> Section:
    sizes = [network.layers[0][0].shape[0], *(w.shape[1] for w, _ in network.layers)]
    products = sum(a * b for a, b in pairwise(sizes))
    return Section(
        heading="The same sums",
        text=(
            f"Layers of {', '.join(map(str, sizes[1:]))} units on {sizes[0]} pixels: {products:,} "
            "products a picture. The loop takes them one by one, as by hand; the matrix product "
            "takes a layer of all pictures at once; PyTorch does the same in the order that it "
            "likes. What differs is the order of sums, and with it the last digits.",
        ),
        figures=(
            Table(
                title="Largest difference of a logit, in double precision",
                columns=("way", "other way", "pictures", "below"),
                rows=tuple(
                    (a, b, args.n_by_loop if LOOP in (a, b) else args.n_pictures, f"{c:.0e}")
                    for (a, b), c in ((pair, ceil_power_of_ten(gap)) for pair, gap in gaps.items())
                ),
            ),
        ),
    )


def _followed(pictures: np.ndarray, digits: np.ndarray, logits: np.ndarray) -> Section:
    chances = softmax(logits[:N_FOLLOWED])
    return Section(
        heading="From pixels to ten chances",
        text=("The last layer's logits go through softmax; the largest is the answer.",),
        figures=(
            _sheet("The pictures", pictures[:N_FOLLOWED, 0], zoom=3),
            Slider(
                title="Chances of the ten digits",
                label="picture",
                values=tuple(str(n + 1) for n in range(N_FOLLOWED)),
                figures=tuple(
                    Lines(
                        title=f"A {digit}, read as {int(row.argmax())}",
                        x_label="digit",
                        y_label="chance",
                        y_range=(0.0, 1.0),
                        series=(Series(name="", x=np.arange(10), y=row, mark="bars"),),
                    )
                    for digit, row in zip(digits, chances, strict=False)
                ),
            ),
        ),
    )


def _misread(
    pictures: np.ndarray, digits: np.ndarray, answers: np.ndarray, wrong: np.ndarray
) -> Section:
    shown = wrong[: 3 * N_COLUMNS]
    pairs = ", ".join(f"{digits[n]} as {answers[n]}" for n in shown)
    return Section(
        heading="What it misreads",
        text=(
            "The course prints 15 misread pictures of the 5,000 that its network learnt from for "
            "40 epochs. Here they are others, of 28 by 28 pixels, and the network learnt from "
            "over 50,000 for fewer epochs; the report's page of the experiment has the error on "
            "pictures that it did not learn from.",
        ),
        figures=(_sheet("Misread pictures", pictures[shown, 0], zoom=2, caption=pairs),)
        if len(shown)
        else (),
    )


def _sheet(title: str, pictures: np.ndarray, *, zoom: int, caption: str = "") -> Picture:
    """Lay pictures (picture, row, column), 0 paper to 1 ink, on a sheet of `N_COLUMNS`."""
    n, side, _ = pictures.shape
    n_rows, cell = -(-n // N_COLUMNS), side + GAP
    sheet = np.zeros((n_rows * cell, min(n, N_COLUMNS) * cell))
    for number, picture in enumerate(pictures):
        row, column = divmod(number, N_COLUMNS)
        sheet[row * cell : row * cell + side, column * cell : column * cell + side] = picture
    grey = (255 * (1 - sheet)).round().astype(np.uint8)
    return Picture(title=title, pixels=np.dstack([grey] * 3), zoom=zoom, caption=caption)
