"""Figure of learning curves: a quantity over the epochs, a line a split."""

from collections.abc import Callable, Sequence

from markupsafe import Markup

from foursplit.reporting.plots.axis import Axis, axis
from foursplit.reporting.plots.svg import across, element, figure, joined

HEIGHT = 190  # pixels

Row = dict[str, float]


def curves(rows: Sequence[Row], quantity: str, splits: Sequence[str], *, percent: bool) -> Markup:
    """Draw `<split>_<quantity>` of every split over the epochs that have it."""
    lines = {
        split: [(row["epoch"], row[name]) for row in rows if (name := f"{split}_{quantity}") in row]
        for split in splits
    }
    across_epochs = axis([row["epoch"] for row in rows], whole=True)
    upwards = axis([value for line in lines.values() for _, value in line])
    drawn = [_line(line, split, across_epochs, upwards) for split, line in lines.items() if line]
    return figure(
        [
            *_upright(upwards, upwards.percent if percent else upwards.plain),
            *_epochs(across_epochs),
            # A path needs a viewBox; CSS keeps its stroke from being stretched.
            element(
                "svg",
                joined(drawn),
                viewBox="0 0 1000 1000",
                preserveAspectRatio="none",
                width="100%",
                height=HEIGHT,
            ),
        ],
        HEIGHT + 22,
        f"{quantity} over the epochs",
        "curves",
    )


def _line(line: Sequence[tuple[float, float]], split: str, x: Axis, y: Axis) -> Markup:
    points = " ".join(
        f"{1000 * x.share(epoch):.1f},{1000 * (1 - y.share(value)):.1f}" for epoch, value in line
    )
    return element("polyline", points=points, class_=f"curve {split}")


def _upright(scale: Axis, text: Callable[[float], str]) -> list[Markup]:
    parts = []
    for tick in scale.ticks:
        y = HEIGHT * (1 - scale.share(tick))
        zero = " zero" if tick == 0 else ""
        parts.append(
            element("line", x1=0, x2="100%", y1=f"{y:.1f}", y2=f"{y:.1f}", class_=f"grid{zero}")
        )
        parts.append(element("text", text(tick), x=0, y=f"{y + 4:.1f}", dx=-8, class_="tick label"))
    return parts


def _epochs(scale: Axis) -> list[Markup]:
    return [
        element(
            "text",
            scale.plain(tick),
            x=across(scale.share(tick)),
            y=HEIGHT + 16,
            class_="tick middle",
        )
        for tick in scale.ticks
    ]
