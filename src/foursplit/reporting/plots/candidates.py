"""Plot of model selection: the metric of each candidate over one cost, with the bound.

Source: Ng, DLS C3 W1 (satisficing and optimizing metrics).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from foursplit.reporting.numbers import count
from foursplit.reporting.plots.axis import Axis, LogAxis, axis, log_axis
from foursplit.reporting.plots.svg import across, element, figure, joined

HEIGHT = 200  # pixels
LINE_HEIGHT = 15  # pixels of a name
MARGIN = 0.06  # share of the width and height around the points
LOG_RATIO = 10.0  # costs with a larger ratio get a logarithmic axis


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A candidate in the plot."""

    key: str
    metric: float
    cost: float
    status: str  # winner, tied, fits or breaks
    tooltip: str


def candidates(
    points: Sequence[Point],
    limit: float | None,
    cost: str,
    format_metric: Callable[[float], str],
    label: str,
) -> Markup:
    """Plot the candidates over one cost; costs up to `limit` are shaded as allowed."""
    costs = [p.cost for p in points] + ([limit] if limit is not None else [])
    is_log = min(costs) > 0 and max(costs) >= LOG_RATIO * min(costs)
    x: Axis | LogAxis = log_axis(costs) if is_log else axis(costs)
    y = axis([p.metric for p in points], zero=False)

    def x_share(value: float) -> float:
        return MARGIN + (1 - 2 * MARGIN) * x.share(value)

    def y_pixels(value: float) -> float:
        return HEIGHT * (1 - MARGIN - (1 - 2 * MARGIN) * y.share(value))

    elements = [
        *_allowed(None if limit is None else x_share(limit)),
        *_grid(
            {x_share(tick): count(tick) for tick in x.ticks},
            {y_pixels(tick): format_metric(tick) for tick in y.ticks},
        ),
        *_points(points, {p.key: (x_share(p.cost), y_pixels(p.metric)) for p in points}),
        element(
            "text",
            f"{cost}{' (logarithmic)' if is_log else ''}",
            x="50%",
            y=HEIGHT + 34,
            class_="tick middle",
        ),
    ]
    return figure(elements, HEIGHT + 40, label, "candidates")


def _allowed(limit: float | None) -> list[Markup]:
    if limit is None:
        return []
    x = across(limit)
    return [
        element("rect", x=0, y=0, width=x, height=HEIGHT, class_="allowed"),
        element("line", x1=x, x2=x, y1=0, y2=HEIGHT, class_="bound"),
    ]


def _grid(ticks: Mapping[float, str], levels: Mapping[float, str]) -> list[Markup]:
    elements = []
    for y, text in levels.items():
        position = f"{y:.1f}"
        elements.append(element("line", x1=0, x2="100%", y1=position, y2=position, class_="grid"))
        elements.append(element("text", text, x=0, y=position, dy=4, dx=-8, class_="tick label"))
    for number, (x, text) in enumerate(ticks.items()):
        css_class = "tick middle odd" if number % 2 else "tick middle"
        elements.append(element("text", text, x=across(x), y=HEIGHT + 16, class_=css_class))
    return elements


def _points(points: Sequence[Point], positions: Mapping[str, tuple[float, float]]) -> list[Markup]:
    """Draw each point with its name; names are moved down so that they do not overlap."""
    dots, names = [], []
    baseline = float(-LINE_HEIGHT)  # of the previous name
    for point in sorted(points, key=lambda p: positions[p.key][::-1]):
        x, y = positions[point.key]
        title = element("title", point.tooltip)
        radius = 6 if point.status == "winner" else 4.5
        dot = element(
            "circle",
            title,
            cx=across(x),
            cy=f"{y:.1f}",
            r=radius,
            class_=f"candidate {point.status}",
        )
        ring = element("circle", cx=across(x), cy=f"{y:.1f}", r=radius + 3.5, class_="ring")
        dots.append(joined([dot, ring]) if point.status in ("winner", "tied") else dot)
        is_left = x > 0.5  # the side with more room
        baseline = max(y + 4, baseline + LINE_HEIGHT)
        names.append(
            element(
                "text",
                point.key,
                x=across(x),
                y=f"{baseline:.1f}",
                dx=-13 if is_left else 13,
                class_=f"{'label ' if is_left else ''}{point.status}",
            )
        )
    return [*dots, *names]
