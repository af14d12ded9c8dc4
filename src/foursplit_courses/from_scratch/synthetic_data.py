"""Examples made from a stated rule, for lessons whose own tables may not be carried along.

Knowing the rule, a study can say what no real table tells: how far an answer is from the truth.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from foursplit_courses.from_scratch.gradient_descent import Parameters
from foursplit_courses.from_scratch.linear import Inputs, Targets, predict
from foursplit_courses.from_scratch.logistic import sigmoid


class Table(NamedTuple):
    """Examples as rows, and their answers."""

    x: Inputs
    y: Targets

    def parted(self, n_first: int) -> tuple["Table", "Table"]:
        """Cut into the first examples and the rest: they are drawn in no order."""
        first, rest = slice(None, n_first), slice(n_first, None)
        return Table(self.x[first], self.y[first]), Table(self.x[rest], self.y[rest])


TOWN = ("area", "bedrooms", "floors", "age")  # square feet, and years
TOWN_RULE = Parameters(np.array([0.25, 10.0, -15.0, -0.8]), 60.0)  # in 1,000 dollars each
TOWN_NOISE = 20.0  # standard deviation of a price, in 1,000 dollars


def town(n: int, rng: np.random.Generator) -> Table:
    """Draw houses whose price is linear in what is known of them, up to noise."""
    area = np.clip(rng.normal(1400, 400, n), 500, None)
    bedrooms = np.clip(np.round(area / 500 + rng.normal(0, 0.7, n)), 1, 6)
    floors = 1.0 + (rng.random(n) < 0.4)
    age = rng.uniform(0, 100, n)
    x = np.column_stack([np.round(area), bedrooms, floors, np.round(age)])
    return Table(x, predict(x, TOWN_RULE) + rng.normal(0, TOWN_NOISE, n))


def wave(x: Float64[np.ndarray, " example"]) -> Float64[np.ndarray, " example"]:
    """Give the truth behind `noisy_wave`: one and a half periods over [-1, 1]."""
    return np.sin(1.5 * np.pi * x)


def noisy_wave(n: int, noise: float, rng: np.random.Generator) -> Table:
    """Spread one input evenly over [-1, 1], shuffled, and add noise to the wave's height there."""
    x = rng.permutation(np.linspace(-1, 1, n))
    return Table(x[:, None], wave(x) + rng.normal(0, noise, n))


def admitted(n: int, rng: np.random.Generator) -> Table:
    """Draw students with two scores of 30 to 100, taken in by their sum, with some chance left."""
    x = rng.uniform(30, 100, (n, 2))
    chance = sigmoid((x.sum(axis=1) - 125) / 7)
    return Table(x, (rng.random(n) < chance).astype(np.float64))


def chips(n: int, rng: np.random.Generator) -> Table:
    """Draw parts with two test values on [-1, 1], mostly good inside an ellipse."""
    x = rng.uniform(-1, 1, (n, 2))
    inside = 0.5 - (x[:, 0] ** 2 + (x[:, 1] - 0.2) ** 2 + 0.5 * x[:, 0] * x[:, 1])
    return Table(x, (rng.random(n) < sigmoid(8 * inside)).astype(np.float64))
