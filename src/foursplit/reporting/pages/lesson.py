"""The page of a lesson: its text, results and figures."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from markupsafe import Markup

from foursplit.config import paths
from foursplit.config.schema import Params
from foursplit.core.lesson_figures import pixels
from foursplit.io import artifacts
from foursplit.reporting.numbers import quantity
from foursplit.reporting.plots.contour import contour
from foursplit.reporting.plots.flight import flight
from foursplit.reporting.plots.graph import graph
from foursplit.reporting.plots.line_fit import line_fit
from foursplit.reporting.plots.lines import lines
from foursplit.reporting.plots.own_points import own_points
from foursplit.reporting.plots.playground import playground
from foursplit.reporting.plots.regions import regions
from foursplit.reporting.plots.surface import surface
from foursplit.reporting.png import uri
from foursplit.reporting.render import render

Content = Mapping[str, Any]

PLOTS: dict[str, Callable[[Content], Markup]] = {
    "lines": lines,
    "contour": contour,
    "regions": regions,
    "surface": surface,
    "linefit": line_fit,
    "ownpoints": own_points,
    "flight": flight,
    "graph": graph,
    "playground": playground,
}

SCRIPTS = {
    "slider": "slider.js",
    "surface": "surface.js",
    "linefit": "line_fit.js",
    "playground": "playground.js",
    "ownpoints": "own_points.js",
}
"""Scripts of the interactive figures."""


def lessons(params: Params) -> list[dict[str, Any]]:
    """Read the results of the lessons in params.yaml; lessons that have not run are left out."""
    keys = [key for block in params.lessons.values() for key in block]
    return [artifacts.read_json(paths.lesson(key)) for key in keys if paths.lesson(key).is_file()]


def page(lesson: Content) -> str:
    """Render the page."""
    sections = [
        {**section, "figures": [figure(content) for content in section["figures"]]}
        for section in lesson["sections"]
    ]
    kinds = {
        kind
        for section in lesson["sections"]
        for content in section["figures"]
        for kind in _kinds(content)
    }
    scripts = [file for kind, file in SCRIPTS.items() if kind in kinds]
    return render("lesson.html", {"lesson": {**lesson, "sections": sections, "scripts": scripts}})


def figure(content: Content) -> dict[str, Any]:
    """Draw a figure; raise KeyError for a kind that `core.lesson_figures` does not define."""
    kind = content["kind"]
    if kind == "slider":
        panes = zip(content["values"], content["figures"], strict=True)
        return {**content, "panes": [(value, figure(pane)) for value, pane in panes]}
    if kind == "table":
        return {**content, **_table(content)}
    if kind == "picture":
        return {**content, **_image(content)}
    return {**content, "drawing": PLOTS[kind](content)}


def _kinds(content: Content) -> set[str]:
    panes = content["figures"] if content["kind"] == "slider" else []
    return {content["kind"], *(pane["kind"] for pane in panes)}


def _table(content: Content) -> dict[str, Any]:
    """Format the cells; columns without text are numeric."""
    rows = content["rows"]
    columns = range(len(content["columns"]))
    numeric = {
        column
        for column in columns
        if rows and not any(isinstance(row[column], str) for row in rows)
    }
    return {"rows": [[_cell(cell) for cell in row] for row in rows], "numeric": numeric}


def _cell(cell: str | float | None) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, int):
        return f"{cell:,}"
    return quantity(cell) if isinstance(cell, float) else cell


def _image(content: Content) -> dict[str, Any]:
    image: np.ndarray = pixels(content)
    n_rows, n_columns, _ = image.shape
    zoom = content["zoom"]
    return {"uri": uri(image), "width": zoom * n_columns, "height": zoom * n_rows}
