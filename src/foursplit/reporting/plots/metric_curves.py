"""Plots of answers: ROC, precision over recall, calibration, and predicted over true values."""

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.lesson_figures import Lines, Series
from foursplit.diagnosis.metrics import curves
from foursplit.diagnosis.metrics.answers import PROBA, Answers, class_answers

MAX_POINTS = 500  # more cannot be seen, and would make the page large

UNIT = (0.0, 1.0)

Content = dict[str, Any]


def metric_curves(dev: pd.DataFrame, positive: str | None = None) -> dict[str, Content]:
    """Return the figures of a dev table by name, as `plots.lines.lines` draws them.

    Of two classes the three curves of the positive one, by default the second; of a quantity its
    predicted values over the true ones; of several classes none.
    """
    if pd.api.types.is_numeric_dtype(dev["y"]) and PROBA not in "".join(map(str, dev.columns)):
        return {"predicted_true": _predicted_over_true(dev)}
    if sum(str(name).startswith(PROBA) for name in dev.columns) != 2:
        return {}
    answers = class_answers(dev)
    number = 1 if positive is None else answers.number(positive)
    figures = {
        "roc": _roc(answers, number),
        "precision_recall": _precision_recall(answers, number),
        "calibration": _calibration(answers, number),
    }
    return {name: content for name, content in figures.items() if content is not None}


def _roc(answers: Answers, positive: int) -> Content | None:
    curve = curves.roc_curve(answers, positive)
    if curve is None:
        return None
    x, y = _thinned(curve.x), _thinned(curve.y)
    return _lines(
        "ROC curve",
        f"share of the others called {answers.classes[positive]!r}",
        f"share of {answers.classes[positive]!r} found",
        Series(name="model", x=x, y=y),
        Series(name="chance", x=[0.0, 1.0], y=[0.0, 1.0], mark="dashed", group=7),
    )


def _precision_recall(answers: Answers, positive: int) -> Content | None:
    curve = curves.precision_recall_curve(answers, positive)
    if curve is None:
        return None
    share = float(np.average(answers.y == positive, weights=answers.weight))
    return _lines(
        "Precision and recall",
        "recall",
        "precision",
        Series(name="model", x=_thinned(curve.x), y=_thinned(curve.y)),
        Series(name="always positive", x=[0.0, 1.0], y=[share, share], mark="dashed", group=7),
    )


def _calibration(answers: Answers, positive: int) -> Content:
    curve = curves.calibration_curve(answers, positive)
    return _lines(
        "Calibration",
        f"mean probability of {answers.classes[positive]!r}",
        f"share of {answers.classes[positive]!r}",
        Series(name="", x=curve.x, y=curve.y, group=0),
        Series(name="model, in bins of equal size", x=curve.x, y=curve.y, mark="points", group=0),
        Series(name="calibrated", x=[0.0, 1.0], y=[0.0, 1.0], mark="dashed", group=7),
    )


def _predicted_over_true(dev: pd.DataFrame) -> Content:
    stride = -(-len(dev) // MAX_POINTS)
    y, y_hat = (dev[name].to_numpy(np.float64)[::stride] for name in ("y", "y_hat"))
    ends = [float(min(y.min(), y_hat.min())), float(max(y.max(), y_hat.max()))]
    return asdict(
        Lines(
            title="Predicted over true",
            x_label="true value",
            y_label="predicted value",
            series=(
                Series(name="examples", x=y.tolist(), y=y_hat.tolist(), mark="points", group=0),
                Series(name="equal", x=ends, y=ends, mark="dashed", group=7),
            ),
        )
    )


def _lines(title: str, x_label: str, y_label: str, *series: Series) -> Content:
    figure = Lines(
        title=title, x_label=x_label, y_label=y_label, series=series, x_range=UNIT, y_range=UNIT
    )
    content = asdict(figure)
    for row in content["series"]:
        row["x"], row["y"] = ([float(v) for v in row[axis]] for axis in ("x", "y"))
    return content


def _thinned(values: np.ndarray) -> np.ndarray:
    """Return at most `MAX_POINTS` of a curve's values, both ends among them."""
    if len(values) <= MAX_POINTS:
        return values
    return values[np.linspace(0, len(values) - 1, MAX_POINTS).round().astype(int)]
