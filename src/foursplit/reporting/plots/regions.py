"""Figure of what a classifier answers over a plane, with the examples on it."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any

import numpy as np
from markupsafe import Markup

from foursplit.reporting.plots.contour import heights, trace
from foursplit.reporting.plots.marching import segments
from foursplit.reporting.plots.plane import Plane, framed
from foursplit.reporting.plots.scale import scale
from foursplit.reporting.plots.series import hue, legend, on_areas, on_top
from foursplit.reporting.plots.svg import element, joined

HEIGHT = 320  # pixels
BANDS = 10  # shades of a probability, five a class
STRONGEST = 0.42  # opacity of a class that is certain: examples stay visible on it

Band = tuple[int, float]
"""A class, and how sure it is, from 0 to 1."""


def regions(content: Mapping[str, Any]) -> Markup:
    """Draw a figure of kind `regions`, as `core.figure` writes it."""
    x, y, z = content["x"], content["y"], heights(content["z"])
    plane = Plane(x=scale(x, ends=[x[0], x[-1]]), y=scale(y, ends=[y[0], y[-1]]), height=HEIGHT)
    areas = [_area(plane, band, box) for band, box in boxes(z, _edges(x), _edges(y), content)]
    series = content["series"]
    drawn = framed(
        plane, content, "regions",
        areas=[*areas, *_boundaries(plane, x, y, z, len(content["classes"])),
               *on_areas(plane, series)],
        above=on_top(plane, series),
    )  # fmt: skip
    return _classes(content["classes"]) + legend(series) + drawn


def boxes(
    z: np.ndarray, right: Sequence[float], up: Sequence[float], content: Mapping[str, Any]
) -> Iterator[tuple[Band, tuple[float, float, float, float]]]:
    """Join equal neighbours, first along a row, then with the same run of the rows above it.

    Gives bands with their (left, right, bottom, top); `right` and `up` are the cells' edges.
    """
    n_classes = len(content["classes"])
    open_: dict[tuple[Band, int, int], int] = {}
    for row in range(len(z) + 1):
        found = _runs(z[row], n_classes) if row < len(z) else []
        for key in [key for key in open_ if key not in found]:
            band, start, end = key
            yield band, (right[start], right[end], up[open_.pop(key)], up[row])
        open_.update({key: row for key in found if key not in open_})


def _runs(row: np.ndarray, n_classes: int) -> list[tuple[Band, int, int]]:
    found, start = [], 0
    for band, run in groupby(_band(value, n_classes) for value in row.tolist()):
        end = start + len(list(run))
        if band is not None:
            found.append((band, start, end))
        start = end
    return found


def _band(value: float, n_classes: int) -> Band | None:
    """Say which class a value means and how sure it is; of two classes it is a probability."""
    if np.isnan(value):
        return None
    if n_classes != 2:
        return round(value), 1.0
    step = min(int(value * BANDS), BANDS - 1)
    sure = abs(2 * step + 1 - BANDS) / (BANDS - 1)
    return int(value >= 0.5), sure


def _edges(places: Sequence[float]) -> list[float]:
    """Put edges half-way between neighbours; the outermost at the grid's own ends."""
    between = [(a + b) / 2 for a, b in pairwise(places)]
    return [places[0], *between, places[-1]]


def _area(plane: Plane, band: Band, box: tuple[float, float, float, float]) -> Markup:
    left, right, bottom, top = box
    (x0, y0), (x1, y1) = plane.at(left, top), plane.at(right, bottom)
    number, sure = band
    return element(
        "rect", x=f"{x0:.1f}", y=f"{y0:.1f}", width=f"{x1 - x0:.1f}", height=f"{y1 - y0:.1f}",
        class_=f"area {hue(number)}", fill_opacity=f"{STRONGEST * (0.2 + 0.8 * sure):.2f}",
    )  # fmt: skip


def _boundaries(
    plane: Plane, x: Sequence[float], y: Sequence[float], z: np.ndarray, n_classes: int
) -> list[Markup]:
    """Draw where the answer changes: at one half of two classes, else around each class."""
    if n_classes == 2:
        grids = [z]
    else:
        grids = [np.where(np.isnan(z), np.nan, np.round(z) == k) for k in range(n_classes)]
    traced = [trace(plane, segments(x, y, grid, 0.5)) for grid in grids]
    return [element("path", d=path, class_="boundary") for path in traced if path]


def _classes(names: Sequence[str]) -> Markup:
    rows = [
        element("li", element("i", class_=f"area {hue(number)}") + name)
        for number, name in enumerate(names)
    ]
    return element("ul", joined(rows), class_="legend areas")
