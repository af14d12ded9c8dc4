"""A craft that flies over the ground, drawn as it happens: an SVG that animates itself.

Without animation, as in print, the whole way is drawn.  Source: W3C, SVG Animations Level 2.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from foursplit.reporting.plots.svg import element, joined

WIDTH, HEIGHT = 600, 400  # of the viewBox: lengths and angles keep their shape
CRAFT = "M-14 -8L14 -8L17 6L-17 6ZM-14 6L-20 18M14 6L20 18"
FLAMES = {1: "M-18 0L-34 4L-18 6Z", 2: "M-7 7L0 34L7 7Z", 3: "M18 0L34 4L18 6Z"}
"""The shape of each engine's fire, by action: left, main, right."""


def flight(content: Mapping[str, Any]) -> Markup:
    """Plot a figure of kind `flight` of `core.lesson_figures`."""
    places = [_place(content, x, y) for x, y in zip(content["x"], content["y"], strict=True)]
    seconds = len(places) / content["steps_a_second"]
    ground = [
        _place(content, x, y) for x, y in zip(content["ground_x"], content["ground_y"], strict=True)
    ]
    area = f"{_points(ground)} {WIDTH},{HEIGHT} 0,{HEIGHT}"
    drawn = element(
        "svg",
        joined(
            [
                element("polygon", points=area, class_="block g7", fill_opacity="0.5"),
                _pad(content),
                _way(places, seconds),
                _craft(content, places, seconds),
            ]
        ),
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        width="100%",
        role="img",
        aria_label=f"{content['title']}: the craft's way, {len(places)} steps in {seconds:.0f} s",
        style="max-width:600px;overflow:hidden",
    )
    return element("div", drawn, class_="chart flight")


def _place(content: Mapping[str, Any], x: float, y: float) -> tuple[float, float]:
    """Return the place in units of the viewBox."""
    (left, right), (low, high) = content["x_range"], content["y_range"]
    return WIDTH * (x - left) / (right - left), HEIGHT * (high - y) / (high - low)


def _points(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in places)


def _pad(content: Mapping[str, Any]) -> Markup:
    """Draw the flags of the landing place."""
    flags = [_place(content, x, content["pad_y"]) for x in content["pad_x"]]
    return joined(
        element("path", d=f"M{x:.1f} {y:.1f}v-24l12 5l-12 5", class_="curve g2") for x, y in flags
    )


def _way(places: Sequence[tuple[float, float]], seconds: float) -> Markup:
    """Draw the way up to where the craft is: the rest of it is a gap of the dashes."""
    steps = np.hypot(*np.diff(places, axis=0).T)
    flown = np.concatenate([[0.0], np.cumsum(steps)])
    rest = 1 - flown / (flown[-1] or 1.0)
    animate = _animate("animate", "stroke-dashoffset", (f"{v:.4f}" for v in rest), seconds)
    return element(
        "polyline",
        animate,
        points=_points(places),
        pathLength=1,
        stroke_dasharray=1,
        class_="curve g0",
    )


def _craft(
    content: Mapping[str, Any], places: Sequence[tuple[float, float]], seconds: float
) -> Markup:
    """Draw the craft with its fires: one group is moved, the one within it is turned."""
    degrees = [-float(np.degrees(angle)) for angle in content["angle"]]
    fires = [
        element(
            "path",
            _animate(
                "animate",
                "visibility",
                ("visible" if action == number else "hidden" for action in content["engine"]),
                seconds,
                discrete=True,
            ),
            d=path,
            class_="block g1",
            visibility="hidden",
        )
        for number, path in FLAMES.items()
    ]
    turn = _transform("rotate", (f"{angle:.1f}" for angle in degrees), seconds)
    body = element("path", d=CRAFT, class_="curve g3")
    x, y = places[-1]
    turned = element("g", joined([*fires, body, turn]), transform=f"rotate({degrees[-1]:.1f})")
    move = _transform("translate", (f"{x:.1f},{y:.1f}" for x, y in places), seconds)
    return element("g", joined([turned, move]), transform=f"translate({x:.1f},{y:.1f})")


def _transform(kind: str, values: Any, seconds: float) -> Markup:
    return element(
        "animateTransform",
        attributeName="transform",
        type=kind,
        values=";".join(values),
        dur=f"{seconds:.2f}s",
        repeatCount="indefinite",
    )


def _animate(
    tag: str, attribute: str, values: Any, seconds: float, *, discrete: bool = False
) -> Markup:
    return element(
        tag,
        attributeName=attribute,
        values=";".join(values),
        dur=f"{seconds:.2f}s",
        repeatCount="indefinite",
        calcMode="discrete" if discrete else "linear",
    )
