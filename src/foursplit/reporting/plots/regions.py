"""Plot of the decision regions of a classifier, with examples."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any

import numpy as np
from markupsafe import Markup

from foursplit.reporting.plots.contour import css_class, heights, trace
from foursplit.reporting.plots.marching import segments
from foursplit.reporting.plots.plane import Plane, framed
from foursplit.reporting.plots.scale import scale
from foursplit.reporting.plots.series import color_class, legend, lines_and_bars, markers
from foursplit.reporting.plots.svg import element, joined

HEIGHT = 320  # pixels
N_BANDS = 10  # shades of a probability, five per class
MAX_OPACITY = 0.42  # of a certain class: examples stay visible on it

Band = tuple[int, float]
"""A class and its confidence, from 0 to 1."""


def regions(content: Mapping[str, Any]) -> Markup:
    """Plot a figure of kind `regions` of `core.lesson_figures`."""
    x, y, z = content["x"], content["y"], heights(content["z"])
    plane = Plane(x=scale(x, ends=[x[0], x[-1]]), y=scale(y, ends=[y[0], y[-1]]), height=HEIGHT)
    areas = [_area(plane, band, box) for band, box in boxes(z, _edges(x), _edges(y), content)]
    series = content["series"]
    plot = framed(
        plane,
        content,
        css_class(plane, "regions"),
        areas=[
            *areas,
            *_boundaries(plane, x, y, z, len(content["classes"])),
            *lines_and_bars(plane, series),
        ],
        above=markers(plane, series),
    )
    return _class_legend(content["classes"]) + legend(series) + plot


def boxes(
    z: np.ndarray, right: Sequence[float], up: Sequence[float], content: Mapping[str, Any]
) -> Iterator[tuple[Band, tuple[float, float, float, float]]]:
    """Merge equal neighbors, first along a row, then with the same run of the rows above it.

    Yields bands with their (left, right, bottom, top); `right` and `up` are the cell edges.
    """
    n_classes = len(content["classes"])
    open_: dict[tuple[Band, int, int], int] = {}
    for row in range(len(z) + 1):
        runs = _runs(z[row], n_classes) if row < len(z) else []
        for key in [key for key in open_ if key not in runs]:
            band, start, end = key
            yield band, (right[start], right[end], up[open_.pop(key)], up[row])
        open_.update({key: row for key in runs if key not in open_})


def _runs(row: np.ndarray, n_classes: int) -> list[tuple[Band, int, int]]:
    runs, start = [], 0
    for band, run in groupby(_band(value, n_classes) for value in row.tolist()):
        end = start + len(list(run))
        if band is not None:
            runs.append((band, start, end))
        start = end
    return runs


def _band(value: float, n_classes: int) -> Band | None:
    """Return class and confidence of a value; with two classes the value is a probability."""
    if np.isnan(value):
        return None
    if n_classes != 2:
        return round(value), 1.0
    step = min(int(value * N_BANDS), N_BANDS - 1)
    confidence = abs(2 * step + 1 - N_BANDS) / (N_BANDS - 1)
    return int(value >= 0.5), confidence


def _edges(centers: Sequence[float]) -> list[float]:
    """Return the edges half-way between cell centers; the outermost are the ends of the grid."""
    between = [(a + b) / 2 for a, b in pairwise(centers)]
    return [centers[0], *between, centers[-1]]


def _area(plane: Plane, band: Band, box: tuple[float, float, float, float]) -> Markup:
    left, right, bottom, top = box
    (x0, y0), (x1, y1) = plane.at(left, top), plane.at(right, bottom)
    label, confidence = band
    return element(
        "rect",
        x=f"{x0:.1f}",
        y=f"{y0:.1f}",
        width=f"{x1 - x0:.1f}",
        height=f"{y1 - y0:.1f}",
        class_=f"area {color_class(label)}",
        fill_opacity=f"{MAX_OPACITY * (0.2 + 0.8 * confidence):.2f}",
    )


def _boundaries(
    plane: Plane, x: Sequence[float], y: Sequence[float], z: np.ndarray, n_classes: int
) -> list[Markup]:
    """Draw the decision boundaries: at probability 0.5, or around each of several classes."""
    if n_classes == 2:
        grids = [z]
    else:
        grids = [np.where(np.isnan(z), np.nan, np.round(z) == k) for k in range(n_classes)]
    paths = [trace(plane, segments(x, y, grid, 0.5)) for grid in grids]
    return [element("path", d=path, class_="boundary") for path in paths if path]


def _class_legend(names: Sequence[str]) -> Markup:
    rows = [
        element("li", element("i", class_=f"area {color_class(number)}") + name)
        for number, name in enumerate(names)
    ]
    return element("ul", joined(rows), class_="legend areas")
