"""Contour lines of a grid by marching squares.

Source: Lorensen and Cline (1987), "Marching cubes", in two dimensions.
"""

from collections.abc import Sequence

import numpy as np

Segment = tuple[tuple[float, float], tuple[float, float]]

# Corners of a square, counterclockwise: 0 and 1 below, 2 and 3 above.  Edge n joins corner n to the
# next one.  For each pattern of corners above the level: the edges that its lines connect.
EDGES: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((3, 0),), 2: ((0, 1),), 3: ((3, 1),), 4: ((1, 2),), 6: ((0, 2),), 7: ((3, 2),),
    8: ((2, 3),), 9: ((2, 0),), 11: ((2, 1),), 12: ((1, 3),), 13: ((1, 0),), 14: ((0, 3),),
}  # fmt: skip

SADDLES = {
    (5, True): ((3, 2), (1, 0)), (5, False): ((3, 0), (1, 2)),
    (10, True): ((0, 3), (2, 1)), (10, False): ((0, 1), (2, 3)),
}  # fmt: skip
"""Two opposite corners are above: connected through the middle if it is above too."""


def segments(
    x: Sequence[float] | np.ndarray, y: Sequence[float] | np.ndarray, z: np.ndarray, level: float
) -> list[Segment]:
    """Return where `z[row][column]`, at (x[column], y[row]), crosses `level`; NaN has no lines.

    A height equal to the level counts as below it.
    """
    corners = np.stack([z[:-1, :-1], z[:-1, 1:], z[1:, 1:], z[1:, :-1]])
    patterns = sum((corners[n] > level) * 2**n for n in range(4))
    finite = np.isfinite(corners).all(axis=0)
    rows, columns = np.nonzero((patterns > 0) & (patterns < 15) & finite)
    lines = []
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        heights = corners[:, row, column]
        points = [
            (float(x[column + dx]), float(y[row + dy]))
            for dx, dy in ((0, 0), (1, 0), (1, 1), (0, 1))
        ]
        pattern = int(patterns[row, column])
        middle = bool(heights.mean() > level)
        connected = EDGES[pattern] if pattern in EDGES else SADDLES[pattern, middle]
        for start, end in connected:
            lines.append(
                (_crossing(points, heights, start, level), _crossing(points, heights, end, level))
            )
    return lines


def _crossing(
    points: Sequence[tuple[float, float]], heights: np.ndarray, edge: int, level: float
) -> tuple[float, float]:
    """Interpolate where an edge crosses the level."""
    after = (edge + 1) % 4
    (x0, y0), (x1, y1) = points[edge], points[after]
    share = float((level - heights[edge]) / (heights[after] - heights[edge]))
    return x0 + share * (x1 - x0), y0 + share * (y1 - y0)
