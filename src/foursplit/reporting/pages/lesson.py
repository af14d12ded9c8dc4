"""A study's page: a lesson worked through on numbers, its figures drawn."""

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
from foursplit.reporting.plots.lines import lines
from foursplit.reporting.plots.regions import regions
from foursplit.reporting.plots.surface import surface
from foursplit.reporting.png import uri
from foursplit.reporting.render import render

Content = Mapping[str, Any]

CHARTS: dict[str, Callable[[Content], Markup]] = {
    "lines": lines,
    "contour": contour,
    "regions": regions,
    "surface": surface,
}

SCRIPTS = {"slider": "slider.js", "surface": "surface.js"}
"""What a kind of figure needs in order to move."""


def studies(params: Params) -> list[dict[str, Any]]:
    """Read what the studies of params.yaml wrote, in its order; what has not run is left out."""
    keys = [key for block in params.studies.values() for key in block]
    return [artifacts.read_json(paths.study(key)) for key in keys if paths.study(key).is_file()]


def page(study: Content) -> str:
    """Write the page."""
    sections = [
        {**section, "figures": [figure(one) for one in section["figures"]]}
        for section in study["sections"]
    ]
    kinds = {
        kind for section in study["sections"] for f in section["figures"] for kind in _kinds(f)
    }
    scripts = [file for kind, file in SCRIPTS.items() if kind in kinds]
    return render("study.html", {"study": {**study, "sections": sections, "scripts": scripts}})


def figure(content: Content) -> dict[str, Any]:
    """Draw a figure of any kind; raises KeyError for one that is not of `core.figure`."""
    kind = content["kind"]
    if kind == "slider":
        panes = zip(content["values"], content["figures"], strict=True)
        return {**content, "panes": [(value, figure(one)) for value, one in panes]}
    if kind == "table":
        return {**content, **_table(content)}
    if kind == "picture":
        return {**content, **_picture(content)}
    return {**content, "drawing": CHARTS[kind](content)}


def _kinds(content: Content) -> set[str]:
    inner = content["figures"] if content["kind"] == "slider" else []
    return {content["kind"], *(one["kind"] for one in inner)}


def _table(content: Content) -> dict[str, Any]:
    """Write the cells, and say which columns are numbers: those without a text."""
    rows = content["rows"]
    columns = range(len(content["columns"]))
    numeric = {n for n in columns if rows and not any(isinstance(row[n], str) for row in rows)}
    return {"rows": [[_cell(cell) for cell in row] for row in rows], "numeric": numeric}


def _cell(cell: str | float | None) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, int):
        return f"{cell:,}"
    return quantity(cell) if isinstance(cell, float) else cell


def _picture(content: Content) -> dict[str, Any]:
    found: np.ndarray = pixels(content)
    n_rows, n_columns, _ = found.shape
    zoom = content["zoom"]
    return {"uri": uri(found), "width": zoom * n_columns, "height": zoom * n_rows}
