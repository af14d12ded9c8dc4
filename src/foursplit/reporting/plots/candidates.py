"""Figure of a choice: each candidate's metric over one cost, and which side of a bound is allowed.

Source: Ng, DLS C3 W1 (satisficing and optimizing metrics).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from foursplit.reporting.numbers import count
from foursplit.reporting.plots.axis import Axis, LogAxis, axis, log_axis
from foursplit.reporting.plots.svg import across, element, figure, joined

HEIGHT = 200  # pixels
LINE = 15  # pixels that a name takes
MARGIN = 0.06  # share of the width and height kept free around the points
DECADE = 10.0  # costs that span so much are drawn by their logarithm


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A candidate in the figure."""

    key: str
    metric: float
    cost: float
    kind: str  # winner, tied, fits or breaks
    says: str  # what a pointer over it reads


def candidates(
    points: Sequence[Point],
    limit: float | None,
    cost: str,
    write: Callable[[float], str],
    label: str,
) -> Markup:
    """Draw the points of one cost; costs up to `limit` are shaded as allowed.

    `write` writes the metric's values along its axis.
    """
    costs = [p.cost for p in points] + ([limit] if limit is not None else [])
    by_log = min(costs) > 0 and max(costs) >= DECADE * min(costs)
    x: Axis | LogAxis = log_axis(costs) if by_log else axis(costs)
    y = axis([p.metric for p in points], zero=False)

    def right(value: float) -> float:
        return MARGIN + (1 - 2 * MARGIN) * x.share(value)

    def down(value: float) -> float:
        return HEIGHT * (1 - MARGIN - (1 - 2 * MARGIN) * y.share(value))

    parts = [
        *_allowed(None if limit is None else right(limit)),
        *_grid({right(t): count(t) for t in x.ticks}, {down(t): write(t) for t in y.ticks}),
        *_points(points, {p.key: (right(p.cost), down(p.metric)) for p in points}),
        element(
            "text",
            f"{cost}{' (logarithmic)' if by_log else ''}",
            x="50%",
            y=HEIGHT + 34,
            class_="tick middle",
        ),
    ]
    return figure(parts, HEIGHT + 40, label, "candidates")


def _allowed(limit: float | None) -> list[Markup]:
    if limit is None:
        return []
    x = across(limit)
    return [
        element("rect", x=0, y=0, width=x, height=HEIGHT, class_="allowed"),
        element("line", x1=x, x2=x, y1=0, y2=HEIGHT, class_="bound"),
    ]


def _grid(ticks: Mapping[float, str], levels: Mapping[float, str]) -> list[Markup]:
    parts = []
    for y, text in levels.items():
        at = f"{y:.1f}"
        parts.append(element("line", x1=0, x2="100%", y1=at, y2=at, class_="grid"))
        parts.append(element("text", text, x=0, y=at, dy=4, dx=-8, class_="tick label"))
    for number, (x, text) in enumerate(ticks.items()):
        kind = "tick middle odd" if number % 2 else "tick middle"
        parts.append(element("text", text, x=across(x), y=HEIGHT + 16, class_=kind))
    return parts


def _points(points: Sequence[Point], at: Mapping[str, tuple[float, float]]) -> list[Markup]:
    """Draw each point with its name beside it, lowered where another name stands there."""
    dots, names = [], []
    line = float(-LINE)  # where the last name stands
    for point in sorted(points, key=lambda p: at[p.key][::-1]):
        x, y = at[point.key]
        title = element("title", point.says)
        radius = 6 if point.kind == "winner" else 4.5
        dot = element(
            "circle", title, cx=across(x), cy=f"{y:.1f}", r=radius, class_=f"candidate {point.kind}"
        )
        ring = element("circle", cx=across(x), cy=f"{y:.1f}", r=radius + 3.5, class_="ring")
        dots.append(joined([dot, ring]) if point.kind in ("winner", "tied") else dot)
        left = x > 0.5  # the name goes where there is room
        line = max(y + 4, line + LINE)
        names.append(
            element(
                "text", point.key, x=across(x), y=f"{line:.1f}", dx=-13 if left else 13,
                class_=f"{'label ' if left else ''}{point.kind}",
            )
        )  # fmt: skip
    return [*dots, *names]
