"""Plots of the curves that a model has of its own training."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from foursplit.core.lesson_figures import Lines, Series
from foursplit.core.own_curve import OwnCurve

MAX_POINTS = 500  # more cannot be seen, and would make the page large


def figure(curve: OwnCurve) -> dict[str, Any]:
    """Return a figure of kind `lines` of a curve."""
    series = tuple(_series(name, values) for name, values in curve.lines.items())
    return asdict(Lines(title=curve.title, x_label=curve.step, y_label=curve.value, series=series))


def _series(name: str, values: Sequence[float]) -> Series:
    every = max(1, -(-len(values) // MAX_POINTS))
    steps = [*range(len(values))][::every]
    return Series(name=name, x=[step + 1 for step in steps], y=[values[step] for step in steps])
