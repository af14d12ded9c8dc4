"""Axes with round ticks, linear or logarithmic, and their grid lines."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from markupsafe import Markup

from foursplit.reporting.numbers import MINUS
from foursplit.reporting.plots.svg import across, element

ROUND_STEPS = (1, 2, 2.5, 5, 10)  # times a power of ten
MAX_STEPS = 5  # along an axis: more do not fit on a phone


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A range of values with round steps."""

    low: float
    high: float
    step: float

    def share(self, value: float) -> float:
        """Return the position of a value along the axis, from 0 to 1."""
        return (value - self.low) / (self.high - self.low)

    @property
    def ticks(self) -> list[float]:
        # Multiples of the step, so that zero is exact.
        first, last = round(self.low / self.step), round(self.high / self.step)
        return [number * self.step for number in range(first, last + 1)]

    def percent(self, tick: float) -> str:
        digits = 0 if math.isclose(100 * self.step, round(100 * self.step)) else 1
        return f"{tick:.{digits}%}".replace("-", MINUS)

    @staticmethod
    def plain(tick: float) -> str:
        return f"{tick:.4g}".replace("-", MINUS)


def axis(values: Iterable[float], *, zero: bool = True, whole: bool = False) -> Axis:
    """Return an axis of `values` in round steps; `zero` includes 0, `whole` asks for integers."""
    values = [*values, 0.0] if zero else list(values)
    low, high = min(values), max(values)
    if high <= low:
        high = low + 1
    rough = (high - low) / MAX_STEPS
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in ROUND_STEPS if power * factor >= rough * (1 - 1e-9))
    if whole:
        step = max(1, math.ceil(step))
    return Axis(low=step * math.floor(low / step), high=step * math.ceil(high / step), step=step)


def error_grid(scale: Axis, height: float) -> list[Markup]:
    """Draw a horizontal axis of errors: a vertical line and a percentage for each tick."""
    elements = []
    for tick in scale.ticks:
        x = across(scale.share(tick))
        zero = " zero" if tick == 0 else ""
        elements.append(element("line", x1=x, x2=x, y1=0, y2=height, class_=f"grid{zero}"))
        css_class = "tick middle odd" if round(tick / scale.step) % 2 else "tick middle"
        elements.append(element("text", scale.percent(tick), x=x, y=height + 15, class_=css_class))
    return elements


def y_grid(scale: Axis, height: float, text: Callable[[float], str]) -> list[Markup]:
    """Draw a vertical axis: a horizontal line and a label for each tick."""
    elements = []
    for tick in scale.ticks:
        y = f"{height * (1 - scale.share(tick)):.1f}"
        zero = " zero" if tick == 0 else ""
        elements.append(element("line", x1=0, x2="100%", y1=y, y2=y, class_=f"grid{zero}"))
        elements.append(element("text", text(tick), x=0, y=y, dy=4, dx=-8, class_="tick label"))
    return elements


@dataclass(frozen=True, slots=True, kw_only=True)
class LogAxis:
    """A logarithmic range of positive values in whole decades."""

    low: float
    high: float

    def share(self, value: float) -> float:
        return math.log10(value / self.low) / math.log10(self.high / self.low)

    @property
    def ticks(self) -> list[float]:
        first, last = round(math.log10(self.low)), round(math.log10(self.high))
        every = -(-(last - first) // MAX_STEPS)
        return [10.0**power for power in range(first, last + 1, every)]


def log_axis(values: Iterable[float]) -> LogAxis:
    """Return a logarithmic axis of positive `values` in whole decades, at least one."""
    powers = [math.log10(value) for value in values]
    low, high = math.floor(min(powers) + 1e-9), math.ceil(max(powers) - 1e-9)
    return LogAxis(low=10.0**low, high=10.0 ** max(high, low + 1))


def x_ticks(scale: Axis, height: float) -> list[Markup]:
    """Draw the labels of a horizontal axis below a plot of `height`."""
    return [
        element(
            "text",
            scale.plain(tick),
            x=across(scale.share(tick)),
            y=height + 16,
            class_="tick middle",
        )
        for tick in scale.ticks
    ]
