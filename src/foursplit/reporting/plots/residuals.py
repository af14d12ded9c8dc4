"""Plot of residuals: prediction minus true value, over the true value."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from foursplit import plugins
from foursplit.reporting.plots.axis import axis, x_ticks, y_grid
from foursplit.reporting.plots.svg import Drawing, across, element

if TYPE_CHECKING:
    import pandas as pd

HEIGHT = 260  # pixels
MAX_POINTS = 2000  # more would overlap and make the page large


FILE_WIDTH, FILE_MARGIN = 580, (70, 20)  # pixels, of a file


def has_residuals(manifest: Mapping[str, Any], dev: "pd.DataFrame") -> bool:
    """Return whether a model predicts the quantity `y` itself, so that residuals mean something.

    A task whose answers are no predictions of a quantity says HAS_RESIDUALS = False.
    """
    import pandas as pd

    return (
        not manifest["shape"]["classes"]
        and pd.api.types.is_numeric_dtype(dev["y"])
        and bool(getattr(plugins.metrics(manifest["task"]), "HAS_RESIDUALS", True))
    )


def residuals(y_true: Sequence[float], y_pred: Sequence[float], label: str) -> Markup:
    """Plot one point per example for a page, or an evenly spaced subset if there are too many."""
    return _draw(y_true, y_pred, label).in_page()


def residuals_file(y_true: Sequence[float], y_pred: Sequence[float], title: str) -> str:
    """Plot the same as an SVG file."""
    return _draw(y_true, y_pred, title).as_file(title, FILE_WIDTH, FILE_MARGIN)


def _draw(y_true: Sequence[float], y_pred: Sequence[float], label: str) -> Drawing:
    stride = -(-len(y_true) // MAX_POINTS)
    points = [(y, y_hat - y) for y, y_hat in zip(y_true, y_pred, strict=True)][::stride]
    x_axis = axis([y for y, _ in points], zero=False)
    y_axis = axis([residual for _, residual in points])
    dots = [
        element(
            "circle",
            cx=across(x_axis.share(y)),
            cy=f"{HEIGHT * (1 - y_axis.share(residual)):.1f}",
            r=3,
            class_="point dev",
        )
        for y, residual in points
    ]
    return Drawing(
        content=(*y_grid(y_axis, HEIGHT, y_axis.plain), *x_ticks(x_axis, HEIGHT), *dots),
        height=HEIGHT + 22,
        label=label,
        css_class="residuals",
    )
