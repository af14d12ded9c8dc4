"""Figure of curves, points and bars over one pair of axes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from foursplit.reporting.plots.plane import Plane, framed
from foursplit.reporting.plots.scale import scale
from foursplit.reporting.plots.series import bar_width, legend, on_areas, on_top

HEIGHT = 240  # pixels


def lines(content: Mapping[str, Any]) -> Markup:
    """Draw a figure of kind `lines`, as `core.figure` writes it."""
    series = content["series"]
    bars = [one for one in series if one["mark"] == "bars"]
    x_values = [*_values(series, "x"), *_around(bars)]
    y_values = [*_values(series, "y"), *([0.0] if bars and not content["log_y"] else [])]
    plane = Plane(
        x=scale(x_values, log=content["log_x"], ends=content["x_range"]),
        y=scale(y_values, log=content["log_y"], ends=content["y_range"]),
        height=HEIGHT,
    )
    told = {**content, "x_label": _named(content, "x"), "y_label": _named(content, "y")}
    drawn = framed(plane, told, "lines", areas=on_areas(plane, series), above=on_top(plane, series))
    return legend(series) + drawn


def _values(series: Sequence[Mapping[str, Any]], axis: str) -> Iterable[float]:
    return [value for one in series for value in one[axis] if value is not None]


def _around(bars: Sequence[Mapping[str, Any]]) -> list[float]:
    """Give the outer edges of the bars, so that the axis holds them whole."""
    places, half = list(_values(bars, "x")), bar_width(bars) / 2
    return [min(places) - half, max(places) + half] if places else []


def _named(content: Mapping[str, Any], axis: str) -> str:
    by_log = " (logarithmic)" if content[f"log_{axis}"] else ""
    return f"{content[f'{axis}_label']}{by_log}"
