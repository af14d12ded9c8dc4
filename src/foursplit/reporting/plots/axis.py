"""An axis: where a value lies, and the round numbers written along it."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from foursplit.reporting.numbers import MINUS
from foursplit.reporting.plots.svg import across, element

ROUND = (1, 2, 2.5, 5, 10)  # steps that people count in, up to a power of ten


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A range of values with round steps."""

    low: float
    high: float
    step: float

    def share(self, value: float) -> float:
        """Say how far along the axis a value lies, from 0 to 1."""
        return (value - self.low) / (self.high - self.low)

    @property
    def ticks(self) -> list[float]:
        # Whole steps from zero, so that zero itself is exact.
        first, last = round(self.low / self.step), round(self.high / self.step)
        return [number * self.step for number in range(first, last + 1)]

    def percent(self, tick: float) -> str:
        digits = 0 if math.isclose(100 * self.step, round(100 * self.step)) else 1
        return f"{tick:.{digits}%}".replace("-", MINUS)

    @staticmethod
    def plain(tick: float) -> str:
        return f"{tick:.4g}".replace("-", MINUS)


WANTED = 5  # steps along an axis: more would not fit a phone


def axis(values: Iterable[float], *, zero: bool = True, whole: bool = False) -> Axis:
    """Span `values` in a few round steps: from or through zero if `zero`, whole if `whole`."""
    values = [*values, 0.0] if zero else list(values)
    low, high = min(values), max(values)
    if high <= low:
        high = low + 1
    rough = (high - low) / WANTED
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in ROUND if power * factor >= rough * (1 - 1e-9))
    if whole:
        step = max(1, math.ceil(step))
    return Axis(low=step * math.floor(low / step), high=step * math.ceil(high / step), step=step)


def error_grid(scale: Axis, height: float) -> list[Markup]:
    """Draw a horizontal axis of errors: a line up the drawing for each tick, and its percentage."""
    parts = []
    for tick in scale.ticks:
        x = across(scale.share(tick))
        zero = " zero" if tick == 0 else ""
        parts.append(element("line", x1=x, x2=x, y1=0, y2=height, class_=f"grid{zero}"))
        kind = "tick middle odd" if round(tick / scale.step) % 2 else "tick middle"
        parts.append(element("text", scale.percent(tick), x=x, y=height + 15, class_=kind))
    return parts


@dataclass(frozen=True, slots=True, kw_only=True)
class LogAxis:
    """A range of positive values by their logarithm, in whole decades."""

    low: float
    high: float

    def share(self, value: float) -> float:
        return math.log10(value / self.low) / math.log10(self.high / self.low)

    @property
    def ticks(self) -> list[float]:
        first, last = round(math.log10(self.low)), round(math.log10(self.high))
        every = -(-(last - first) // WANTED)
        return [10.0**power for power in range(first, last + 1, every)]


def log_axis(values: Iterable[float]) -> LogAxis:
    """Span positive `values` in whole decades, one at least."""
    powers = [math.log10(value) for value in values]
    low, high = math.floor(min(powers) + 1e-9), math.ceil(max(powers) - 1e-9)
    return LogAxis(low=10.0**low, high=10.0 ** max(high, low + 1))
