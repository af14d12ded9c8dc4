"""SVG elements as text, with escaped content.

Horizontal positions are percentages and there is no viewBox: a figure fills the width of the page
and keeps its font size, from a phone to a wide screen.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markupsafe import Markup, escape

STYLESHEET = Path(__file__).parent.parent / "templates" / "plots.css"

TITLE_HEIGHT, MARGIN = 34, 12  # pixels, of a file


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """The elements of a figure, which is `height` pixels high and as wide as there is room."""

    content: tuple[Markup, ...]
    height: float
    label: str  # for screen readers
    css_class: str

    def in_page(self) -> Markup:
        """Format it for a page of the report, which has the style sheet."""
        return element("div", self._svg(width="100%"), class_=f"chart {self.css_class}")

    def as_file(self, title: str, width: float, margin: tuple[float, float]) -> str:
        """Format it as an SVG file of its own, with a title; `margin` is left and right, in px."""
        left, right = margin
        total = left + width + right, TITLE_HEIGHT + self.height + MARGIN
        heading = element("text", title, x=MARGIN, y=20, class_="name")
        frame = element("rect", width="100%", height="100%", class_="paper")
        drawing = self._svg(width=width, x=left, y=TITLE_HEIGHT)
        return element(
            "svg",
            joined([element("style", Markup(stylesheet())), frame, heading, drawing]),
            xmlns="http://www.w3.org/2000/svg",
            width=f"{total[0]:g}",
            height=f"{total[1]:g}",
            viewBox=f"0 0 {total[0]:g} {total[1]:g}",
            class_=f"chart file {self.css_class}",
        )

    def _svg(self, **place: str | float) -> Markup:
        return element(
            "svg",
            joined(self.content),
            **place,
            height=f"{self.height:g}",
            role="img",
            aria_label=self.label,
        )


@cache
def stylesheet() -> str:
    """Load the rules that drawings need."""
    return STYLESHEET.read_text(encoding="utf-8")


def figure(content: Iterable[Markup], height: float, label: str, css_class: str) -> Markup:
    """Wrap a drawing of `height` pixels for a page; `label` is for screen readers."""
    return Drawing(content=(*content,), height=height, label=label, css_class=css_class).in_page()


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
