"""A network to play with: data, layers, activation, learning rate and penalty, trained beforehand.

Source: Ng, DLS C1 W3 (planar data, one hidden layer) and C2 W1 (regularization); the idea of a
playground: Smilkov et al. (2017), Direct-manipulation visualization of deep networks.
"""

import base64
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np

from foursplit.core.lesson_figures import Lesson, Playground, Section, Table
from foursplit.core.seeds import generator
from foursplit_courses.argument_checks import check_at_least
from foursplit_courses.from_scratch import losses, sequential
from foursplit_courses.transforms import planar

LAYERS = ((3,), (8,), (4, 4))
ACTIVATIONS: tuple[Literal["relu", "tanh"], ...] = ("relu", "tanh")
RATES = (0.03, 0.3, 3.0)
PENALTIES = (0.0, 0.01)
HALF_WIDTH = 2.6  # standard deviations
RADIUS, NOISE = 0.4, 0.12  # of the rings: the inner one's radius, and what both are off


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    n_points: int = 120
    steps: tuple[int, ...] = (0, 5, 10, 20, 40, 80, 150, 250, 400)

    def __post_init__(self) -> None:
        check_at_least(self, n_points=4)
        if not self.steps or min(self.steps) < 0 or sorted(set(self.steps)) != list(self.steps):
            raise ValueError(f"steps: {self.steps} must be counts that rise, one or more")


def run(args: Args) -> Lesson:
    """Train every combination from the same draw of weights."""
    sets = _sets(args.n_points)
    weights, wrong = [], {}
    names = list(sets)
    for name, layers, activation, rate, penalty in product(
        names, LAYERS, ACTIVATIONS, RATES, PENALTIES
    ):
        path, error = _train(sets[name], layers, activation, rate, penalty, args.steps)
        weights.append(path)
        wrong[name, layers, activation, rate, penalty] = error
    figure = Playground(
        title="A small network and what each of its units says of the plane",
        data=tuple(names),
        points=tuple(sets.values()),
        layers=LAYERS,
        activations=ACTIVATIONS,
        others=(
            ("learning rate", tuple(f"{rate:g}" for rate in RATES)),
            ("L2 penalty", tuple(f"{penalty:g}" for penalty in PENALTIES)),
        ),
        steps=args.steps,
        half_width=HALF_WIDTH,
        weights=base64.b64encode(np.concatenate(weights).astype("<f4").tobytes()).decode("ascii"),
        start=(0, 1, 1, 2, 0),
        caption=(
            "Blue and orange: the answer, or a unit's activation, below and above its middle; pale "
            "where it is near it. Steps take all points; the data are standardized."
        ),
    )
    best = {
        name: min((error, key[1:]) for key, error in wrong.items() if key[0] == name)
        for name in names
    }
    failed = sum(error > 0.25 for error in wrong.values())
    return Lesson(
        title="Network playground",
        lead=(
            f"{len(wrong)} small networks, each trained for {args.steps[-1]} steps: {failed} of "
            "them still err on more than a quarter of their points. Choose, play, and look at what "
            "the hidden units have learnt."
        ),
        sections=(
            Section(
                heading="Choose and play",
                text=(
                    "Each hidden unit of the first layer says on which side of a line a point is; "
                    "the next layer adds these answers up. Three units fence in a ring, which one "
                    "or two cannot. A small rate leaves the boundary where it began, a large one "
                    "makes it jump, and a penalty keeps it smooth.",
                ),
                figures=(figure,),
            ),
            Section(
                heading="The best of each data set",
                figures=(
                    Table(
                        title="Fewest errors on the points that were learnt",
                        columns=("data", "hidden units", "activation", "rate", "penalty", "error"),
                        rows=tuple(
                            (
                                name,
                                "–".join(map(str, layers)),
                                activation,
                                f"{rate:g}",
                                f"{penalty:g}",
                                f"{error:.1%}",
                            )
                            for name, (error, (layers, activation, rate, penalty)) in best.items()
                        ),
                        caption="These are training errors: nothing here is a choice of a model.",
                    ),
                ),
            ),
        ),
        numbers={
            "n_networks": float(len(wrong)),
            "n_above_a_quarter": float(failed),
            **{f"best_train_error_{name.split()[-1]}": best[name][0] for name in names},
        },
        source="Ng, DLS C1 W3 and C2 W1; Smilkov et al. (2017)",
    )


def _sets(n_points: int) -> dict[str, np.ndarray]:
    """Draw the data sets, (point, 3): two standardized inputs and a class."""
    ring = planar.circles().curves[0]
    rings = planar.CurveSet(np.stack([ring, RADIUS * ring]), NOISE)
    draws = {
        "two moons": planar.moons().sample,
        "two rings": rings.sample,
        "six blobs": planar.blobs().sample,
        "a flower": planar.flower_sample,
    }
    sets = {}
    for name, draw in draws.items():
        x, y = draw(n_points, generator("network playground", name))
        x = (x - x.mean(axis=0)) / x.std(axis=0)
        sets[name] = np.round(np.column_stack([x, y]), 3)
    return sets


def _train(
    points: np.ndarray,
    layers: tuple[int, ...],
    activation: Literal["relu", "tanh"],
    rate: float,
    penalty: float,
    steps: tuple[int, ...],
) -> tuple[np.ndarray, float]:
    """Return the weights after each of `steps`, all in one axis, and the last training error."""
    x, y = points[:, :2], points[:, 2:]
    rng = generator("network playground: weights", len(layers), sum(layers))
    net = sequential.build((2, *layers, 1), activation, rng)
    path = []
    with np.errstate(all="ignore"):  # a rate that is too large is one of the choices
        for step in range(steps[-1] + 1):
            if step in steps:
                path += [_flat(net.parameters)]
            _, gradients = sequential.loss_and_gradients(
                net, x, y, losses.BINARY_CROSS_ENTROPY, penalty
            )
            net.parameters = [p - rate * g for p, g in zip(net.parameters, gradients, strict=True)]
        *_, last = path
        net.parameters = _shaped(last, net.parameters)
        error = float(((net.forward(x) > 0) != (y == 1)).mean())
    return np.nan_to_num(np.concatenate(path)), error


def _flat(parameters: list[np.ndarray]) -> np.ndarray:
    """Join matrices as (unit, input) and biases, as a playground stores them."""
    return np.concatenate([p.T.ravel() for p in parameters])


def _shaped(flat: np.ndarray, like: list[np.ndarray]) -> list[np.ndarray]:
    """Undo `_flat`."""
    shaped, start = [], 0
    for p in like:
        shaped.append(flat[start : start + p.size].reshape(p.T.shape).T)
        start += p.size
    return shaped
