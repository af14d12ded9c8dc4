"""Figure of a regression's answers: what was guessed less the truth, over the truth."""

from collections.abc import Sequence

from markupsafe import Markup

from foursplit.reporting.plots.axis import Axis, axis
from foursplit.reporting.plots.svg import across, element, figure

HEIGHT = 260  # pixels
MOST = 2000  # points; more hide one another and make the page heavy


def residuals(truth: Sequence[float], guess: Sequence[float], label: str) -> Markup:
    """Draw a point an example; where there are too many, evenly chosen ones."""
    every = -(-len(truth) // MOST)
    points = [(t, g - t) for t, g in zip(truth, guess, strict=True)][::every]
    x = axis([t for t, _ in points], zero=False)
    y = axis([r for _, r in points])
    dots = [
        element(
            "circle",
            cx=across(x.share(t)),
            cy=f"{HEIGHT * (1 - y.share(r)):.1f}",
            r=3,
            class_="point dev",
        )
        for t, r in points
    ]
    return figure([*_grid(x, y), *dots], HEIGHT + 22, label, "residuals")


def _grid(x: Axis, y: Axis) -> list[Markup]:
    parts = []
    for tick in y.ticks:
        at = f"{HEIGHT * (1 - y.share(tick)):.1f}"
        zero = " zero" if tick == 0 else ""
        parts.append(element("line", x1=0, x2="100%", y1=at, y2=at, class_=f"grid{zero}"))
        parts.append(element("text", y.plain(tick), x=0, y=at, dy=4, dx=-8, class_="tick label"))
    for tick in x.ticks:
        at = across(x.share(tick))
        parts.append(element("text", x.plain(tick), x=at, y=HEIGHT + 16, class_="tick middle"))
    return parts
