"""The pictures of a run: the ledger as a waterfall, the confusion matrix, the residuals."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from foursplit.core.splits import TITLES
from foursplit.diagnosis.decomposition.ledger import LINKS
from foursplit.diagnosis.decomposition.verdict import NAMES

LEVEL, WORSE, BETTER, PRIMARY = "#9aa3ad", "#d98c5f", "#6fa287", "#b3392f"

MAX_NUMBERED = 20  # classes; the counts of more would not be legible


def plot_ledger(summary: Mapping[str, Any]) -> Figure:
    """Draw how human error becomes dev and test error, gap by gap."""
    figure, axes = _new_figure(8, 4)
    errors = {split: error["value"] for split, error in summary["splits"].items()}
    if summary["human"]:
        errors["human"] = summary["human"]["error"]
    ends = {gap["gap"]: LINKS.get(gap["gap"], ("train", "dev")) for gap in summary["ledger"]}
    first = next(iter(ends.values()))[0]
    names = [_title(first)]
    axes.bar(0, errors[first], color=LEVEL)
    _annotate(axes, 0, errors[first], f"{errors[first]:.1%}")
    for gap in summary["ledger"]:
        low, high = (errors[end] for end in ends[gap["gap"]])
        place = len(names)
        names += [NAMES[gap["gap"]], _title(ends[gap["gap"]][1])]
        axes.bar(place, high - low, bottom=low, color=_color(gap))
        _annotate(axes, place, max(low, high), f"{high - low:+.1%}")
        axes.bar(place + 1, high, color=LEVEL)
        _annotate(axes, place + 1, high, f"{high:.1%}")
    axes.set_xticks(range(len(names)), [name.replace(" ", "\n") for name in names])
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.set(ylabel="error", title=summary["verdict"]["sentence"].split(". ")[0])
    axes.set_ylim(0, 1.15 * max(*errors.values(), 0.01))  # room for the numbers; not flat at 0
    return figure


def confusion_counts(table: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """Count answers by true class: rows are the truth, columns the answer."""
    found = pd.crosstab(table["y"], table["y_hat"])
    return found.reindex(index=list(classes), columns=list(classes), fill_value=0)


def plot_confusion(counted: pd.DataFrame) -> Figure:
    """Draw the confusion matrix; only errors are coloured: the diagonal would outshine them."""
    side = min(3.5 + 0.35 * len(counted), 12)
    figure, axes = _new_figure(side, side)
    numbers = counted.to_numpy()
    wrong = numbers.astype(np.float64)
    np.fill_diagonal(wrong, 0)
    axes.imshow(wrong, cmap="Oranges", vmin=0, vmax=max(wrong.max(), 1))
    numbered = len(counted) <= MAX_NUMBERED
    for row, column in np.argwhere(numbers > 0) if numbered else ():
        weight = "bold" if row == column else "normal"
        dark = wrong[row, column] > 0.6 * wrong.max() > 0
        axes.text(
            column,
            row,
            str(numbers[row, column]),
            ha="center",
            va="center",
            weight=weight,
            color="white" if dark else "black",
        )
    axes.set_xticks(range(len(counted)), counted.columns, rotation=45 if len(counted) > 12 else 0)
    axes.set_yticks(range(len(counted)), counted.index)
    n_wrong, n = int(wrong.sum()), int(numbers.sum())
    axes.set(xlabel="answered", ylabel="true", title=f"dev: {n_wrong} of {n} wrong")
    return figure


def plot_residuals(table: pd.DataFrame) -> Figure:
    """Draw each dev example's residual; those that count as wrong stand out."""
    figure, axes = _new_figure(7, 4.5)
    for wrong, color, label in ((False, LEVEL, "near enough"), (True, PRIMARY, "counted as wrong")):
        rows = table[table["is_error"] == wrong]
        axes.scatter(
            rows["y_hat"],
            rows["y_hat"] - rows["y"],
            s=14,
            color=color,
            label=f"{label}: {len(rows)}",
        )
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set(xlabel="answer", ylabel="answer less truth", title="dev: residuals")
    axes.legend(frameon=False)
    return figure


def _new_figure(width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), dpi=100, layout="constrained")
    return figure, figure.add_subplot()


def _annotate(axes: Axes, place: int, height: float, text: str) -> None:
    axes.annotate(
        text,
        (place, max(height, 0)),
        xytext=(0, 3),
        textcoords="offset points",
        ha="center",
        fontsize=9,
    )


def _color(gap: Mapping[str, Any]) -> str:
    if gap["status"] == "primary":
        return PRIMARY
    return WORSE if gap["value"] > 0 else BETTER


def _title(end: str) -> str:
    titles: dict[str, str] = {"human": "human", **{str(s): title for s, title in TITLES.items()}}
    return titles[end]
