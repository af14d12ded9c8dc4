"""Examples to which the reader adds own ones by clicks, and a model that is fitted to all again.

`templates/own_points.js` fits and draws the model, by degree and penalty.  Without JavaScript the
figure shows the examples.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from foursplit.reporting.plots.plane import Plane, framed
from foursplit.reporting.plots.scale import scale
from foursplit.reporting.plots.series import CROSS, SHAPES, legend, markers
from foursplit.reporting.plots.svg import element, joined

HEIGHT = 320  # pixels
MIN_POWER, MAX_POWER = -4, 2  # of ten, of the penalty

MARKS = (
    {"d": SHAPES[0], "class": "mark g0"},
    {"d": CROSS, "class": "cross g1"},
)
"""Of the examples by class; a quantity has the first."""


def own_points(content: Mapping[str, Any]) -> Markup:
    """Plot a figure of kind `ownpoints` of `core.lesson_figures`, with its data for the script."""
    x_range, y_range = content["x_range"], content["y_range"]
    plane = Plane(x=scale(x_range, ends=x_range), y=scale(y_range, ends=y_range), height=HEIGHT)
    series = list(_series(content))
    plot = framed(plane, content, "own", above=markers(plane, series))
    # Text in a script element is not escaped, so it must not contain "</script>".
    text = json.dumps(_scene(content), sort_keys=True, allow_nan=False).replace("<", "\\u003c")
    data = element("script", Markup(text), type="application/json")
    parts = [_controls(content), legend(series), plot, data]
    return element("div", joined(parts), class_="own-points")


def _is_class(content: Mapping[str, Any]) -> bool:
    return content["model"] == "logistic"


def _series(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    points = list(zip(content["x"], content["y"], content["label"], strict=True))
    return [
        {
            "name": name,
            "x": [x for x, _, label in points if label == number],
            "y": [y for _, y, label in points if label == number],
            "mark": "crosses" if number else "points",
            "group": number,
        }
        for number, name in enumerate(content["classes"])
    ]


def _scene(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the script needs; an example has inputs `x` and target `y`."""
    rows = zip(content["x"], content["y"], content["label"], strict=True)
    if _is_class(content):
        examples = [{"x": [x, y], "y": label} for x, y, label in rows]
    else:
        examples = [{"x": [x], "y": y} for x, y, _ in rows]
    return {
        "model": content["model"],
        "examples": examples,
        "x_range": content["x_range"],
        "y_range": content["y_range"],
        "marks": MARKS,
    }


def _controls(content: Mapping[str, Any]) -> Markup:
    power = math.log10(content["l2"])
    controls = [
        _slider("degree", "degree", (1, content["max_degree"], 1), content["degree"]),
        _slider("l2", "penalty λ, as a power of ten", (MIN_POWER, MAX_POWER, 0.25), power),
    ]
    if _is_class(content):
        group = f"class of {content['title']}"
        controls += [_radio(group, number, name) for number, name in enumerate(content["classes"])]
    controls += [
        element("button", text, type="button", data_do=action)
        for action, text in (("undo", "Remove my last"), ("clear", "Remove mine"))
    ]
    controls.append(element("output", "", aria_live="polite"))
    return element("div", joined(controls), class_="knobs", hidden="hidden")


def _slider(knob: str, text: str, ends: tuple[float, float, float], value: float) -> Markup:
    low, high, step = (f"{end:g}" for end in ends)
    slider = element(
        "input",
        type="range",
        min=low,
        max=high,
        step=step,
        value=f"{value:g}",
        data_knob=knob,
    )
    return element("label", text + " " + _without_end(slider))


def _radio(group: str, number: int, name: str) -> Markup:
    checked = {"checked": "checked"} if number == 0 else {}
    radio = element("input", type="radio", name_=group, value=number, **checked)
    return element("label", _without_end(radio) + f" click adds {name}")


def _without_end(tag: Markup) -> Markup:
    """Return an input without the end tag, which HTML has none of."""
    return Markup(str(tag).replace("></input>", " />"))
