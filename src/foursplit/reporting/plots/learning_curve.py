"""Plot of a learning curve: error over the number of training examples, extrapolated."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from foursplit.core.splits import TITLES, Split
from foursplit.reporting.numbers import count, percent
from foursplit.reporting.plots.axis import Axis, axis, y_grid
from foursplit.reporting.plots.svg import across, element, figure, joined

HEIGHT = 240  # pixels
FIRST_DIGITS = (1, 2, 5)  # of the tick labels
WIDE_SCREEN_DIGITS = ("2", "5")  # hidden on a phone
VIEW = 1000  # units of the viewBox


def learning_curve(curve: Mapping[str, Any]) -> Markup:
    """Plot the errors of every model, the curve fitted to dev with its band, and the target.

    `learning-curve` is the output of stage `learning_curve`.  The axis of sizes is logarithmic.
    """
    line, verdict = curve["dev"]["line"], curve["dev"]["verdict"]
    points = list(_points(curve))
    target = curve["target"]["error"] if curve["target"] else None
    ends = [row[end] for row in line for end in ("lo", "hi")]
    y = axis([*ends, *(error for _, _, error in points), target or 0.0])
    x = _Sizes(low=line[0]["n"], high=line[-1]["n"])
    largest = max(n for _, n, _ in points)
    drawing = element(
        "svg",
        joined(_fitted_line(line, largest, x, y)),
        viewBox=f"0 0 {VIEW} {VIEW}",
        preserveAspectRatio="none",
        width="100%",
        height=HEIGHT,
    )
    return figure(
        [
            *y_grid(y, HEIGHT, y.percent),
            *_x_ticks(x),
            drawing,
            *_full_train(largest, x),
            *_target(target, y),
            *(_dot(split, n, error, x, y) for split, n, error in points),
        ],
        HEIGHT + 22,
        f"Error over the number of training examples. {verdict['sentence']}",
        "curves sizes",
    )


class _Sizes:
    """A logarithmic axis of numbers of examples."""

    def __init__(self, *, low: float, high: float) -> None:
        self.low, self.high = low, high

    def share(self, n: float) -> float:
        return math.log(n / self.low) / math.log(self.high / self.low)

    @property
    def ticks(self) -> list[int]:
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        sizes = [round(10.0**power * digit) for power in powers for digit in FIRST_DIGITS]
        return [size for size in sizes if self.low <= size <= self.high]


def _points(curve: Mapping[str, Any]) -> Iterator[tuple[Split, int, float]]:
    """Yield split, size and error of every model."""
    yield from _split_points("train", curve["train"])
    if "train_dev" in curve:
        yield from _split_points("train_dev", curve["train_dev"]["curve"]["points"])
    yield from _split_points("dev", curve["dev"]["curve"]["points"])


def _split_points(
    split: Split, rows: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[Split, int, float]]:
    return ((split, row["n"], error) for row in rows for error in row["errors"])


def _fitted_line(
    line: Sequence[Mapping[str, float]], largest: int, x: _Sizes, y: Axis
) -> list[Markup]:
    """Draw the band and the line, dashed where it extrapolates."""

    def path(rows: Sequence[Mapping[str, float]], end: str) -> str:
        return " ".join(
            f"{VIEW * x.share(row['n']):.1f},{VIEW * (1 - y.share(row[end])):.1f}" for row in rows
        )

    measured = [row for row in line if row["n"] <= largest]
    extrapolated = [row for row in line if row["n"] >= measured[-1]["n"]]
    edges = f"{path(line, 'hi')} {path(line[::-1], 'lo')}"
    return [
        element("polygon", points=edges, class_="band dev"),
        element("polyline", points=path(measured, "value"), class_="curve dev"),
        element("polyline", points=path(extrapolated, "value"), class_="curve dev ahead"),
    ]


def _dot(split: Split, n: int, error: float, x: _Sizes, y: Axis) -> Markup:
    tooltip = f"{count(n)} examples: {TITLES[split]} {percent(error)}"
    return element(
        "circle",
        element("title", tooltip),
        cx=across(x.share(n)),
        cy=_down(y, error),
        r=4,
        class_=f"point {split}",
    )


def _down(y: Axis, error: float) -> str:
    return f"{HEIGHT * (1 - y.share(error)):.1f}"


def _target(target: float | None, y: Axis) -> list[Markup]:
    if target is None:
        return []
    position = _down(y, target)
    label = f"target: {percent(target)}"
    return [
        element(
            "line",
            element("title", label),
            x1=0,
            x2="100%",
            y1=position,
            y2=position,
            class_="human",
        ),
        element("text", label, x="100%", y=position, dy=-5, class_="tick end"),
    ]


def _full_train(largest: int, x: _Sizes) -> list[Markup]:
    """Mark the size of the full training set."""
    position = across(x.share(largest))
    return [
        element("line", x1=position, x2=position, y1=0, y2=HEIGHT, class_="whole"),
        element("text", f"all of train: {count(largest)}", x=position, y=10, dx=6, class_="tick"),
    ]


def _x_ticks(x: _Sizes) -> list[Markup]:
    elements = []
    for tick in x.ticks:
        css_class = "tick middle odd" if str(tick)[0] in WIDE_SCREEN_DIGITS else "tick middle"
        elements.append(
            element("text", count(tick), x=across(x.share(tick)), y=HEIGHT + 16, class_=css_class)
        )
    return elements
