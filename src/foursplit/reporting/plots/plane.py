"""The frame of a plot with two axes: grid, ticks, axis labels and coordinates."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from foursplit.reporting.plots.scale import Scale, format_tick
from foursplit.reporting.plots.svg import Drawing, across, element, joined

HEAD = 22  # pixels above the frame, for the label of the y-axis
FOOT = 38  # pixels below it, for the ticks and the label of the x-axis
UNITS = 1000  # of the viewBox, in width and height


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """Two scales of a plot of `height` pixels."""

    x: Scale
    y: Scale
    height: float

    def right(self, value: float) -> str:
        """Format the horizontal position of a value as a percentage."""
        return across(self.x.share(value))

    def down(self, value: float) -> float:
        """Return the vertical position of a value in pixels below the top of the figure."""
        return HEAD + self.height * (1 - self.y.share(value))

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return the position of a point in viewBox units."""
        return UNITS * self.x.share(x), UNITS * (1 - self.y.share(y))

    def holds(self, x: float | None, y: float | None) -> bool:
        return self.x.holds(x) and self.y.holds(y)


def stretched(elements: Iterable[Markup], height: float) -> Markup:
    """Wrap lines and areas, which need a viewBox; CSS keeps the stroke width constant."""
    return element(
        "svg",
        joined(elements),
        viewBox=f"0 0 {UNITS} {UNITS}",
        preserveAspectRatio="none",
        y=HEAD,
        width="100%",
        height=f"{height:g}",
        class_="clip",
    )


def framed(
    plane: Plane,
    content: Mapping[str, Any],
    css_class: str,
    *,
    below: Iterable[Markup] = (),
    areas: Iterable[Markup] = (),
    above: Iterable[Markup] = (),
) -> Markup:
    """Assemble a figure of a page; see `drawing`."""
    return drawing(plane, content, css_class, below=below, areas=areas, above=above).in_page()


def drawing(
    plane: Plane,
    content: Mapping[str, Any],
    css_class: str,
    *,
    below: Iterable[Markup] = (),
    areas: Iterable[Markup] = (),
    above: Iterable[Markup] = (),
) -> Drawing:
    """Assemble a figure: `below` under the grid, `areas` in viewBox units, `above` on top."""
    labels = [
        element("text", content["y_label"], x=0, y=12, class_="axis"),
        element(
            "text",
            content["x_label"],
            x="50%",
            y=f"{HEAD + plane.height + FOOT - 4:g}",
            class_="axis middle",
        ),
    ]
    elements = (*below, *_grid(plane), stretched(areas, plane.height), *above, *labels)
    label = f"{content['title']}: {content['y_label']} over {content['x_label']}"
    height = HEAD + plane.height + FOOT
    return Drawing(content=elements, height=height, label=label, css_class=f"plane {css_class}")


def _grid(plane: Plane) -> list[Markup]:
    bottom = f"{HEAD + plane.height:g}"
    elements = []
    for tick in plane.y.ticks:
        y = f"{plane.down(tick):.1f}"
        css_class = "grid zero" if tick == 0 else "grid"
        elements.append(element("line", x1=0, x2="100%", y1=y, y2=y, class_=css_class))
        elements.append(
            element("text", format_tick(tick), x=0, y=y, dy=4, dx=-8, class_="tick label")
        )
    for number, tick in enumerate(plane.x.ticks):
        x = plane.right(tick)
        css_class = "grid zero" if tick == 0 else "grid faint"
        elements.append(element("line", x1=x, x2=x, y1=HEAD, y2=bottom, class_=css_class))
        css_class = "tick middle odd" if number % 2 else "tick middle"
        y = f"{HEAD + plane.height + 16:g}"
        elements.append(element("text", format_tick(tick), x=x, y=y, class_=css_class))
    return elements
