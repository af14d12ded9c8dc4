"""Figure of a height from above: lines of equal height, with paths and points on them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from foursplit.reporting.plots.marching import Segment, segments
from foursplit.reporting.plots.plane import HEAD, Plane, framed
from foursplit.reporting.plots.scale import scale, written
from foursplit.reporting.plots.series import legend, on_areas, on_top
from foursplit.reporting.plots.svg import across, element

HEIGHT = 320  # pixels
WEAKEST = 0.3  # opacity of the lowest line; the highest has 1
EDGE = 0.08  # share of width and height, at the rim, where no number is written
APART = (0.12, 0.055)  # shares of width and height that keep two numbers apart


def contour(content: Mapping[str, Any]) -> Markup:
    """Draw a figure of kind `contour`, as `core.figure` writes it."""
    x, y, z = content["x"], content["y"], heights(content["z"])
    plane = Plane(x=scale(x, ends=[x[0], x[-1]]), y=scale(y, ends=[y[0], y[-1]]), height=HEIGHT)
    traced = [(level, segments(x, y, z, level)) for level in content["levels"]]
    found = [(level, lines) for level, lines in traced if lines]
    drawn = [
        _level(plane, lines, level, WEAKEST + (1 - WEAKEST) * (place + 1) / len(found))
        for place, (level, lines) in enumerate(found)
    ]
    series = content["series"]
    top = [*_numbers(plane, found), *on_top(plane, series)]
    areas = [*drawn, *on_areas(plane, series)]
    return legend(series) + framed(plane, content, "contour", areas=areas, above=top)


def heights(grid: Sequence[Sequence[float | None]]) -> np.ndarray:
    """Give a grid as numbers; what is missing is NaN."""
    return np.array(grid, dtype=np.float64)


def trace(plane: Plane, lines: Sequence[Segment]) -> str:
    """Write segments as a path of the stretched drawing."""
    return "".join(
        "M{:.1f} {:.1f}L{:.1f} {:.1f}".format(*plane.at(*start), *plane.at(*end))
        for start, end in lines
    )


def _level(plane: Plane, lines: Sequence[Segment], level: float, strength: float) -> Markup:
    title = element("title", written(level))
    return element(
        "path", title, d=trace(plane, lines), class_="isoline", stroke_opacity=f"{strength:.2f}"
    )


def _numbers(plane: Plane, found: Sequence[tuple[float, Sequence[Segment]]]) -> list[Markup]:
    """Write each level where its line is highest, if there is room."""
    parts: list[Markup] = []
    taken: list[tuple[float, float]] = []
    for level, lines in found:
        middles = [((a + c) / 2, (b + d) / 2) for (a, b), (c, d) in lines]
        places = [(plane.x.share(a), plane.y.share(b)) for a, b in middles]
        inside = [place for place in places if all(EDGE < share < 1 - EDGE for share in place)]
        right, up = max(inside, key=lambda p: (round(p[1], 6), p[0]), default=(0.0, 0.0))
        if inside and _is_free((right, up), taken):
            taken.append((right, up))
            y = f"{HEAD + plane.height * (1 - up):.1f}"
            parts.append(
                element("text", written(level), x=across(right), y=y, dy=4, class_="middle level")
            )
    return parts


def _is_free(place: tuple[float, float], taken: Sequence[tuple[float, float]]) -> bool:
    return not any(abs(place[0] - x) < APART[0] and abs(place[1] - y) < APART[1] for x, y in taken)
