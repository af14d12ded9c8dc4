"""Dropout and L2 on the football points: boundaries, and errors with intervals over draws.

The points are drawn from the rule of the data set `planar_football`, which knows the best boundary.

Source: Ng, DLS C2 W1 (regularization); Srivastava et al. (2014), Dropout.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from foursplit.core.lesson_figures import Lesson, Regions, Section, Slider, Table
from foursplit.core.seeds import generator
from foursplit_courses.argument_checks import check_at_least
from foursplit_courses.from_scratch import sequential
from foursplit_courses.from_scratch.activations import sigmoid
from foursplit_courses.from_scratch.losses import BINARY_CROSS_ENTROPY
from foursplit_courses.from_scratch.optimizers import OptimizerConfig
from foursplit_courses.lesson_helpers.differences import t_interval
from foursplit_courses.lesson_helpers.planes import class_series, square_plane
from foursplit_courses.transforms.planar import football_bayes_classes, football_sample

CONFIDENCE = 0.95
CLASSES = ("red", "blue")
SIZES = (2, 20, 10, 1)  # units by layer, inputs first
PLAIN, L2, DROPOUT = "no regularization", "L2 penalty", "dropout"


class Variant(NamedTuple):
    """What is added to the same training."""

    weight_decay: float
    keep: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    n_draws: int = 5
    n_train: int = 211  # as many as the course trains on
    n_test: int = 5000
    keep: float = 0.86  # of hidden units, the course's
    l2: float = 0.7  # the course's lambda
    n_epochs: int = 800
    learning_rate: float = 0.01

    def __post_init__(self) -> None:
        check_at_least(self, n_draws=2, n_train=10, n_test=10, n_epochs=1)
        if not 0 < self.keep < 1:
            raise ValueError(f"keep: {self.keep} must be between 0 and 1")

    @property
    def variants(self) -> Mapping[str, Variant]:
        return {
            PLAIN: Variant(0.0, 1.0),
            L2: Variant(self.l2 / self.n_train, 1.0),
            DROPOUT: Variant(0.0, self.keep),
        }


class Errors(NamedTuple):
    """Shares of wrong answers (draw,)."""

    train: np.ndarray
    test: np.ndarray


def run(args: Args) -> Lesson:
    """Train each variant on the same draws, from the same weights."""
    test_x, test_y = football_sample(args.n_test, generator("boundaries by dropout: test"))
    best = float((football_bayes_classes(test_x) != test_y).mean())
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in args.variants}
    pictures: dict[str, Regions] = {}
    for draw in range(args.n_draws):
        x, y = football_sample(args.n_train, generator("boundaries by dropout", draw))
        for name, variant in args.variants.items():
            network = train(args, variant, x, y, draw)
            errors = tuple(wrong(network, *part) for part in ((x, y), (test_x, test_y)))
            found[name].append((errors[0], errors[1]))
            if draw == 0:
                pictures[name] = _picture(name, network, x, y)
    by_name = {name: Errors(*np.array(rows).T) for name, rows in found.items()}
    gains = {name: by_name[PLAIN].test - by_name[name].test for name in (L2, DROPOUT)}
    return Lesson(
        title="Dropout and L2 penalty",
        lead=(
            f"On test, {_gain(L2, gains[L2])}, and {_gain(DROPOUT, gains[DROPOUT])}; the best "
            f"boundary that there is errs on {best:.1%}."
        ),
        sections=(_boundaries(args, pictures), _table(args, by_name, gains, best)),
        numbers={
            **{f"train_{_key(name)}": float(e.train.mean()) for name, e in by_name.items()},
            **{f"test_{_key(name)}": float(e.test.mean()) for name, e in by_name.items()},
            "test_best": best,
        },
        source="Ng, DLS C2 W1",
    )


def train(
    args: Args, variant: Variant, x: np.ndarray, y: np.ndarray, draw: int
) -> sequential.Sequential:
    """Train a network on all points in each step."""
    rng = generator("boundaries by dropout: weights", draw)
    network = sequential.build(SIZES, "relu", rng, keep=variant.keep)
    config = sequential.FitConfig(
        n_epochs=args.n_epochs,
        learning_rate=args.learning_rate,
        batch_size=args.n_train,
        weight_decay=variant.weight_decay,
        optimizer=OptimizerConfig(name="adam"),
    )
    sequential.fit(network, x, y[:, None].astype(float), BINARY_CROSS_ENTROPY, config, rng)
    return network


def wrong(network: sequential.Sequential, x: np.ndarray, y: np.ndarray) -> float:
    """Return the share of points on the wrong side of the boundary; nothing is dropped."""
    return float(((network.forward(x)[:, 0] > 0) != (y == 1)).mean())


def _gain(name: str, fewer: np.ndarray) -> str:
    low, high = t_interval(100 * fewer, CONFIDENCE)
    interval = f"{low:+.1f} to {high:+.1f} points"
    if low > 0:
        return f"{name} takes {100 * fewer.mean():.1f} points of error off ({interval})"
    if high < 0:
        return f"{name} adds {-100 * fewer.mean():.1f} points of error ({interval} off)"
    return f"{name} is not distinguished from none ({interval} off)"


def _picture(name: str, network: sequential.Sequential, x: np.ndarray, y: np.ndarray) -> Regions:
    plane = square_plane(-1, 1, 51, "across", "up")
    chances = sigmoid(network.forward(plane.points)[:, 0])
    return plane.regions(
        f"With {name}" if name != PLAIN else "Without",
        chances,
        CLASSES,
        class_series(x, y, CLASSES, ("points", "crosses")),
    )


def _boundaries(args: Args, pictures: Mapping[str, Regions]) -> Section:
    return Section(
        heading="The boundary",
        text=(
            f"{args.n_train} points; the chance of blue is one half on a wave and steep across "
            "it. A network of 20 and 10 units can go round single points. A penalty keeps its "
            f"weights small; dropout leaves each hidden unit out of a step with a chance of "
            f"{1 - args.keep:.0%} and divides the others by {args.keep:g}, so that sums keep "
            "their mean and nothing is changed when it answers.",
        ),
        figures=(
            Slider(
                title="Who is likelier where",
                label="training",
                values=tuple(pictures),
                figures=tuple(pictures.values()),
            ),
        ),
    )


def _table(
    args: Args, errors: Mapping[str, Errors], gains: Mapping[str, np.ndarray], best: float
) -> Section:
    rows = tuple(
        (
            name,
            f"{e.train.mean():.1%}",
            f"{e.test.mean():.1%}",
            "–"
            if name == PLAIN
            else "{:+.1f} to {:+.1f}".format(*t_interval(100 * gains[name], CONFIDENCE)),
        )
        for name, e in errors.items()
    )
    return Section(
        heading="Errors",
        text=(
            f"Means of {args.n_draws} draws of points and weights; variants of a draw share both. "
            f"Test is {args.n_test:,} other points. The course prints accuracies of one draw.",
        ),
        figures=(
            Table(
                title="Wrong answers",
                columns=(
                    "training",
                    "train",
                    "test",
                    f"points of test error taken off, {CONFIDENCE:.0%} interval",
                ),
                rows=rows,
                caption=f"The best boundary, which the rule knows: {best:.1%} of test.",
            ),
        ),
    )


def _key(name: str) -> str:
    return name.lower().replace(" ", "_")
