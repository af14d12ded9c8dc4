"""A computation graph: a box for each number with its value and derivative, joined by lines."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from foursplit.reporting.numbers import quantity
from foursplit.reporting.plots.plane import HEAD, UNITS, stretched
from foursplit.reporting.plots.svg import across, element, figure

ROW = 78  # pixels between the middles of two rows
BOX = (84, 56)  # pixels of a node


def graph(content: Mapping[str, Any]) -> Markup:
    """Plot a figure of kind `graph` of `core.lesson_figures`."""
    n_columns = 1 + max(node["column"] for node in content["nodes"])
    per_column = [
        sum(node["column"] == column for node in content["nodes"]) for column in range(n_columns)
    ]
    n_rows = max(per_column)
    height = n_rows * ROW
    places = {
        node["name"]: (
            (node["column"] + 0.5) / n_columns,
            # Each column is centred.
            (node["row"] + 0.5 + (n_rows - per_column[node["column"]]) / 2) / n_rows,
        )
        for node in content["nodes"]
    }
    edges = [
        element(
            "polyline",
            points=" ".join(
                f"{UNITS * right:.1f},{UNITS * down:.1f}" for right, down in (places[a], places[b])
            ),
            class_="edge",
        )
        for a, b in content["edges"]
    ]
    boxes = [_box(node, *places[node["name"]], height) for node in content["nodes"]]
    label = f"{content['title']}: {_in_words(content)}"
    return figure([stretched(edges, height), *boxes], HEAD + height, label, "graph")


def _box(node: Mapping[str, Any], right: float, down: float, height: float) -> Markup:
    width, tall = BOX
    name = f"{node['name']} ({node['operation']})" if node["operation"] else node["name"]
    parts = [
        element("rect", x=-width / 2, y=-tall / 2, width=width, height=tall, rx=6, class_="node"),
        element("text", quantity(node["value"]), y=-12, class_="middle value"),
        element("text", name, y=5, class_="middle name"),
        element("text", quantity(node["derivative"]), y=21, class_="middle derivative"),
    ]
    return element("svg", Markup("").join(parts), x=across(right), y=f"{HEAD + height * down:.1f}")


def _in_words(content: Mapping[str, Any]) -> str:
    """Name each number with its value and derivative, for screen readers."""
    return ", ".join(
        f"{node['name']} {quantity(node['value'])}, derivative {quantity(node['derivative'])}"
        for node in content["nodes"]
    )
