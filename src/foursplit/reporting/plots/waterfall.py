"""Plot of the error decomposition: from human level to test, one bar per gap."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from foursplit.diagnosis.decomposition.verdict import LEVELS, NAMES
from foursplit.reporting.numbers import percent, signed
from foursplit.reporting.plots.axis import Axis, axis, error_grid
from foursplit.reporting.plots.svg import Drawing, across, element, joined, whisker

ORDER = ("human", "train", "unseen", "train_dev", "dev", "test")
"""The levels from the top; without pooled splits there is no level `unseen`."""

ROW_HEIGHT = 26  # pixels


FILE_WIDTH, FILE_MARGIN = 580, (150, 70)  # pixels, of a file


def waterfall(summary: Mapping[str, Any]) -> Markup:
    """Plot every measured level, and the gap between each two levels, for a page."""
    return draw_waterfall(summary).in_page()


def waterfall_file(summary: Mapping[str, Any], title: str) -> str:
    """Plot the same as an SVG file."""
    return draw_waterfall(summary).as_file(title, FILE_WIDTH, FILE_MARGIN)


def draw_waterfall(summary: Mapping[str, Any]) -> Drawing:
    """Draw the levels and gaps of a summary of one model or of a diagnosis."""
    levels = dict(summary["splits"])
    if summary["human"]:
        error = summary["human"]["error"]
        levels["human"] = {"value": error, "lo": error, "hi": error}
    if summary.get("unseen"):
        levels["unseen"] = summary["unseen"]
    scale = axis(_endpoints(levels, summary["ledger"]))
    gaps = {block["to"]: block for block in summary["ledger"]}
    rows: list[Markup] = []
    y = 0.0
    for name in (level for level in ORDER if level != "unseen" or level in levels):
        if name in gaps:
            block = gaps[name]
            start = levels[block["from"]]["value"]
            rows.append(_gap(scale, block, start, y))
            y += ROW_HEIGHT
        rows.append(_level(scale, name, LEVELS[name], levels.get(name), y))
        y += ROW_HEIGHT
    label = "Error decomposition from human level to test"
    return Drawing(
        content=(*error_grid(scale, y), *rows), height=y + 22, label=label, css_class="waterfall"
    )


def _endpoints(levels: dict[str, Any], ledger: list[dict[str, Any]]) -> list[float]:
    """Return all values that are drawn."""
    ends = [level[end] for level in levels.values() for end in ("lo", "hi")]
    for block in ledger:
        start = levels[block["from"]]["value"]
        ends += [start + block[end] for end in ("lo", "hi") if block[end] is not None]
    return ends


def _level(scale: Axis, name: str, title: str, level: dict[str, Any] | None, y: float) -> Markup:
    middle = y + ROW_HEIGHT / 2
    label = element("text", title, x=0, y=middle + 4, dx=-10, class_="label level")
    if level is None:
        missing = "sealed" if name == "test" else "unknown"
        return joined(
            [
                label,
                element(
                    "text",
                    missing,
                    x=across(scale.share(0)),
                    y=middle + 4,
                    dx=8,
                    class_="value missing",
                ),
            ]
        )
    x, low, high = (scale.share(level[end]) for end in ("value", "lo", "hi"))
    return joined(
        [
            label,
            whisker(low, high, middle, f"whisker {name}"),
            element("circle", cx=across(x), cy=middle, r=4.5, class_=f"dot {name}"),
            element(
                "text",
                percent(level["value"]),
                x=across(high),
                y=middle + 4,
                dx=9,
                class_="value level",
            ),
        ]
    )


def _gap(scale: Axis, block: dict[str, Any], start: float, y: float) -> Markup:
    """Draw a bar from the start of the gap to its end."""
    middle = y + ROW_HEIGHT / 2
    ends = sorted((scale.share(start), scale.share(start + block["value"])))
    elements = [
        element("text", NAMES[block["gap"]], x=0, y=middle + 4, dx=-10, class_="label"),
        element(
            "rect",
            x=across(ends[0]),
            width=across(ends[1] - ends[0]),
            y=y + 5,
            height=ROW_HEIGHT - 10,
            class_=f"gap {block['status']} {'falls' if block['value'] < 0 else 'grows'}",
        ),
    ]
    right = ends[1]
    if block["lo"] is not None:
        low, high = (scale.share(start + block[end]) for end in ("lo", "hi"))
        elements.append(whisker(low, high, middle, "whisker"))
        right = max(right, high)
    value = signed(block["value"])
    elements.append(
        element(
            "text", value, x=across(right), y=middle + 4, dx=9, class_=f"value {block['status']}"
        )
    )
    return joined(elements)
