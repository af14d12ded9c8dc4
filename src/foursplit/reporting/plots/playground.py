"""Networks to play with: a choice of data, layers and rates, and what the network says of a plane.

`templates/playground.js` draws every step of every combination from its weights.  Without
JavaScript the first choice stays as drawn here, after its last step.
"""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise, product
from typing import Any

import numpy as np
from markupsafe import Markup

from foursplit.reporting.plots.regions import regions
from foursplit.reporting.plots.svg import element, joined

N_CELLS = 40  # along a side of what is drawn here
FUNCTIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "relu": lambda z: np.maximum(z, 0),
    "tanh": np.tanh,
    "sigmoid": lambda z: 0.5 * (1 + np.tanh(z / 2)),
}


def playground(content: Mapping[str, Any]) -> Markup:
    """Plot a figure of kind `playground` of `core.lesson_figures`, with its data for the script."""
    names = ("title", "data", "points", "layers", "activations", "steps", "half_width", "weights")
    scene = {name: content[name] for name in names} | {
        "counts": [len(values) for _, values in choices(content)],
        "start": content["start"],
    }
    # Text in a script element is not escaped, so it must not contain "</script>".
    text = json.dumps(scene, sort_keys=True, allow_nan=False).replace("<", "\\u003c")
    data = element("script", Markup(text), type="application/json")
    menus = [
        _menu(number, name, values, content["start"][number])
        for number, (name, values) in enumerate(choices(content))
    ]
    knobs = element("div", joined(menus), class_="knobs", hidden="hidden")
    still = element("div", _still(content), class_="still")
    live = element("div", "", class_="live")
    return element("div", joined([knobs, still, live, data]), class_="playground")


def choices(content: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """Return name and values of every choice, in the order of the weights."""
    layers = ["–".join(map(str, units)) or "none" for units in content["layers"]]
    return [
        ("data", list(content["data"])),
        ("hidden units", layers),
        ("activation", list(content["activations"])),
        *((name, list(values)) for name, values in content["others"]),
    ]


def parameters(content: Mapping[str, Any], chosen: tuple[int, ...], step: int) -> np.ndarray:
    """Return the weights of a combination after `steps[step]`, as one axis."""
    flat = np.frombuffer(base64.b64decode(content["weights"]), dtype="<f4")
    start = 0
    for combination in product(*(range(len(values)) for _, values in choices(content))):
        size = sum(n * (m + 1) for m, n in pairwise(_sizes(content, combination)))
        if combination == tuple(chosen):
            return flat[start + step * size : start + (step + 1) * size]
        start += size * len(content["steps"])
    raise KeyError(chosen)


def forward(
    content: Mapping[str, Any], chosen: tuple[int, ...], step: int, x: np.ndarray
) -> Iterator[np.ndarray]:
    """Yield what each layer makes of (point, 2): activations, and of the last one probabilities."""
    flat = parameters(content, chosen, step).astype(np.float64)
    sizes = _sizes(content, chosen)
    for number, (n_in, n_out) in enumerate(pairwise(sizes), start=2):
        w, b = flat[: n_in * n_out].reshape(n_out, n_in), flat[n_in * n_out : (n_in + 1) * n_out]
        flat = flat[(n_in + 1) * n_out :]
        is_last = number == len(sizes)
        name = "sigmoid" if is_last else content["activations"][chosen[2]]
        x = FUNCTIONS[name](x @ w.T + b)
        yield x


def _sizes(content: Mapping[str, Any], chosen: tuple[int, ...]) -> list[int]:
    return [2, *content["layers"][chosen[1]], 1]


def _still(content: Mapping[str, Any]) -> Markup:
    """Draw the first choice after its last step."""
    chosen, half = tuple(content["start"]), content["half_width"]
    side = np.linspace(-half, half, N_CELLS)
    plane = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    *_, last = forward(content, chosen, len(content["steps"]) - 1, plane)
    points = np.asarray(content["points"][chosen[0]])
    series = [
        {
            "name": f"class {k}",
            "x": points[points[:, 2] == k, 0].tolist(),
            "y": points[points[:, 2] == k, 1].tolist(),
            "mark": mark,
            "group": k,
        }
        for k, mark in enumerate(("points", "crosses"))
    ]
    return regions(
        {
            "title": content["title"],
            "x_label": "first input",
            "y_label": "second input",
            "x": side.tolist(),
            "y": side.tolist(),
            "z": last.reshape(N_CELLS, N_CELLS).tolist(),
            "classes": ["class 0", "class 1"],
            "series": series,
        }
    )


def _menu(number: int, name: str, values: list[str], selected: int) -> Markup:
    options = [
        element(
            "option",
            value,
            value=str(index),
            **({"selected": "selected"} if index == selected else {}),
        )
        for index, value in enumerate(values)
    ]
    menu = element("select", joined(options), data_choice=str(number))
    return element("label", name + " " + menu)
