"""Pictures of a lesson's figures for MLflow, with the same numbers as on the lesson's page."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.image import imsave

from foursplit.core.lesson_figures import pixels

Content = Mapping[str, Any]

COLORS = ("#2563a8", "#bf4f12", "#0d7f74", "#7639ad", "#8a5a00", "#b3261e", "#6b7080", "#1a6b3c")
MARKERS = "os^DvP"

MAX_DRAWN = 1e100  # larger values overflow in matplotlib's logarithmic axis

MAX_TABLE_ROWS = 40  # of a table; more are not legible


def save_figures(folder: Path, lesson: Content) -> None:
    """Write a PNG per figure to `folder`, named by section and position; three per slider."""
    for number, section in enumerate(lesson["sections"], start=1):
        for position, figure in enumerate(section["figures"], start=1):
            for name, content in _without_sliders(figure):
                _write(folder / f"{number}_{position}{name}.png", content)


def _without_sliders(content: Content) -> Iterator[tuple[str, Content]]:
    if content["kind"] != "slider":
        yield "", content
        return
    # Its ends and its start; the page has all positions.
    figures = content["figures"]
    for number in sorted({0, content["start"], len(figures) - 1}):
        yield f"_{number + 1}", figures[number]


def _write(path: Path, content: Content) -> None:
    if content["kind"] == "picture":
        # Each pixel as large as on the page: MLflow's page would blur it.
        zoom = content["zoom"]
        imsave(path, pixels(content).repeat(zoom, axis=0).repeat(zoom, axis=1))
    else:
        plot_figure(content).savefig(path)


def plot_figure(content: Content) -> Figure:
    """Plot a figure of any type except slider and picture."""
    figure = Figure(figsize=(7, 4.5), dpi=100, layout="constrained")
    if content["kind"] == "surface":
        _surface(figure, content)
        return figure
    axes = figure.add_subplot()
    axes.set_title(content["title"])
    PLOTTERS[content["kind"]](axes, content)
    return figure


def _lines(axes: Axes, content: Content) -> None:
    _series(axes, content)
    for log, to_log in (("log_x", axes.set_xscale), ("log_y", axes.set_yscale)):
        if content[log]:
            to_log("log")
    if content["x_range"]:
        axes.set_xlim(*content["x_range"])
    if content["y_range"]:
        axes.set_ylim(*content["y_range"])


def _contour(axes: Axes, content: Content) -> None:
    grid = (content["x"], content["y"], as_floats(content["z"]))
    contours = axes.contour(*grid, levels=content["levels"], colors=COLORS[6])
    axes.clabel(contours, fontsize=8)
    _series(axes, content)


def _regions(axes: Axes, content: Content) -> None:
    x, y, z = content["x"], content["y"], as_floats(content["z"])
    two = len(content["classes"]) == 2
    colors: Any = "RdBu_r" if two else ListedColormap(COLORS[: len(content["classes"])])
    top = 1.0 if two else len(content["classes"]) - 0.5
    axes.pcolormesh(
        x, y, z, cmap=colors, vmin=0.0 if two else -0.5, vmax=top, alpha=0.4, shading="nearest"
    )
    _series(axes, content)


def _table(axes: Axes, content: Content) -> None:
    axes.axis("off")
    rows = [[_cell(cell) for cell in row] for row in content["rows"][:MAX_TABLE_ROWS]]
    if rows:
        axes.table(cellText=rows, colLabels=content["columns"], loc="center")


def _cell(cell: Any) -> str:
    return "–" if cell is None else f"{cell:.4g}" if isinstance(cell, float) else str(cell)


def _surface(figure: Figure, content: Content) -> None:
    axes: Any = figure.add_subplot(projection="3d")
    path = np.array(content["path"], dtype=np.float64).reshape(-1, 3)
    z = as_floats(content["z"])
    label = content["z_label"]
    if content["log_z"]:
        z, path[:, 2] = (_log10(values) for values in (z, path[:, 2]))
        label = f"log10 of {label}"
    x, y = np.meshgrid(content["x"], content["y"])
    axes.plot_surface(x, y, z, cmap="cividis", alpha=0.85)
    axes.plot(*path.T, color=COLORS[1], zorder=10)
    axes.set(
        title=content["title"], xlabel=content["x_label"], ylabel=content["y_label"], zlabel=label
    )


def _log10(values: np.ndarray) -> np.ndarray:
    return np.log10(values, where=values > 0, out=np.full(values.shape, np.nan))


def as_floats(grid: Any) -> np.ndarray:
    """Return a grid as floats; missing values become NaN."""
    return np.array(grid, dtype=np.float64)


def _drawable(values: Any) -> np.ndarray:
    """Return a series as floats; missing and too large values become NaN."""
    numbers = np.array(values, dtype=np.float64)
    return np.where(np.abs(numbers) < MAX_DRAWN, numbers, np.nan)


def _series(axes: Axes, content: Content) -> None:
    """Plot all series with axis labels."""
    for position, series in enumerate(content["series"]):
        number = position if series["group"] is None else series["group"]
        color, name = COLORS[number % len(COLORS)], series["name"] or None
        x, y = (_drawable(series[axis]) for axis in "xy")
        if series["mark"] == "bars":
            axes.bar(x, y, color=color, label=name, alpha=0.6)
        elif series["mark"] in ("points", "crosses"):
            marker = "x" if series["mark"] == "crosses" else MARKERS[number % len(MARKERS)]
            axes.plot(x, y, marker, color=color, label=name, markersize=5)
        else:
            style = "--" if series["mark"] == "dashed" else "-"
            axes.plot(x, y, style, color=color, label=name)
    axes.set(xlabel=content["x_label"], ylabel=content["y_label"])
    if any(series["name"] for series in content["series"]):
        axes.legend(frameon=False)


PLOTTERS: dict[str, Callable[[Axes, Content], None]] = {
    "lines": _lines,
    "contour": _contour,
    "regions": _regions,
    "table": _table,
}
