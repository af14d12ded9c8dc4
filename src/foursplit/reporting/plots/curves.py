"""Plot of training curves: a quantity over the epochs, one line per split."""

from collections.abc import Sequence

from markupsafe import Markup

from foursplit.reporting.plots.axis import Axis, axis, x_ticks, y_grid
from foursplit.reporting.plots.svg import element, figure, joined

HEIGHT = 190  # pixels

Row = dict[str, float]


def curves(rows: Sequence[Row], quantity: str, splits: Sequence[str], *, percent: bool) -> Markup:
    """Plot `<split>_<quantity>` of every split over the epochs."""
    lines = {
        split: [(row["epoch"], row[name]) for row in rows if (name := f"{split}_{quantity}") in row]
        for split in splits
    }
    x_axis = axis([row["epoch"] for row in rows], whole=True)
    y_axis = axis([value for line in lines.values() for _, value in line])
    polylines = [_line(line, split, x_axis, y_axis) for split, line in lines.items() if line]
    return figure(
        [
            *y_grid(y_axis, HEIGHT, y_axis.percent if percent else y_axis.plain),
            *x_ticks(x_axis, HEIGHT),
            # A polyline needs a viewBox; CSS keeps the stroke width constant.
            element(
                "svg",
                joined(polylines),
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
