"""Lines of equal height lie on the height, and close."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from foursplit.reporting.plots.marching import segments

Z = arrays(np.float64, (6, 7), elements=st.floats(-4, 4).map(lambda v: round(v, 3)))
X, Y = np.arange(7.0), np.arange(6.0)


def height(z, x, y):
    """Interpolate along the grid's edges, where every end of a segment lies."""
    row, column = min(int(y), z.shape[0] - 2), min(int(x), z.shape[1] - 2)
    dx, dy = x - column, y - row
    low = (1 - dx) * z[row, column] + dx * z[row, column + 1]
    high = (1 - dx) * z[row + 1, column] + dx * z[row + 1, column + 1]
    return (1 - dy) * low + dy * high


@given(Z, st.floats(-3, 3).map(lambda v: round(v, 3) + 0.0005))
def test_every_end_has_the_level(z, level):
    for start, end in segments(X, Y, z, level):
        for x, y in (start, end):
            assert height(z, x, y) == pytest.approx(level, abs=1e-9)


@given(Z, st.floats(-3, 3).map(lambda v: round(v, 3) + 0.0005))
@example(
    np.array([[-2.56 if (r, c) == (1, 1) else 0.0 for c in range(7)] for r in range(6)]), -0.9995
)
def test_lines_end_at_the_rim_alone(z, level):
    ends = np.array([end for line in segments(X, Y, z, level) for end in line]).reshape(-1, 2)
    for x, y in ends:
        # Within a tolerance: two cells may compute the same end with another last digit.
        n = int((np.abs(ends - (x, y)).max(axis=1) < 1e-9).sum())
        rim = min(abs(x), abs(x - 6.0), abs(y), abs(y - 5.0)) < 1e-9
        assert n % 2 == 0 or rim, (x, y)


def test_a_circle_is_found_and_its_length_is_that_of_the_circle():
    side = np.linspace(-1.5, 1.5, 121)
    z = side[None, :] ** 2 + side[:, None] ** 2
    found = segments(side, side, z, 1.0)
    ends = np.array(found)  # (segment, end, coordinate)
    assert np.hypot(*ends.reshape(-1, 2).T) == pytest.approx(1, abs=1e-3)
    assert np.hypot(*(ends[:, 1] - ends[:, 0]).T).sum() == pytest.approx(2 * np.pi, rel=1e-3)


@pytest.mark.parametrize("middle", [0.9, -0.9])
def test_a_saddle_is_joined_through_its_middle(middle):
    # Corners above at lower left and upper right; the mean decides which pair is joined.
    z = np.array([[1 + middle, -1.0], [-1.0, 1 + middle]])
    joined = segments([0, 1], [0, 1], z, 0.0)
    # Cut off is a corner that is alone: (1, 0) and (0, 1) where the middle is above.
    alone = {(1, 0), (0, 1)} if middle > 0 else {(0, 0), (1, 1)}
    nearest = {
        min(
            ((a, b) for a in (0, 1) for b in (0, 1)),
            key=lambda c: sum(abs(x - c[0]) + abs(y - c[1]) for x, y in line),
        )
        for line in joined
    }
    assert nearest == alone


def test_a_square_with_a_missing_corner_has_no_line():
    z = np.array([[0.0, 1.0, 0.0], [np.nan, 1.0, 0.0]])
    found = segments([0, 1, 2], [0, 1], z, 0.5)
    assert [sorted(line) for line in found] == [[(1.5, 0.0), (1.5, 1.0)]]
