"""Plot of a comparison group: the error of each experiment on every split, with intervals."""

from collections.abc import Mapping

from markupsafe import Markup

from foursplit.core.splits import TITLES, Split
from foursplit.reporting.plots.axis import Axis, axis, error_grid
from foursplit.reporting.plots.svg import across, element, figure, whisker
from foursplit.reporting.tables.measured_values import MeasuredError

NAME_HEIGHT = 24  # pixels
ROW_HEIGHT = 16  # pixels of one split
SPACING = 8  # pixels below an experiment

Errors = Mapping[Split, MeasuredError | None]


def comparison(members: Mapping[str, Errors], human: float | None, title: str) -> Markup:
    """Plot the members in their order over one axis of errors."""
    measured = [e for errors in members.values() for e in errors.values() if e is not None]
    scale = axis([*(error.hi for error in measured), human or 0.0])
    rows: list[Markup] = []
    y = 0.0
    for key, errors in members.items():
        rows.append(element("text", key, x=0, y=y + 15, class_="name"))
        y += NAME_HEIGHT
        for split, error in errors.items():
            if error is not None:
                rows += _row(scale, split, error, y)
                y += ROW_HEIGHT
        y += SPACING
    return figure(
        [*error_grid(scale, y), *_human(scale, human, y), *rows], y + 22, title, "comparison"
    )


def _row(scale: Axis, split: Split, error: MeasuredError, y: float) -> list[Markup]:
    middle = y + ROW_HEIGHT / 2 - 2
    tooltip = f"{TITLES[split]} {error.text} ({error.interval})"
    dot = element(
        "circle",
        element("title", tooltip),
        cx=across(scale.share(error.value)),
        cy=middle,
        r=4,
        class_=f"dot {split}",
    )
    return [
        element("text", TITLES[split], x=0, y=middle + 4, dx=-8, class_="label"),
        whisker(scale.share(error.lo), scale.share(error.hi), middle, f"whisker {split}"),
        dot,
    ]


def _human(scale: Axis, human: float | None, height: float) -> list[Markup]:
    if human is None:
        return []
    x = across(scale.share(human))
    return [element("line", element("title", "human"), x1=x, x2=x, y1=0, y2=height, class_="human")]
