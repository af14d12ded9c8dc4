"""Surface plot of a height over a plane, painted from far to near, rotatable in the browser.

`templates/surface.js` redraws it from the data embedded in the figure, seen from another angle.
Without JavaScript the figure stays as drawn here.
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from foursplit.reporting.plots.contour import heights
from foursplit.reporting.plots.plane import UNITS
from foursplit.reporting.plots.scale import format_tick
from foursplit.reporting.plots.svg import across, element, joined

HEIGHT = 380  # pixels
TURN, TILT = 35, 28  # initial view, in degrees
MAX_POINTS = 25  # along an axis: a phone redraws all of them at each move
SHADES = 12  # classes h0 to h11 of the style sheet
BOX_HEIGHT = 0.7  # of the box, whose floor has sides of 1
MAX_WIDTH, MAX_HEIGHT = 1.5, 1.62  # of the box, in any rotation

Point = tuple[float, float, float]


def surface(content: Mapping[str, Any]) -> Markup:
    """Plot a figure of kind `surface` of `core.lesson_figures`, with its data for rotation."""
    scene = build_scene(content)
    drawing = element(
        "svg",
        joined(draw(scene, TURN, TILT)),
        width="100%",
        height=HEIGHT,
        role="img",
        aria_label=f"{content['title']}: {content['z_label']} over {content['x_label']} and "
        f"{content['y_label']}",
    )
    # Text in a script element is not escaped, so it must not contain "</script>".
    scene_json = json.dumps(scene, sort_keys=True, allow_nan=False).replace("<", "\\u003c")
    data = element("script", Markup(scene_json), type="application/json")
    sliders = [_slider("turn", "Turn", -180, 180, TURN), _slider("tilt", "Tilt", 0, 90, TILT)]
    controls = element("div", joined(sliders), class_="knobs", hidden="hidden")
    return element("div", joined([drawing, data, controls]), class_="chart surface")


def build_scene(content: Mapping[str, Any]) -> dict[str, Any]:
    """Scale a surface to its box: sides from -0.5 to 0.5, at most `MAX_POINTS` along each.

    Returns JSON content.  Missing heights, and on a logarithmic axis those that are not positive,
    are None.
    """
    x, y, z = _subsampled(content)
    path = np.array(content["path"], dtype=np.float64).reshape(-1, 3)
    heights_, path_heights = (
        (_log10(z), _log10(path[:, 2])) if content["log_z"] else (z, path[:, 2])
    )
    finite = heights_[np.isfinite(heights_)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    top = high if high > low else low + 1
    ends = [_ends(x), _ends(y), (low, top)]
    steps = zip(path[:, 0], path[:, 1], path_heights, strict=True)
    suffix = " (logarithmic)" if content["log_z"] else ""
    is_log = [False, False, content["log_z"]]
    values = [*ends[:2], (10**low, 10**top) if content["log_z"] else (low, top)]
    return {
        "x": [_scaled(v, *ends[0]) for v in x],
        "y": [_scaled(v, *ends[1]) for v in y],
        "z": [[_scaled(v, low, top) for v in row] for row in heights_],
        "path": [
            [_scaled(v, *end) for v, end in zip(step, ends, strict=True)]
            for step in steps
            if np.isfinite(step).all()
        ],
        "ends": [_format_ends(pair, log) for pair, log in zip(values, is_log, strict=True)],
        "names": [content["x_label"], content["y_label"], f"{content['z_label']}{suffix}"],
    }


def draw(scene: Mapping[str, Any], turn: float, tilt: float) -> list[Markup]:
    """Draw a scene seen from `turn` and `tilt`, in degrees: surface, path and axes."""
    surfaces = [*_squares(scene, turn, tilt), *_path(scene, turn, tilt)]
    frame, texts = _axes(scene, turn, tilt)
    inner = element(
        "svg",
        joined([*frame, *surfaces]),
        viewBox=f"0 0 {UNITS} {UNITS}",
        preserveAspectRatio="none",
        width="100%",
        height=HEIGHT,
    )
    return [inner, *texts]


def project(point: Point, turn: float, tilt: float) -> Point:
    """Project a point of the box to (units from the left, units from the top, nearness)."""
    a, e = math.radians(turn), math.radians(tilt)
    x, y, z = point[0], point[1], BOX_HEIGHT * point[2]
    right = x * math.cos(a) + y * math.sin(a)
    away = y * math.cos(a) - x * math.sin(a)
    up = z * math.cos(e) + away * math.sin(e)
    near = z * math.sin(e) - away * math.cos(e)
    return UNITS * (0.5 + right / MAX_WIDTH), UNITS * (0.5 - up / MAX_HEIGHT), near


def _subsampled(content: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return evenly spaced rows and columns, including the first and the last."""
    z = heights(content["z"])
    rows, columns = (
        np.unique(np.linspace(0, n - 1, min(n, MAX_POINTS)).round().astype(int)) for n in z.shape
    )
    x, y = (np.array(content[name], dtype=np.float64) for name in ("x", "y"))
    return x[columns], y[rows], z[np.ix_(rows, columns)]


def _format_ends(ends: Sequence[float], log: bool) -> list[str]:
    """Format ends to three digits; a rounding error relative to the other end becomes zero."""
    smallest = 0.0 if log else 1e-12 * max(map(abs, ends))
    return [format_tick(float(f"{value:.3g}") if abs(value) > smallest else 0.0) for value in ends]


def _log10(values: np.ndarray) -> np.ndarray:
    return np.log10(values, where=values > 0, out=np.full(values.shape, np.nan))


def _ends(values: np.ndarray) -> tuple[float, float]:
    return float(values[0]), float(values[-1])


def _scaled(value: float, low: float, high: float) -> float | None:
    """Scale a value to its side of the box; four digits are less than a pixel."""
    return round(float((value - low) / (high - low) - 0.5), 4) if np.isfinite(value) else None


def _squares(scene: Mapping[str, Any], turn: float, tilt: float) -> list[Markup]:
    """Draw the squares of the grid from far to near, so that near ones hide far ones."""
    x, y, z = scene["x"], scene["y"], scene["z"]
    squares = []
    for row in range(len(y) - 1):
        for column in range(len(x) - 1):
            corners = [
                (x[c], y[r], z[r][c])
                for r, c in (
                    (row, column),
                    (row, column + 1),
                    (row + 1, column + 1),
                    (row + 1, column),
                )
            ]
            if any(corner[2] is None for corner in corners):
                continue
            points = [project(corner, turn, tilt) for corner in corners]
            height = _sum_z(corners) / 4 + 0.5
            shade = min(int(height * SHADES), SHADES - 1)
            squares.append((_sum_z(points), shade, points))
    squares.sort(key=lambda square: square[0])
    return [
        element("polygon", points=_format_points(points), class_=f"h{shade}")
        for _, shade, points in squares
    ]


def _sum_z(corners: Sequence[Point]) -> float:
    """Add the heights in the order of surface.js; `sum` rounds differently from Python 3.12 on."""
    a, b, c, d = (corner[2] for corner in corners)
    return a + b + c + d


def _path(scene: Mapping[str, Any], turn: float, tilt: float) -> list[Markup]:
    points = [project((x, y, z), turn, tilt) for x, y, z in scene["path"]]
    if not points:
        return []
    line = _format_points(points)
    end = _format_points([points[-1], points[-1]])
    return [
        element("polyline", points=line, class_="way"),
        element("polyline", points=end, class_="way end"),
    ]


def _axes(scene: Mapping[str, Any], turn: float, tilt: float) -> tuple[list[Markup], list[Markup]]:
    """Draw the floor and a vertical edge; label the nearest edges with names and ends."""
    floor = [(x, y, -0.5) for x, y in ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5))]
    nearest = max(floor, key=lambda corner: project(corner, turn, tilt)[2])
    leftmost = min(floor, key=lambda corner: project(corner, turn, tilt)[0])
    vertical = [leftmost, (leftmost[0], leftmost[1], 0.5)]
    edges: list[Sequence[Point]] = [
        [(-0.5, nearest[1], -0.5), (0.5, nearest[1], -0.5)],
        [(nearest[0], -0.5, -0.5), (nearest[0], 0.5, -0.5)],
        vertical,
    ]
    frame = [
        element(
            "polygon",
            points=_format_points([project(c, turn, tilt) for c in floor]),
            class_="floor",
        ),
        element(
            "polyline",
            points=_format_points([project(c, turn, tilt) for c in vertical]),
            class_="edge",
        ),
    ]
    texts: list[Markup] = []
    for name, ends, edge in zip(scene["names"], scene["ends"], edges, strict=True):
        texts += _edge_labels(
            name, ends, [project(point, turn, tilt) for point in edge], edge is vertical
        )
    return frame, texts


def _edge_labels(
    name: str, ends: Sequence[str], edge: Sequence[Point], is_vertical: bool
) -> list[Markup]:
    """Label the ends of an edge on its outer side, and its name between them or above it."""
    low, high = edge
    outside = -1 if (low[0] + high[0]) / 2 < UNITS / 2 else 1
    anchor = "end" if outside < 0 else "start"
    labels = [(0.9, ends[0], anchor, 8 * outside, 12), (0.1, ends[1], anchor, 8 * outside, 12)]
    labels += (
        [(0.0, name, "axis start", -24, -10)]  # with room for a long name
        if is_vertical
        else [(0.5, name, f"axis {anchor}", 8 * outside, 12)]
    )
    return [
        element(
            "text",
            text,
            x=across((share * low[0] + (1 - share) * high[0]) / UNITS),
            y=f"{HEIGHT * (share * low[1] + (1 - share) * high[1]) / UNITS:.1f}",
            dx=dx,
            dy=dy,
            class_=css_class,
        )
        for share, text, css_class, dx, dy in labels
    ]


def _format_points(points: Sequence[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in points)


def _slider(name: str, label: str, low: int, high: int, value: int) -> Markup:
    slider = element("input", type="range", min=low, max=high, value=value, data_knob=name)
    # An input has no end tag in HTML.
    return element("label", label + Markup(str(slider).replace("></input>", " />")))
