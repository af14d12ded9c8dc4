"""SVG elements as text, with escaped content.

Horizontal positions are percentages and there is no viewBox: a figure fills the width of the page
and keeps its font size, from a phone to a wide screen.
"""

from collections.abc import Iterable

from markupsafe import Markup, escape


def element(name: str, content: str = "", **attributes: str | float) -> Markup:
    """Format one element; `class_` becomes `class`, and underscores become hyphens."""
    formatted = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
    )
    return Markup(f"<{name}{formatted}>{escape(content)}</{name}>")  # escape() keeps Markup


def joined(elements: Iterable[Markup]) -> Markup:
    return Markup("\n").join(elements)


def across(share: float) -> str:
    """Format a share of the width as a percentage."""
    return f"{100 * share:.2f}%"


def figure(content: Iterable[Markup], height: float, label: str, css_class: str) -> Markup:
    """Wrap a drawing of `height` pixels; `label` is for screen readers."""
    drawing = element(
        "svg", joined(content), width="100%", height=f"{height:g}", role="img", aria_label=label
    )
    return element("div", drawing, class_=f"chart {css_class}")


def whisker(low: float, high: float, y: float, css_class: str) -> Markup:
    """Draw an interval with caps; `low` and `high` are shares of the width."""
    if low == high:
        return Markup()
    ends = (low, high)
    caps = [
        element("line", x1=across(x), x2=across(x), y1=y - 3, y2=y + 3, class_=css_class)
        for x in ends
    ]
    bar = element("line", x1=across(low), x2=across(high), y1=y, y2=y, class_=css_class)
    return joined([bar, *caps])
