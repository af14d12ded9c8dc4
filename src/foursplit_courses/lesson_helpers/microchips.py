"""Invented microchips: inputs of every degree, and the probability that a chip is good."""

from typing import NamedTuple

import numpy as np

from foursplit.core.lesson_figures import Regions
from foursplit_courses.from_scratch import features, linear, logistic
from foursplit_courses.from_scratch.gradient_descent import Parameters
from foursplit_courses.from_scratch.synthetic_data import Dataset
from foursplit_courses.lesson_helpers.planes import (
    POINTS_AND_CROSSES,
    Plane,
    class_series,
    square_plane,
)

CLASSES = ("bad", "good")


class ChipTerms(NamedTuple):
    """Scaled terms (row, term) of the chips to learn from, of the held-out ones, of the plane."""

    train: np.ndarray
    held_out: np.ndarray
    plane: np.ndarray


def chip_plane(grid: int) -> Plane:
    """Return the plane of both tests, with `grid` values of each."""
    return square_plane(-1, 1, grid, "first test", "second test")


def chip_terms(train: Dataset, held_out: Dataset, plane: Plane, degree: int) -> ChipTerms:
    """Compute all products of the tests up to `degree`, scaled as the chips to learn from are."""
    return ChipTerms(
        *features.scaled_polynomial_features(degree, train.x, held_out.x, plane.points)
    )


def chip_regions(
    title: str, train: Dataset, plane: Plane, terms: ChipTerms, parameters: Parameters
) -> Regions:
    """Return the picture of the probability over the plane, with the chips to learn from."""
    probabilities = logistic.sigmoid(linear.predict(terms.plane, parameters))
    examples = class_series(*train, CLASSES, POINTS_AND_CROSSES)
    return plane.regions(title, probabilities, CLASSES, examples)
