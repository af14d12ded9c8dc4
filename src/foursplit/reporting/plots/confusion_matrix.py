"""Plot of a confusion matrix, as a file of its own; the report's pages have it as a table."""

from collections.abc import Iterator

from markupsafe import Markup

from foursplit.reporting.plots.svg import Drawing, element, joined
from foursplit.reporting.tables.confusion import Cell, Confusion

CELL = 34  # pixels, at most
WIDEST = 700  # pixels, of all cells together
HEAD = 16  # pixels, of the heading of the rows
LETTER = 6.6  # pixels, of a name at 12 px
MIN_LABELED = 13  # pixels, of a cell with a name beside it
OPACITY = (0.08, 0.75)  # of a cell with hardly any examples of its row, and with all


def confusion_file(matrix: Confusion, title: str) -> str:
    """Plot rows of true classes and columns of predicted ones as an SVG file."""
    cell = min(CELL, WIDEST / len(matrix.classes))
    left = 20 + LETTER * max(len(name) for name in (*matrix.classes, "true"))
    side = cell * len(matrix.classes)
    return _draw(matrix, cell).as_file(title, side, (left, max(20.0, 420 - left - side)))


def _draw(matrix: Confusion, cell: float) -> Drawing:
    side = cell * len(matrix.classes)
    longest = LETTER * max(len(name) for name in matrix.classes)
    is_upright = longest < cell - 4
    foot = 40.0 if is_upright else 34 + 0.72 * longest
    elements = [
        *_cells(matrix, cell),
        *_names(matrix.classes, cell, is_upright=is_upright),
        element("text", "predicted", x=side / 2, y=side + foot - 6, class_="middle axis"),
        element("text", "true", x=0, y=-6, dx=-8, class_="label axis"),
    ]
    return Drawing(
        content=(element("g", joined(elements), transform=f"translate(0 {HEAD})"),),
        height=HEAD + side + foot,
        label="Confusion matrix",
        css_class="matrix",
    )


def _cells(matrix: Confusion, cell: float) -> Iterator[Markup]:
    for i, row in enumerate(matrix.rows):
        for j, count in enumerate(row):
            x, y = j * cell, i * cell
            if count.n:
                yield element(
                    "rect",
                    element("title", f"{matrix.classes[i]} as {matrix.classes[j]}: {count.n}"),
                    x=f"{x:.1f}",
                    y=f"{y:.1f}",
                    width=f"{cell:.1f}",
                    height=f"{cell:.1f}",
                    class_="cell right" if count.is_correct else "cell wrong",
                    fill_opacity=f"{_opacity(count):.2f}",
                )
            if count.n and matrix.fits:
                yield element(
                    "text",
                    f"{count.n}",
                    x=f"{x + cell / 2:.1f}",
                    y=f"{y + cell / 2 + 4:.1f}",
                    class_="middle value count",
                )
    side = cell * len(matrix.rows)
    for step in range(len(matrix.rows) + 1):
        at = f"{step * cell:.1f}"
        yield element("line", x1=0, x2=side, y1=at, y2=at, class_="grid")
        yield element("line", x1=at, x2=at, y1=0, y2=side, class_="grid")


def _opacity(count: Cell) -> float:
    low, high = OPACITY
    return low + (high - low) * count.share


def _names(classes: tuple[str, ...], cell: float, *, is_upright: bool) -> Iterator[Markup]:
    if cell < MIN_LABELED:
        return
    side = cell * len(classes)
    for index, name in enumerate(classes):
        middle = index * cell + cell / 2
        yield element("text", name, x=0, y=f"{middle + 4:.1f}", dx=-8, class_="label")
        if is_upright:
            yield element("text", name, x=f"{middle:.1f}", y=side + 16, class_="middle")
        else:
            turn = f"translate({middle + 4:.1f} {side + 12:.1f}) rotate(-45)"
            yield element("text", name, transform=turn, class_="label")
