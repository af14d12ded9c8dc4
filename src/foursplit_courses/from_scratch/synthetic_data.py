"""Synthetic data sets with known parameters, for lessons whose tables may not be redistributed.

Knowing the parameters, a lesson can compare a prediction with the truth.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from foursplit_courses.from_scratch.gradient_descent import Parameters
from foursplit_courses.from_scratch.linear import Inputs, Targets, predict
from foursplit_courses.from_scratch.logistic import sigmoid


class Dataset(NamedTuple):
    """Inputs (a row per example) and targets."""

    x: Inputs
    y: Targets

    def split(self, n_first: int) -> tuple["Dataset", "Dataset"]:
        """Split into the first `n_first` examples and the rest; the order is random."""
        first, rest = slice(None, n_first), slice(n_first, None)
        return Dataset(self.x[first], self.y[first]), Dataset(self.x[rest], self.y[rest])


HOUSE_FEATURES = ("area", "bedrooms", "floors", "age")  # square feet, and years
TRUE_PRICE_PARAMETERS = Parameters(
    np.array([0.25, 10.0, -15.0, -0.8]), 60.0
)  # in 1,000 dollars each
PRICE_NOISE = 20.0  # standard deviation of a price, in 1,000 dollars


def make_houses(n: int, rng: np.random.Generator) -> Dataset:
    """Draw houses whose price is a linear function of the features plus noise."""
    area = np.clip(rng.normal(1400, 400, n), 500, None)
    bedrooms = np.clip(np.round(area / 500 + rng.normal(0, 0.7, n)), 1, 6)
    floors = 1.0 + (rng.random(n) < 0.4)
    age = rng.uniform(0, 100, n)
    x = np.column_stack([np.round(area), bedrooms, floors, np.round(age)])
    return Dataset(x, predict(x, TRUE_PRICE_PARAMETERS) + rng.normal(0, PRICE_NOISE, n))


def sine_wave(x: Float64[np.ndarray, " example"]) -> Float64[np.ndarray, " example"]:
    """Compute the noise-free target of `make_noisy_wave`: 1.5 periods over [-1, 1]."""
    return np.sin(1.5 * np.pi * x)


def make_noisy_wave(n: int, noise: float, rng: np.random.Generator) -> Dataset:
    """Draw a shuffled, evenly spaced input on [-1, 1], and the wave plus noise as target."""
    x = rng.permutation(np.linspace(-1, 1, n))
    return Dataset(x[:, None], sine_wave(x) + rng.normal(0, noise, n))


def make_admissions(n: int, rng: np.random.Generator) -> Dataset:
    """Draw students with two scores from 30 to 100, admitted at random by their sum."""
    x = rng.uniform(30, 100, (n, 2))
    probability = sigmoid((x.sum(axis=1) - 125) / 7)
    return Dataset(x, (rng.random(n) < probability).astype(np.float64))


def make_microchips(n: int, rng: np.random.Generator) -> Dataset:
    """Draw microchips with two test results on [-1, 1], mostly good inside an ellipse."""
    x = rng.uniform(-1, 1, (n, 2))
    score = 0.5 - (x[:, 0] ** 2 + (x[:, 1] - 0.2) ** 2 + 0.5 * x[:, 0] * x[:, 1])
    return Dataset(x, (rng.random(n) < sigmoid(8 * score)).astype(np.float64))


N_UNLIKE_COLUMNS = 8  # three of them matter
SQUARED_RADIUS = 0.5  # of the disc in the square from -1 to 1


def make_unlike_columns(
    n: int, flipped: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw unlike columns (example, input), and classes that two thresholds and a switch decide.

    The labels of a fraction `flipped` are wrong.
    """
    x = np.column_stack([rng.normal(size=(n, N_UNLIKE_COLUMNS - 1)), rng.random(n) < 0.5])
    x[:, 1] = np.exp(3 * x[:, 1])  # an amount, as skewed as incomes are
    y = np.where(x[:, -1] == 1, x[:, 0] > 0, x[:, 1] > 2)
    return x, flip_labels(y, flipped, rng)


N_ADDING_COLUMNS = 8  # five of them matter
ADDING_THRESHOLD = 14.3  # about the median of the sum


def make_adding_columns(
    n: int, flipped: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw inputs (example, input) on [0, 1] whose effects add up, and whether the sum is large.

    The labels of a fraction `flipped` are wrong.  Source: Friedman (1991), Multivariate Adaptive
    Regression Splines, section 4.3, whose response is cut at `ADDING_THRESHOLD` here.
    """
    x = rng.random((n, N_ADDING_COLUMNS))
    total = (
        10 * np.sin(np.pi * x[:, 0] * x[:, 1])
        + 20 * (x[:, 2] - 0.5) ** 2
        + 10 * x[:, 3]
        + 5 * x[:, 4]
    )
    return x, flip_labels(total > ADDING_THRESHOLD, flipped, rng)


def make_disc(n: int, flipped: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw points (example, 2) of a square, of class 1 in a disc, but for a fraction flipped."""
    x = rng.uniform(-1, 1, (n, 2))
    return x, flip_labels((x**2).sum(axis=1) < SQUARED_RADIUS, flipped, rng)


def flip_labels(is_one: np.ndarray, fraction: float, rng: np.random.Generator) -> np.ndarray:
    """Return the classes 0 and 1 (example,), each the wrong one with probability `fraction`."""
    return (is_one ^ (rng.random(len(is_one)) < fraction)).astype(np.int64)
