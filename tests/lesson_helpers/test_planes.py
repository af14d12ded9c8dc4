"""A plane's points run row by row, and answers lie where they were asked."""

import numpy as np

from foursplit_courses.lesson_helpers.planes import Plane, class_series, square_plane


def test_points_and_answers_lie_at_the_same_places():
    plane = Plane(np.array([1.0, 2.0, 3.0]), np.array([10.0, 20.0]), "across", "up")
    assert plane.points.tolist() == [[u, v] for v in (10.0, 20.0) for u in (1.0, 2.0, 3.0)]
    drawn = plane.regions("sums", plane.points.sum(axis=1), ("low", "high"))
    for row, v in enumerate(drawn.y):
        for column, u in enumerate(drawn.x):
            assert drawn.z[row][column] == u + v


def test_a_square_has_equal_sides():
    plane = square_plane(-1, 1, 5, "x", "y")
    assert plane.points.shape == (25, 2)
    assert plane.points[0].tolist() == [-1, -1]
    assert plane.points[-1].tolist() == [1, 1]


def test_each_class_has_its_examples_and_where_asked_its_colour():
    x, y = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]), np.array([1, 0, 1])
    no, yes = class_series(x, y, ("no", "yes"), ("crosses", "points"))
    assert (no.x.tolist(), no.y.tolist(), no.mark, no.group) == ([2], [3], "crosses", None)
    assert (yes.x.tolist(), yes.y.tolist(), yes.mark) == ([0, 4], [1, 5], "points")
    grouped = class_series(x, y, ("no", "yes"), is_grouped=True)
    assert [(series.mark, series.group) for series in grouped] == [("points", 0), ("points", 1)]
