"""Figure of a height over a plane: squares painted from far to near, to be turned by hand.

`templates/surface.js` draws the same again from the numbers that the figure carries, seen from
elsewhere; without it the figure stays as it is drawn here.
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from foursplit.reporting.plots.contour import heights
from foursplit.reporting.plots.plane import UNITS
from foursplit.reporting.plots.scale import written
from foursplit.reporting.plots.svg import across, element, joined

HEIGHT = 380  # pixels
TURN, TILT = 35, 28  # degrees from which it is first seen
MOST = 25  # points along an axis: a page carries them all, and a phone redraws them at each move
SHADES = 12  # classes h0 to h11 of the style sheet
TALL = 0.7  # height of the box, of whose floor the sides are 1
WIDE, HIGH = 1.5, 1.62  # what the box may span, turned in any way, in width and height

Point = tuple[float, float, float]


def surface(content: Mapping[str, Any]) -> Markup:
    """Draw a figure of kind `surface`, as `core.figure` writes it, with its numbers for turning."""
    scene = prepared(content)
    drawing = element(
        "svg", joined(drawn(scene, TURN, TILT)), width="100%", height=HEIGHT, role="img",
        aria_label=f"{content['title']}: {content['z_label']} over {content['x_label']} and "
        f"{content['y_label']}",
    )  # fmt: skip
    # In a script element the text is not escaped, so that nothing in it may end the element.
    numbers = json.dumps(scene, sort_keys=True, allow_nan=False).replace("<", "\\u003c")
    data = element("script", Markup(numbers), type="application/json")
    turning = [_knob("turn", "Turn", -180, 180, TURN), _knob("tilt", "Tilt", 0, 90, TILT)]
    knobs = element("div", joined(turning), class_="knobs", hidden="hidden")
    return element("div", joined([drawing, data, knobs]), class_="chart surface")


def prepared(content: Mapping[str, Any]) -> dict[str, Any]:
    """Scale a surface to its box: sides from -0.5 to 0.5, at most `MOST` points along each.

    Gives JSON-like content; heights without a number, or none above zero where they go by their
    logarithm, are None.
    """
    x, y, z = _thinned(content)
    path = np.array(content["path"], dtype=np.float64).reshape(-1, 3)
    tall, walked = (_by_log(z), _by_log(path[:, 2])) if content["log_z"] else (z, path[:, 2])
    known = tall[np.isfinite(tall)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    top = high if high > low else low + 1
    ends = [_ends(x), _ends(y), (low, top)]
    steps = zip(path[:, 0], path[:, 1], walked, strict=True)
    by_log = " (logarithmic)" if content["log_z"] else ""
    logs = [False, False, content["log_z"]]
    values = [*ends[:2], (10**low, 10**top) if content["log_z"] else (low, top)]
    return {
        "x": [_placed(v, *ends[0]) for v in x],
        "y": [_placed(v, *ends[1]) for v in y],
        "z": [[_placed(v, low, top) for v in row] for row in tall],
        "path": [
            [_placed(v, *end) for v, end in zip(step, ends, strict=True)]
            for step in steps
            if np.isfinite(step).all()
        ],
        "ends": [_ends_written(pair, log) for pair, log in zip(values, logs, strict=True)],
        "names": [content["x_label"], content["y_label"], f"{content['z_label']}{by_log}"],
    }


def drawn(scene: Mapping[str, Any], turn: float, tilt: float) -> list[Markup]:
    """Draw a scene as seen from `turn` and `tilt`, in degrees: squares, the path, the axes."""
    areas = [*_squares(scene, turn, tilt), *_path(scene, turn, tilt)]
    frame, texts = _axes(scene, turn, tilt)
    inner = element(
        "svg", joined([*frame, *areas]), viewBox=f"0 0 {UNITS} {UNITS}",
        preserveAspectRatio="none", width="100%", height=HEIGHT,
    )  # fmt: skip
    return [inner, *texts]


def seen(point: Point, turn: float, tilt: float) -> Point:
    """Project a point of the box: units from the left, units from the top, and how near it is."""
    a, e = math.radians(turn), math.radians(tilt)
    x, y, z = point[0], point[1], TALL * point[2]
    right = x * math.cos(a) + y * math.sin(a)
    away = y * math.cos(a) - x * math.sin(a)
    up = z * math.cos(e) + away * math.sin(e)
    near = z * math.sin(e) - away * math.cos(e)
    return UNITS * (0.5 + right / WIDE), UNITS * (0.5 - up / HIGH), near


def _thinned(content: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Leave evenly chosen rows and columns, the first and the last among them."""
    z = heights(content["z"])
    rows, columns = (
        np.unique(np.linspace(0, n - 1, min(n, MOST)).round().astype(int)) for n in z.shape
    )
    x, y = (np.array(content[name], dtype=np.float64) for name in ("x", "y"))
    return x[columns], y[rows], z[np.ix_(rows, columns)]


def _ends_written(ends: Sequence[float], log: bool) -> list[str]:
    """Write ends to three digits; what is a rounding error beside the other end is zero."""
    least = 0.0 if log else 1e-12 * max(map(abs, ends))
    return [written(float(f"{value:.3g}") if abs(value) > least else 0.0) for value in ends]


def _by_log(values: np.ndarray) -> np.ndarray:
    return np.log10(values, where=values > 0, out=np.full(values.shape, np.nan))


def _ends(values: np.ndarray) -> tuple[float, float]:
    return float(values[0]), float(values[-1])


def _placed(value: float, low: float, high: float) -> float | None:
    """Place a value between the ends of its side; four digits are less than a pixel."""
    return round(float((value - low) / (high - low) - 0.5), 4) if np.isfinite(value) else None


def _squares(scene: Mapping[str, Any], turn: float, tilt: float) -> list[Markup]:
    """Draw the grid's squares, the farthest first, so that near ones hide them."""
    x, y, z = scene["x"], scene["y"], scene["z"]
    found = []
    for row in range(len(y) - 1):
        for column in range(len(x) - 1):
            corners = [
                (x[c], y[r], z[r][c])
                for r, c in (
                    (row, column), (row, column + 1), (row + 1, column + 1), (row + 1, column),
                )
            ]  # fmt: skip
            if any(corner[2] is None for corner in corners):
                continue
            places = [seen(corner, turn, tilt) for corner in corners]
            height = _total(corners) / 4 + 0.5
            shade = min(int(height * SHADES), SHADES - 1)
            found.append((_total(places), shade, places))
    found.sort(key=lambda square: square[0])
    return [
        element("polygon", points=_written(places), class_=f"h{shade}")
        for _, shade, places in found
    ]


def _total(corners: Sequence[Point]) -> float:
    """Add what is third, in the script's order: `sum` rounds otherwise from Python 3.12 on."""
    a, b, c, d = (corner[2] for corner in corners)
    return a + b + c + d


def _path(scene: Mapping[str, Any], turn: float, tilt: float) -> list[Markup]:
    places = [seen((x, y, z), turn, tilt) for x, y, z in scene["path"]]
    if not places:
        return []
    dots = _written(places)
    end = _written([places[-1], places[-1]])
    return [
        element("polyline", points=dots, class_="way"),
        element("polyline", points=end, class_="way end"),
    ]


def _axes(scene: Mapping[str, Any], turn: float, tilt: float) -> tuple[list[Markup], list[Markup]]:
    """Draw the floor and one upright edge; write names and ends along the nearest edges."""
    floor = [(x, y, -0.5) for x, y in ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5))]
    nearest = max(floor, key=lambda corner: seen(corner, turn, tilt)[2])
    leftmost = min(floor, key=lambda corner: seen(corner, turn, tilt)[0])
    upright = [leftmost, (leftmost[0], leftmost[1], 0.5)]
    edges: list[Sequence[Point]] = [
        [(-0.5, nearest[1], -0.5), (0.5, nearest[1], -0.5)],
        [(nearest[0], -0.5, -0.5), (nearest[0], 0.5, -0.5)],
        upright,
    ]
    frame = [
        element("polygon", points=_written([seen(c, turn, tilt) for c in floor]), class_="floor"),
        element("polyline", points=_written([seen(c, turn, tilt) for c in upright]), class_="edge"),
    ]
    texts: list[Markup] = []
    for name, ends, edge in zip(scene["names"], scene["ends"], edges, strict=True):
        texts += _along(name, ends, [seen(point, turn, tilt) for point in edge], edge is upright)
    return frame, texts


def _along(name: str, ends: Sequence[str], edge: Sequence[Point], is_upright: bool) -> list[Markup]:
    """Write an edge's two ends on its outer side; its name between them, or on top of it."""
    low, high = edge
    outside = -1 if (low[0] + high[0]) / 2 < UNITS / 2 else 1
    kind = "end" if outside < 0 else "start"
    words = [(0.9, ends[0], kind, 8 * outside, 12), (0.1, ends[1], kind, 8 * outside, 12)]
    words += (
        [(0.0, name, "axis start", -24, -10)]  # a long one has room there
        if is_upright
        else [(0.5, name, f"axis {kind}", 8 * outside, 12)]
    )
    return [
        element(
            "text", text, x=across((share * low[0] + (1 - share) * high[0]) / UNITS),
            y=f"{HEIGHT * (share * low[1] + (1 - share) * high[1]) / UNITS:.1f}",
            dx=dx, dy=dy, class_=shown,
        )
        for share, text, shown, dx, dy in words
    ]  # fmt: skip


def _written(places: Sequence[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in places)


def _knob(name: str, label: str, low: int, high: int, value: int) -> Markup:
    knob = element("input", type="range", min=low, max=high, value=value, data_knob=name)
    # An input has no end tag in HTML.
    return element("label", label + Markup(str(knob).replace("></input>", " />")))
