"""A cost's grid has a row for each bias and a column for each weight."""

import numpy as np

from foursplit_courses.lesson_helpers.surfaces import cost_grid, surface_path


def test_worked_by_hand():
    grid = cost_grid(
        lambda at: float(at.w[0]) + 10 * at.b, np.array([1.0, 2.0]), np.array([3.0, 4, 5])
    )
    assert grid.tolist() == [[31, 32], [41, 42], [51, 52]]


def test_a_path_is_of_plain_numbers():
    path = surface_path(np.array([1.0, 2]), np.array([3.0, 4]), np.array([5.0, 6]))
    assert path == ((1, 3, 5), (2, 4, 6))
    assert {type(value) for step in path for value in step} == {float}
