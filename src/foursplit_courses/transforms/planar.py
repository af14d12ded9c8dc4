"""Points in a plane from two classes: how they are drawn, and how well any classifier can do.

Each set is a curve for each class with normal noise around it, but for the quantiles. The density
of a class at a point is then the mean over its curve, and the Bayes-optimal classifier takes the
class of the higher density.

Source: Ng, DLS C1 W3 (flower, circles, moons, blobs, Gaussian quantiles) and C2 W1 and W2.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from foursplit.core.dataset_spec import DatasetSpec, ReferenceLevel

Points = Float[np.ndarray, "point 2"]
Classes = Int[np.ndarray, " point"]
Sample = Callable[[int, np.random.Generator], tuple[Points, Classes]]

FEATURES = ("across", "up")
N_CURVE = 2000  # points that stand for a class's curve
PETALS, PETAL_NOISE = 4.0, 0.2  # of the flower: radius in length units, noise of angle and radius
SWEEP = 3.12  # radians that each class of the flower covers, as in the course


@dataclass(frozen=True, slots=True)
class CurveSet:
    """Two classes as noise of standard deviation `noise` around curves of (class, point, 2)."""

    curves: Float[np.ndarray, "2 curve 2"]
    noise: float

    def sample(self, n: int, rng: np.random.Generator) -> tuple[Points, Classes]:
        """Draw `n` points, the classes in turn."""
        y = np.arange(n) % 2
        at = rng.integers(self.curves.shape[1], size=n)
        return self.curves[y, at] + rng.normal(0, self.noise, (n, 2)), y

    def bayes_classes(self, points: Points) -> Classes:
        """Return the class of higher density at each point."""
        log_density = np.empty((2, len(points)))
        for k, curve in enumerate(self.curves):
            for start in range(0, len(points), 1000):
                part = slice(start, start + 1000)
                squares = ((points[part, None] - curve) ** 2).sum(axis=2)
                exponent = -squares / (2 * self.noise**2)
                largest = exponent.max(axis=1, keepdims=True)
                mean = np.exp(exponent - largest).mean(axis=1)
                log_density[k, part] = largest[:, 0] + np.log(mean)
        return np.asarray(log_density.argmax(axis=0))


def circles() -> CurveSet:
    """Return two circles of radius 1 and 0.8."""
    angle = np.linspace(0, 2 * np.pi, N_CURVE, endpoint=False)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return CurveSet(np.stack([circle, 0.8 * circle]), 0.05)


def moons() -> CurveSet:
    """Return two half circles, each of which reaches into the other."""
    angle = np.linspace(0, np.pi, N_CURVE)
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lower = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], axis=1)
    return CurveSet(np.stack([upper, lower]), 0.2)


def blobs() -> CurveSet:
    """Return six round blobs, three of each class in turn around a circle and near one another."""
    angle = np.arange(6) * np.pi / 3
    centres = 1.5 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return CurveSet(np.stack([centres[::2], centres[1::2]]), 0.5)


def flower_sample(n: int, rng: np.random.Generator) -> tuple[Points, Classes]:
    """Draw `n` points of the flower, the classes in turn: each covers half of its petals."""
    y = np.arange(n) % 2
    angle = (y + rng.random(n)) * SWEEP + rng.normal(0, PETAL_NOISE, n)
    radius = PETALS * np.sin(4 * angle) + rng.normal(0, PETAL_NOISE, n)
    return np.stack([radius * np.sin(angle), radius * np.cos(angle)], axis=1), y


def flower_bayes_classes(points: Points) -> Classes:
    """Return the class of higher density at each point of the flower.

    A point has one angle and radius for each whole turn, and again half a turn on with the radius
    negative; its density is the sum over all of them, and 1 / radius cancels.
    """
    from scipy.special import ndtr

    radius = np.hypot(*points.T)
    first = np.arctan2(points[:, 0], points[:, 1])
    density = np.zeros((2, len(points)))
    for half_turns in range(-3, 6):
        angle = first + half_turns * np.pi
        signed = radius * (-1) ** half_turns
        by_radius = np.exp(-((signed - PETALS * np.sin(4 * angle)) ** 2) / (2 * PETAL_NOISE**2))
        for k in range(2):
            ends = (angle - k * SWEEP) / PETAL_NOISE, (angle - (k + 1) * SWEEP) / PETAL_NOISE
            density[k] += (ndtr(ends[0]) - ndtr(ends[1])) * by_radius
    return np.asarray(density.argmax(axis=0))


def quantiles_sample(n: int, rng: np.random.Generator) -> tuple[Points, Classes]:
    """Draw `n` normal points; the inner half of the plane's chance is one class, the rest other."""
    points = rng.normal(size=(n, 2))
    return points, (np.hypot(*points.T) > np.sqrt(2 * np.log(2))).astype(int)


def football_chance(points: Points) -> Float[np.ndarray, " point"]:
    """Return the chance of class 1 at each point: 1/2 on a wave, steep across it."""
    above = points[:, 1] - 0.4 * np.sin(2.5 * points[:, 0])
    return np.asarray(1 / (1 + np.exp(-8 * above)))


def football_sample(n: int, rng: np.random.Generator) -> tuple[Points, Classes]:
    """Draw `n` points evenly from the square of side 2, and each class by its chance."""
    points = rng.uniform(-1, 1, (n, 2))
    return points, (rng.random(n) < football_chance(points)).astype(int)


def football_bayes_classes(points: Points) -> Classes:
    return (football_chance(points) > 0.5).astype(int)


def table(sample: Sample, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return one row a point: its place, its class, and the quarter of the plane it lies in."""
    points, y = sample(n, rng)
    frame = pd.DataFrame(points, columns=list(FEATURES))
    frame["colour"] = y
    vertical = np.where(points[:, 1] < 0, "lower", "upper")
    sides = np.where(points[:, 0] < 0, "left", "right")
    frame["quarter"] = [f"{a} {b}" for a, b in zip(vertical, sides, strict=True)]
    return frame


def spec(title: str, provenance: str, bayes: Mapping[str, Any]) -> DatasetSpec:
    """Return the facts of a set; `bayes` has the least possible error and how it is known."""
    return DatasetSpec(
        title=title,
        provenance=provenance,
        licence="made here",
        files=(),
        target="colour",
        classes=("red", "blue"),
        features=FEATURES,
        row_is_unit="one row is one point, drawn apart from the others",
        slices=("quarter",),
        reference=ReferenceLevel(
            error=bayes["error"], kind="best known", citation=bayes["citation"]
        ),
    )


def suite(n: int, limit: float) -> list[Any]:
    """Return the expectations on `n` points, all of which lie within `limit` of the middle."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectTableRowCountToEqual(value=n),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="colour", value_set=[0, 1]),
        *(
            gxe.ExpectColumnValuesToBeBetween(column=name, min_value=-limit, max_value=limit)
            for name in FEATURES
        ),
    ]
