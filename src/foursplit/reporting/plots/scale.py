"""The scale of an axis, linear or logarithmic, with its ticks."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from foursplit.reporting.numbers import MINUS
from foursplit.reporting.plots.axis import axis, log_axis

Range = Sequence[float] | None

MAX_SHARE = 50.0  # axis lengths to which positions are clipped: renderers fail at 1e300

MIN_RELATIVE_RANGE = 1e-9  # a smaller range is rounding error, with equal tick labels

MIN_TICKS = 2  # one tick shows no scale

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A range of values with round ticks."""

    low: float
    high: float
    ticks: tuple[float, ...]
    log: bool = False

    def share(self, value: float) -> float:
        """Return the position of a value along the axis: 0 at its low end, 1 at its high end."""
        if self.log:
            low, high = math.log(self.low), math.log(self.high)
            position = (math.log(value) - low) / (high - low)
        else:
            position = (value - self.low) / (self.high - self.low)
        return min(max(position, -MAX_SHARE), MAX_SHARE)

    def is_valid(self, value: float | None) -> bool:
        """Return whether a value can be drawn: not missing, and positive on a logarithmic axis."""
        return value is not None and (value > 0 or not self.log)

    def holds(self, value: float | None) -> bool:
        """Return whether a value lies between the ends."""
        return value is not None and self.is_valid(value) and -1e-9 <= self.share(value) <= 1 + 1e-9


def scale(values: Iterable[float | None], *, log: bool = False, ends: Range = None) -> Scale:
    """Return a scale of `values`, rounded outwards to ticks, or exactly of the range `ends`."""
    finite = [value for value in (ends or values) if value is not None and (value > 0 or not log)]
    finite = finite or [1.0, 10.0]  # nothing to draw: an empty frame
    rounded = log_axis(finite) if log else axis(_widened(finite), zero=False)
    low, high = (min(finite), max(finite)) if ends else (rounded.low, rounded.high)
    result = Scale(low=low, high=high, ticks=(), log=log)
    ticks = tuple(tick for tick in rounded.ticks if result.holds(tick))
    if len(ticks) < MIN_TICKS:  # a range within a decade
        ticks = tuple(
            tick for tick in axis(_widened([low, high]), zero=False).ticks if result.holds(tick)
        )
    return replace(result, ticks=ticks)


def _widened(values: Sequence[float]) -> list[float]:
    """Return minimum and maximum, widened if they are nearly equal."""
    low, high = min(values), max(values)
    if high - low <= MIN_RELATIVE_RANGE * max(abs(low), abs(high)):
        margin = abs(low) / 2 or 0.5
        return [low - margin, high + margin]
    return [low, high]


def format_tick(value: float) -> str:
    """Format a tick as a plain number, or with a power of ten if that is shorter."""
    if value == 0 or 1e-3 <= abs(value) < 1e6:
        return f"{value:.6g}".replace("-", MINUS)
    digits, power = f"{value:.3e}".split("e")
    mantissa = digits.rstrip("0").rstrip(".")
    power_of_ten = f"10{str(int(power)).translate(SUPERSCRIPTS)}"
    if mantissa in ("1", "-1"):
        return mantissa.replace("-", MINUS).removesuffix("1") + power_of_ten
    return f"{mantissa}·{power_of_ten}".replace("-", MINUS)
