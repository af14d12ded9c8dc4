"""A scale of a figure's axis: where a value lies between two ends, linear or by its logarithm."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from foursplit.reporting.numbers import MINUS
from foursplit.reporting.plots.axis import axis, log_axis

Range = Sequence[float] | None

FAR = 50.0  # lengths of the axis beyond which nothing is drawn truly: renderers fail at 1e300

LEAST = 1e-9  # of a value: a range below it is rounding, and its ticks would read alike

FEWEST = 2  # ticks: one alone tells no scale

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A range of values with round ticks inside it."""

    low: float
    high: float
    ticks: tuple[float, ...]
    log: bool = False

    def share(self, value: float) -> float:
        """Say how far along the axis a value lies: 0 at its low end, 1 at its high one."""
        if self.log:
            low, high = math.log(self.low), math.log(self.high)
            found = (math.log(value) - low) / (high - low)
        else:
            found = (value - self.low) / (self.high - self.low)
        return min(max(found, -FAR), FAR)

    def has(self, value: float | None) -> bool:
        """Tell whether a value has a place: no gap, and above zero on a logarithmic axis."""
        return value is not None and (value > 0 or not self.log)

    def holds(self, value: float | None) -> bool:
        """Tell whether a value lies between the ends."""
        return value is not None and self.has(value) and -1e-9 <= self.share(value) <= 1 + 1e-9


def scale(values: Iterable[float | None], *, log: bool = False, ends: Range = None) -> Scale:
    """Span `values`, rounded outwards to ticks; exactly from end to end where `ends` are given."""
    places = [value for value in (ends or values) if value is not None and (value > 0 or not log)]
    places = places or [1.0, 10.0]  # nothing to draw: an empty frame
    spanned = log_axis(places) if log else axis(_parted(places), zero=False)
    low, high = (min(places), max(places)) if ends else (spanned.low, spanned.high)
    bare = Scale(low=low, high=high, ticks=(), log=log)
    inside = tuple(tick for tick in spanned.ticks if bare.holds(tick))
    if len(inside) < FEWEST:  # a range within a decade
        inside = tuple(
            tick for tick in axis(_parted([low, high]), zero=False).ticks if bare.holds(tick)
        )
    return replace(bare, ticks=inside)


def _parted(places: Sequence[float]) -> list[float]:
    """Give the lowest and the highest value, parted where they are all but one."""
    low, high = min(places), max(places)
    if high - low <= LEAST * max(abs(low), abs(high)):
        part = abs(low) / 2 or 0.5
        return [low - part, high + part]
    return [low, high]


def written(value: float) -> str:
    """Write a tick: plainly where that is short, else as a power of ten."""
    if value == 0 or 1e-3 <= abs(value) < 1e6:
        return f"{value:.6g}".replace("-", MINUS)
    digits, power = f"{value:.3e}".split("e")
    head = digits.rstrip("0").rstrip(".")
    ten = f"10{str(int(power)).translate(SUPERSCRIPTS)}"
    if head in ("1", "-1"):
        return head.replace("-", MINUS).removesuffix("1") + ten
    return f"{head}·{ten}".replace("-", MINUS)
