"""Six points of two classes that a line separates, and probabilities drawn over them.

Source: Ng, MLS C1 W3 (decision boundary; gradient descent for logistic regression).
"""

import numpy as np

from foursplit.core.lesson_figures import Regions
from foursplit_courses.from_scratch import linear, logistic
from foursplit_courses.from_scratch.gradient_descent import Parameters
from foursplit_courses.from_scratch.synthetic_data import Dataset
from foursplit_courses.lesson_helpers.planes import (
    POINTS_AND_CROSSES,
    class_series,
    square_plane,
)

SIX = Dataset(
    np.array([[0.5, 1.5], [1, 1], [1.5, 0.5], [3, 0.5], [2, 2], [1, 2.5]]),
    np.array([0.0, 0, 0, 1, 1, 1]),
)
CLASSES = ("0", "1")


def six_point_regions(title: str, parameters: Parameters, grid: int) -> Regions:
    """Return the picture of class 1's probability, on a plane of `grid` by `grid` points."""
    plane = square_plane(0, 3.5, grid, "x₁", "x₂")
    probabilities = logistic.sigmoid(linear.predict(plane.points, parameters))
    return plane.regions(
        title, probabilities, CLASSES, class_series(*SIX, CLASSES, POINTS_AND_CROSSES)
    )
