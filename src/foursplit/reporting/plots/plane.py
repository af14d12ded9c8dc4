"""The frame of a figure over two axes: grid, ticks, names, and where a point lies."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from foursplit.reporting.plots.scale import Scale, written
from foursplit.reporting.plots.svg import across, element, figure, joined

HEAD = 22  # pixels above the frame, for the name of the upward axis
FOOT = 38  # pixels below it, for ticks and the name of the other one
UNITS = 1000  # of the stretched drawing, in width and height


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """Two scales over a drawing of `height` pixels."""

    x: Scale
    y: Scale
    height: float

    def right(self, value: float) -> str:
        """Write where a value lies along the page, as a share of the width."""
        return across(self.x.share(value))

    def down(self, value: float) -> float:
        """Say how many pixels below the figure's top a value lies."""
        return HEAD + self.height * (1 - self.y.share(value))

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Place a point in the stretched drawing, where lines and areas lie."""
        return UNITS * self.x.share(x), UNITS * (1 - self.y.share(y))

    def holds(self, x: float | None, y: float | None) -> bool:
        return self.x.holds(x) and self.y.holds(y)


def stretched(parts: Iterable[Markup], height: float) -> Markup:
    """Frame lines and areas, which need a viewBox; CSS keeps strokes from being stretched."""
    return element(
        "svg", joined(parts), viewBox=f"0 0 {UNITS} {UNITS}", preserveAspectRatio="none",
        y=HEAD, width="100%", height=f"{height:g}", class_="clip",
    )  # fmt: skip


def framed(
    plane: Plane, content: Mapping[str, Any], kind: str, *, below: Iterable[Markup] = (),
    areas: Iterable[Markup] = (), above: Iterable[Markup] = (),
) -> Markup:  # fmt: skip
    """Put a figure together: `below` under the grid, `areas` stretched, `above` on top."""
    names = [
        element("text", content["y_label"], x=0, y=12, class_="axis"),
        element(
            "text", content["x_label"], x="50%", y=f"{HEAD + plane.height + FOOT - 4:g}",
            class_="axis middle",
        ),
    ]  # fmt: skip
    parts = [*below, *_grid(plane), stretched(areas, plane.height), *above, *names]
    label = f"{content['title']}: {content['y_label']} over {content['x_label']}"
    return figure(parts, HEAD + plane.height + FOOT, label, f"plane {kind}")


def _grid(plane: Plane) -> list[Markup]:
    bottom = f"{HEAD + plane.height:g}"
    parts = []
    for tick in plane.y.ticks:
        y = f"{plane.down(tick):.1f}"
        kind = "grid zero" if tick == 0 else "grid"
        parts.append(element("line", x1=0, x2="100%", y1=y, y2=y, class_=kind))
        parts.append(element("text", written(tick), x=0, y=y, dy=4, dx=-8, class_="tick label"))
    for number, tick in enumerate(plane.x.ticks):
        x = plane.right(tick)
        kind = "grid zero" if tick == 0 else "grid faint"
        parts.append(element("line", x1=x, x2=x, y1=HEAD, y2=bottom, class_=kind))
        kind = "tick middle odd" if number % 2 else "tick middle"
        place = f"{HEAD + plane.height + 16:g}"
        parts.append(element("text", written(tick), x=x, y=place, class_=kind))
    return parts
