"""A line that the reader moves: over its examples, and as a point on its cost.

`templates/line_fit.js` moves it by sliders for w and b and by a click on the contour.  Without
JavaScript the figure stays as drawn here.
"""

import json
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from foursplit.reporting.plots.contour import contour
from foursplit.reporting.plots.lines import lines
from foursplit.reporting.plots.svg import element, joined

N_STEPS = 200  # of a slider, from end to end
MOVED = "your line"


def line_fit(content: Mapping[str, Any]) -> Markup:
    """Plot a figure of kind `linefit` of `core.lesson_figures`, with its data for the script."""
    w, b = content["start"]
    examples = _series("examples", content["x"], content["y"], "crosses", 1)
    line = _series(MOVED, content["x_range"], [w * x + b for x in content["x_range"]], "line", 0)
    both = [
        lines(
            {
                **{name: content[name] for name in ("x_label", "y_label", "x_range", "y_range")},
                "title": f"{content['title']}: the line",
                "series": [examples, line],
                "log_x": False,
                "log_y": False,
            }
        ),
        contour(
            {
                "title": f"{content['title']}: its cost",
                "x_label": "w",
                "y_label": "b",
                "x": content["w"],
                "y": content["b"],
                "z": content["z"],
                "levels": content["levels"],
                "series": [_series(MOVED, [w], [b], "points", 0)],
            }
        ),
    ]
    ends = {name: (content[name][0], content[name][-1]) for name in ("w", "b")}
    scene = {
        **ends,
        "x": content["x"],
        "y": content["y"],
        "x_range": content["x_range"],
        "y_range": content["y_range"],
    }
    # Text in a script element is not escaped, so it must not contain "</script>".
    text = json.dumps(scene, sort_keys=True, allow_nan=False).replace("<", "\\u003c")
    data = element("script", Markup(text), type="application/json")
    sliders = [_slider("w", ends["w"], w), _slider("b", ends["b"], b)]
    output = element("output", "", aria_live="polite")
    controls = element("div", joined([*sliders, output]), class_="knobs", hidden="hidden")
    return element(
        "div", joined([controls, *(element("div", one) for one in both), data]), class_="line-fit"
    )


def _series(name: str, x: Any, y: Any, mark: str, group: int) -> dict[str, Any]:
    return {"name": name, "x": x, "y": y, "mark": mark, "group": group}


def _slider(name: str, ends: tuple[float, float], value: float) -> Markup:
    low, high = ends
    slider = element(
        "input",
        type="range",
        min=f"{low:g}",
        max=f"{high:g}",
        step=f"{(high - low) / N_STEPS:g}",
        value=f"{value:g}",
        data_knob=name,
    )
    # An input has no end tag in HTML.
    return element("label", name + " " + Markup(str(slider).replace("></input>", " />")))
