"""Series of a plot: lines, points, crosses and bars, distinguished by color and shape."""

from collections.abc import Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any

from markupsafe import Markup

from foursplit.reporting.plots.plane import Plane
from foursplit.reporting.plots.svg import element, joined

Series = Mapping[str, Any]

N_COLORS = 8  # classes g0 to g7 of the style sheet

SHAPES = (
    "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0Z",  # circle
    "M-3.6-3.6H3.6V3.6H-3.6Z",  # square
    "M0-4.8L4.6 3.6H-4.6Z",  # triangle
    "M0-5L5 0L0 5L-5 0Z",  # diamond
    "M0 4.8L4.6-3.6H-4.6Z",  # triangle pointing down
    "M-1.5-4.5H1.5V-1.5H4.5V1.5H1.5V4.5H-1.5V1.5H-4.5V-1.5H-1.5Z",  # plus
)

CROSS = "M-4-4L4 4M-4 4L4-4"

BAR_WIDTH = 0.8  # share of the distance between bars


def color_index(series: Series, index: int) -> int:
    """Return the color of a series: its own, or else its index."""
    return index if series["group"] is None else int(series["group"])


def color_class(index: int) -> str:
    return f"g{index % N_COLORS}"


def lines_and_bars(plane: Plane, all_series: Sequence[Series]) -> list[Markup]:
    """Draw lines and bars, in viewBox units."""
    elements = _bars(plane, all_series)
    for index, series in enumerate(all_series):
        if series["mark"] in ("line", "dashed"):
            dashed = " dashed" if series["mark"] == "dashed" else ""
            css_class = f"curve {color_class(color_index(series, index))}{dashed}"
            elements += [
                _line(plane, run, css_class, series["name"]) for run in _runs(plane, series)
            ]
    return elements


def markers(plane: Plane, all_series: Sequence[Series]) -> list[Markup]:
    """Draw points and crosses; those outside the axes are left out."""
    elements = []
    for index, series in enumerate(all_series):
        if series["mark"] in ("points", "crosses"):
            shape, css_class = _shape(series, index)
            elements += [
                # A nested svg, because a path takes no percentages.
                element(
                    "svg",
                    element("path", d=shape, class_=css_class),
                    x=plane.right(x),
                    y=f"{plane.down(y):.1f}",
                )
                for x, y in zip(series["x"], series["y"], strict=True)
                if plane.holds(x, y)
            ]
    return elements


def legend(all_series: Sequence[Series]) -> Markup:
    """Return the legend of the named series; empty if none has a name."""
    named = [(index, series) for index, series in enumerate(all_series) if series["name"]]
    if not named:
        return Markup()
    rows = [element("li", _symbol(series, index) + series["name"]) for index, series in named]
    return element("ul", joined(rows), class_="legend marks")


def _shape(series: Series, index: int) -> tuple[str, str]:
    color = color_index(series, index)
    if series["mark"] == "crosses":
        return CROSS, f"cross {color_class(color)}"
    return SHAPES[color % len(SHAPES)], f"mark {color_class(color)}"


def _symbol(series: Series, index: int) -> Markup:
    color = color_class(color_index(series, index))
    if series["mark"] in ("points", "crosses"):
        path, css_class = _shape(series, index)
        symbol = element("path", d=path, class_=css_class)
    elif series["mark"] == "bars":
        symbol = element("rect", x=-6, y=-5, width=12, height=10, class_=f"block {color}")
    else:
        dashed = " dashed" if series["mark"] == "dashed" else ""
        symbol = element("line", x1=-9, x2=9, y1=0, y2=0, class_=f"curve {color}{dashed}")
    return element("svg", symbol, viewBox="-10 -7 20 14", width=20, height=14, aria_hidden="true")


def _runs(plane: Plane, series: Series) -> list[list[tuple[float, float]]]:
    """Split a line at values that are missing or cannot be drawn on the axis."""
    points = zip(series["x"], series["y"], strict=True)
    runs = groupby(points, key=lambda p: plane.x.is_valid(p[0]) and plane.y.is_valid(p[1]))
    return [list(run) for is_valid, run in runs if is_valid]


def _line(plane: Plane, run: Sequence[tuple[float, float]], css_class: str, name: str) -> Markup:
    # Round caps draw a single point between gaps as a dot.
    ends = run if len(run) > 1 else [*run, *run]
    points = " ".join("{:.1f},{:.1f}".format(*plane.at(x, y)) for x, y in ends)
    return element("polyline", element("title", name), points=points, class_=css_class)


def _bars(plane: Plane, all_series: Sequence[Series]) -> list[Markup]:
    """Draw bars from zero, or from the end of an axis without zero; several series side by side."""
    bars = [(index, series) for index, series in enumerate(all_series) if series["mark"] == "bars"]
    width = bar_width([series for _, series in bars])
    floor = plane.y.low if plane.y.log else min(max(0.0, plane.y.low), plane.y.high)
    elements = []
    for position, (index, series) in enumerate(bars):
        left = -width / 2 + width * position / len(bars)
        for x, y in zip(series["x"], series["y"], strict=True):
            if x is None or not plane.y.is_valid(y):
                continue
            (x0, y0), (x1, y1) = (
                plane.at(x + left, floor),
                plane.at(x + left + width / len(bars), y),
            )
            elements.append(
                element(
                    "rect",
                    element("title", series["name"]),
                    x=f"{x0:.1f}",
                    y=f"{min(y0, y1):.1f}",
                    width=f"{x1 - x0:.1f}",
                    height=f"{abs(y1 - y0):.1f}",
                    class_=f"block {color_class(color_index(series, index))}",
                )
            )
    return elements


def bar_width(bars: Sequence[Series]) -> float:
    """Return 80% of the smallest distance between two bars; 0 without bars."""
    centers = sorted({x for series in bars for x in series["x"] if x is not None})
    distances = [b - a for a, b in pairwise(centers)]
    return BAR_WIDTH * min(distances, default=1.0) if centers else 0.0
