"""SVG elements as text; what goes into them is escaped.

Positions along the page are percentages and the drawing has no viewBox, so a figure takes the
width it is given while its letters keep their size, from a phone to a wide screen.
"""

from collections.abc import Iterable

from markupsafe import Markup, escape


def element(name: str, content: str = "", **attributes: str | float) -> Markup:
    """Write one element; `class_` becomes class, and an underscore a hyphen."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
    )
    return Markup(f"<{name}{written}>{escape(content)}</{name}>")  # escape() spares Markup


def joined(parts: Iterable[Markup]) -> Markup:
    return Markup("\n").join(parts)


def across(share: float) -> str:
    """Write a share of the width."""
    return f"{100 * share:.2f}%"


def figure(content: Iterable[Markup], height: float, label: str, kind: str) -> Markup:
    """Frame a drawing of `height` pixels; `label` is what a screen reader says."""
    drawing = element(
        "svg", joined(content), width="100%", height=f"{height:g}", role="img", aria_label=label
    )
    return element("div", drawing, class_=f"chart {kind}")


def whisker(low: float, high: float, y: float, kind: str) -> Markup:
    """Draw an interval from one share of the width to another, with ends."""
    if low == high:
        return Markup()
    ends = (low, high)
    caps = [
        element("line", x1=across(x), x2=across(x), y1=y - 3, y2=y + 3, class_=kind) for x in ends
    ]
    bar = element("line", x1=across(low), x2=across(high), y1=y, y2=y, class_=kind)
    return joined([bar, *caps])
