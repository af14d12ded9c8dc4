"""Series on a plane: lines, points, crosses and bars, told apart by hue and shape; the legend."""

from collections.abc import Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any

from markupsafe import Markup

from foursplit.reporting.plots.plane import Plane
from foursplit.reporting.plots.svg import element, joined

Series = Mapping[str, Any]

HUES = 8  # classes g0 to g7 of the style sheet

SHAPES = (
    "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0Z",  # circle
    "M-3.6-3.6H3.6V3.6H-3.6Z",  # square
    "M0-4.8L4.6 3.6H-4.6Z",  # triangle
    "M0-5L5 0L0 5L-5 0Z",  # diamond
    "M0 4.8L4.6-3.6H-4.6Z",  # triangle on its tip
    "M-1.5-4.5H1.5V-1.5H4.5V1.5H1.5V4.5H-1.5V1.5H-4.5V-1.5H-1.5Z",  # plus
)

CROSS = "M-4-4L4 4M-4 4L4-4"

BAR = 0.8  # share of the way to the next bar


def group(series: Series, place: int) -> int:
    """Number a series' hue: its own, else its place."""
    return place if series["group"] is None else int(series["group"])


def hue(number: int) -> str:
    return f"g{number % HUES}"


def on_areas(plane: Plane, all_series: Sequence[Series]) -> list[Markup]:
    """Draw what is stretched with the drawing: lines and bars."""
    parts = _bars(plane, all_series)
    for place, series in enumerate(all_series):
        if series["mark"] in ("line", "dashed"):
            dashed = " dashed" if series["mark"] == "dashed" else ""
            kind = f"curve {hue(group(series, place))}{dashed}"
            parts += [_line(plane, run, kind, series["name"]) for run in _runs(plane, series)]
    return parts


def on_top(plane: Plane, all_series: Sequence[Series]) -> list[Markup]:
    """Draw what keeps its shape: points and crosses; those beyond the axes are left out."""
    parts = []
    for place, series in enumerate(all_series):
        if series["mark"] in ("points", "crosses"):
            shape, kind = _shape(series, place)
            parts += [
                # A drawing of its own, for a path takes no percentage.
                element(
                    "svg", element("path", d=shape, class_=kind),
                    x=plane.right(x), y=f"{plane.down(y):.1f}",
                )
                for x, y in zip(series["x"], series["y"], strict=True)
                if plane.holds(x, y)
            ]  # fmt: skip
    return parts


def legend(all_series: Sequence[Series]) -> Markup:
    """List the names with what stands for each; nothing where there is none."""
    named = [(place, series) for place, series in enumerate(all_series) if series["name"]]
    if not named:
        return Markup()
    rows = [element("li", _sign(series, place) + series["name"]) for place, series in named]
    return element("ul", joined(rows), class_="legend marks")


def _shape(series: Series, place: int) -> tuple[str, str]:
    number = group(series, place)
    if series["mark"] == "crosses":
        return CROSS, f"cross {hue(number)}"
    return SHAPES[number % len(SHAPES)], f"mark {hue(number)}"


def _sign(series: Series, place: int) -> Markup:
    kind = hue(group(series, place))
    if series["mark"] in ("points", "crosses"):
        path, kind = _shape(series, place)
        drawn = element("path", d=path, class_=kind)
    elif series["mark"] == "bars":
        drawn = element("rect", x=-6, y=-5, width=12, height=10, class_=f"block {kind}")
    else:
        dashed = " dashed" if series["mark"] == "dashed" else ""
        drawn = element("line", x1=-9, x2=9, y1=0, y2=0, class_=f"curve {kind}{dashed}")
    return element("svg", drawn, viewBox="-10 -7 20 14", width=20, height=14, aria_hidden="true")


def _runs(plane: Plane, series: Series) -> list[list[tuple[float, float]]]:
    """Part a line where a value is missing or has no place on its axis."""
    points = zip(series["x"], series["y"], strict=True)
    parted = groupby(points, key=lambda p: plane.x.has(p[0]) and plane.y.has(p[1]))
    return [list(run) for whole, run in parted if whole]


def _line(plane: Plane, run: Sequence[tuple[float, float]], kind: str, name: str) -> Markup:
    ends = run if len(run) > 1 else [*run, *run]  # alone between gaps: a dot, by its round caps
    points = " ".join("{:.1f},{:.1f}".format(*plane.at(x, y)) for x, y in ends)
    return element("polyline", element("title", name), points=points, class_=kind)


def _bars(plane: Plane, all_series: Sequence[Series]) -> list[Markup]:
    """Draw bars from zero, or from the axis where it has none; those of several side by side."""
    chosen = [(n, s) for n, s in enumerate(all_series) if s["mark"] == "bars"]
    width = bar_width([s for _, s in chosen])
    floor = plane.y.low if plane.y.log else min(max(0.0, plane.y.low), plane.y.high)
    parts = []
    for number, (place, series) in enumerate(chosen):
        left = -width / 2 + width * number / len(chosen)
        for x, y in zip(series["x"], series["y"], strict=True):
            if x is None or not plane.y.has(y):
                continue
            (x0, y0), (x1, y1) = (
                plane.at(x + left, floor), plane.at(x + left + width / len(chosen), y)
            )  # fmt: skip
            parts.append(
                element(
                    "rect", element("title", series["name"]), x=f"{x0:.1f}",
                    y=f"{min(y0, y1):.1f}", width=f"{x1 - x0:.1f}", height=f"{abs(y1 - y0):.1f}",
                    class_=f"block {hue(group(series, place))}",
                )
            )  # fmt: skip
    return parts


def bar_width(bars: Sequence[Series]) -> float:
    """Take most of the shortest way between two bars; 0 where there is no bar."""
    places = sorted({x for series in bars for x in series["x"] if x is not None})
    ways = [b - a for a, b in pairwise(places)]
    return BAR * min(ways, default=1.0) if places else 0.0
