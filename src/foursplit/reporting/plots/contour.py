"""Contour plot, with paths and points on it."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from foursplit.reporting.plots.marching import Segment, segments
from foursplit.reporting.plots.plane import HEAD, Plane, framed
from foursplit.reporting.plots.scale import format_tick, scale
from foursplit.reporting.plots.series import legend, lines_and_bars, markers
from foursplit.reporting.plots.svg import across, element

HEIGHT = 320  # pixels
MIN_OPACITY = 0.3  # of the lowest line; the highest has 1
LABEL_MARGIN = 0.08  # share of width and height at the border without labels
LABEL_DIGITS = 3  # significant ones: more cannot be read off a line
LABEL_DISTANCE = (0.12, 0.055)  # minimum between two labels, as shares of width and height


def contour(content: Mapping[str, Any]) -> Markup:
    """Plot a figure of kind `contour` of `core.lesson_figures`."""
    x, y, z = content["x"], content["y"], heights(content["z"])
    plane = Plane(x=scale(x, ends=[x[0], x[-1]]), y=scale(y, ends=[y[0], y[-1]]), height=HEIGHT)
    all_levels = [(level, segments(x, y, z, level)) for level in content["levels"]]
    levels = [(level, lines) for level, lines in all_levels if lines]
    isolines = [
        _level(plane, lines, level, MIN_OPACITY + (1 - MIN_OPACITY) * (index + 1) / len(levels))
        for index, (level, lines) in enumerate(levels)
    ]
    series = content["series"]
    top = [*_labels(plane, levels), *markers(plane, series)]
    areas = [*isolines, *lines_and_bars(plane, series)]
    return legend(series) + framed(
        plane, content, css_class(plane, "contour"), areas=areas, above=top
    )


def css_class(plane: Plane, kind: str) -> str:
    """Return the classes of a plot, which is square where both axes span the same length.

    A circle then is drawn as one.
    """
    spans = (plane.x.high - plane.x.low, plane.y.high - plane.y.low)
    return f"{kind} square" if math.isclose(*spans, rel_tol=1e-9) else kind


def heights(grid: Sequence[Sequence[float | None]]) -> np.ndarray:
    """Convert a grid to an array; missing heights are NaN."""
    return np.array(grid, dtype=np.float64)


def trace(plane: Plane, lines: Sequence[Segment]) -> str:
    """Format segments as an SVG path in viewBox units."""
    return "".join(
        "M{:.1f} {:.1f}L{:.1f} {:.1f}".format(*plane.at(*start), *plane.at(*end))
        for start, end in lines
    )


def _level(plane: Plane, lines: Sequence[Segment], level: float, opacity: float) -> Markup:
    title = element("title", _format_level(level))
    return element(
        "path", title, d=trace(plane, lines), class_="isoline", stroke_opacity=f"{opacity:.2f}"
    )


def _format_level(level: float) -> str:
    return format_tick(float(f"{level:.{LABEL_DIGITS}g}"))


def _labels(plane: Plane, levels: Sequence[tuple[float, Sequence[Segment]]]) -> list[Markup]:
    """Label each level at the top of its line, if there is room."""
    elements: list[Markup] = []
    occupied: list[tuple[float, float]] = []
    for level, lines in levels:
        middles = [((a + c) / 2, (b + d) / 2) for (a, b), (c, d) in lines]
        positions = [(plane.x.share(a), plane.y.share(b)) for a, b in middles]
        inside = [
            position
            for position in positions
            if all(LABEL_MARGIN < share < 1 - LABEL_MARGIN for share in position)
        ]
        right, up = max(inside, key=lambda p: (round(p[1], 6), p[0]), default=(0.0, 0.0))
        if inside and _is_free((right, up), occupied):
            occupied.append((right, up))
            y = f"{HEAD + plane.height * (1 - up):.1f}"
            elements.append(
                element(
                    "text", _format_level(level), x=across(right), y=y, dy=4, class_="middle level"
                )
            )
    return elements


def _is_free(position: tuple[float, float], occupied: Sequence[tuple[float, float]]) -> bool:
    width, height = LABEL_DISTANCE
    return not any(
        abs(position[0] - x) < width and abs(position[1] - y) < height for x, y in occupied
    )
