"""Figure of a learning curve: error over the number of training examples, and what lies ahead."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from foursplit.core.splits import TITLES, Split
from foursplit.reporting.numbers import count, percent
from foursplit.reporting.plots.axis import Axis, axis
from foursplit.reporting.plots.svg import across, element, figure, joined

HEIGHT = 240  # pixels
ROUND = (1, 2, 5)  # first digits of the sizes that are written along the axis
DIGITS = ("2", "5")  # those that a phone has no room for
VIEW = 1000  # units of the part that is stretched


def learning_curve(learnt: Mapping[str, Any]) -> Markup:
    """Draw every model's errors, dev's fitted line with its band ahead, and the error wanted.

    `learnt` is what stage learn wrote.  Sizes are drawn by their logarithm.
    """
    line, verdict = learnt["dev"]["line"], learnt["dev"]["verdict"]
    points = list(_points(learnt))
    target = learnt["target"]["error"] if learnt["target"] else None
    ends = [row[end] for row in line for end in ("lo", "hi")]
    y = axis([*ends, *(error for _, _, error in points), target or 0.0])
    x = _Sizes(low=line[0]["n"], high=line[-1]["n"])
    largest = max(n for _, n, _ in points)
    drawing = element(
        "svg",
        joined(_stretched(line, largest, x, y)),
        viewBox=f"0 0 {VIEW} {VIEW}",
        preserveAspectRatio="none",
        width="100%",
        height=HEIGHT,
    )
    return figure(
        [
            *_upright(y),
            *_along(x),
            drawing,
            *_whole(largest, x),
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
        sizes = [round(10.0**power * digit) for power in powers for digit in ROUND]
        return [size for size in sizes if self.low <= size <= self.high]


def _points(learnt: Mapping[str, Any]) -> Iterator[tuple[Split, int, float]]:
    """List split, size and error of every model."""
    yield from _of("train", learnt["train"])
    if "train_dev" in learnt:
        yield from _of("train_dev", learnt["train_dev"]["curve"]["points"])
    yield from _of("dev", learnt["dev"]["curve"]["points"])


def _of(split: Split, rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Split, int, float]]:
    return ((split, row["n"], error) for row in rows for error in row["errors"])


def _stretched(
    line: Sequence[Mapping[str, float]], largest: int, x: _Sizes, y: Axis
) -> list[Markup]:
    """Draw the band and the line, which goes on in dashes beyond what was measured."""

    def path(rows: Sequence[Mapping[str, float]], end: str) -> str:
        return " ".join(
            f"{VIEW * x.share(row['n']):.1f},{VIEW * (1 - y.share(row[end])):.1f}" for row in rows
        )

    known = [row for row in line if row["n"] <= largest]
    ahead = [row for row in line if row["n"] >= known[-1]["n"]]
    edges = f"{path(line, 'hi')} {path(line[::-1], 'lo')}"
    return [
        element("polygon", points=edges, class_="band dev"),
        element("polyline", points=path(known, "value"), class_="curve dev"),
        element("polyline", points=path(ahead, "value"), class_="curve dev ahead"),
    ]


def _dot(split: Split, n: int, error: float, x: _Sizes, y: Axis) -> Markup:
    says = f"{count(n)} examples: {TITLES[split]} {percent(error)}"
    return element(
        "circle",
        element("title", says),
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
    at = _down(y, target)
    words = f"wanted: {percent(target)}"
    return [
        element("line", element("title", words), x1=0, x2="100%", y1=at, y2=at, class_="human"),
        element("text", words, x="100%", y=at, dy=-5, class_="tick end"),
    ]


def _whole(largest: int, x: _Sizes) -> list[Markup]:
    """Mark where the measured part ends."""
    at = across(x.share(largest))
    return [
        element("line", x1=at, x2=at, y1=0, y2=HEIGHT, class_="whole"),
        element("text", f"all of train: {count(largest)}", x=at, y=10, dx=6, class_="tick"),
    ]


def _upright(y: Axis) -> list[Markup]:
    parts = []
    for tick in y.ticks:
        at, zero = _down(y, tick), " zero" if tick == 0 else ""
        parts.append(element("line", x1=0, x2="100%", y1=at, y2=at, class_=f"grid{zero}"))
        parts.append(element("text", y.percent(tick), x=0, y=at, dy=4, dx=-8, class_="tick label"))
    return parts


def _along(x: _Sizes) -> list[Markup]:
    parts = []
    for tick in x.ticks:
        kind = "tick middle odd" if str(tick)[0] in DIGITS else "tick middle"
        parts.append(
            element("text", count(tick), x=across(x.share(tick)), y=HEIGHT + 16, class_=kind)
        )
    return parts
