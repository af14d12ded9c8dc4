"""Plot of lines, points and bars."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from foursplit.reporting.plots.plane import Plane, drawing
from foursplit.reporting.plots.scale import scale
from foursplit.reporting.plots.series import bar_width, legend, lines_and_bars, markers
from foursplit.reporting.plots.svg import Drawing

HEIGHT = 240  # pixels


FILE_WIDTH, FILE_MARGIN = 580, (70, 20)  # pixels, of a file


def lines(content: Mapping[str, Any]) -> Markup:
    """Plot a figure of kind `lines` of `core.lesson_figures`."""
    return legend(content["series"]) + _draw(content).in_page()


def lines_file(content: Mapping[str, Any], title: str) -> str:
    """Plot the same as an SVG file, without the legend."""
    return _draw(content).as_file(title, FILE_WIDTH, FILE_MARGIN)


def _draw(content: Mapping[str, Any]) -> Drawing:
    series = content["series"]
    bars = [row for row in series if row["mark"] == "bars"]
    x_values = [*_values(series, "x"), *_outer_edges(bars)]
    y_values = [*_values(series, "y"), *([0.0] if bars and not content["log_y"] else [])]
    plane = Plane(
        x=scale(x_values, log=content["log_x"], ends=content["x_range"]),
        y=scale(y_values, log=content["log_y"], ends=content["y_range"]),
        height=HEIGHT,
    )
    labels = {"x_label": _axis_label(content, "x"), "y_label": _axis_label(content, "y")}
    return drawing(
        plane,
        {**content, **labels},
        "lines",
        areas=lines_and_bars(plane, series),
        above=markers(plane, series),
    )


def _values(series: Sequence[Mapping[str, Any]], axis: str) -> Iterable[float]:
    return [value for row in series for value in row[axis] if value is not None]


def _outer_edges(bars: Sequence[Mapping[str, Any]]) -> list[float]:
    """Return the outer edges of the bars, so that the axis includes them."""
    centers, half = list(_values(bars, "x")), bar_width(bars) / 2
    return [min(centers) - half, max(centers) + half] if centers else []


def _axis_label(content: Mapping[str, Any], axis: str) -> str:
    suffix = " (logarithmic)" if content[f"log_{axis}"] else ""
    return f"{content[f'{axis}_label']}{suffix}"
