"""Learning curves: what more data would do to the dev error, and whether it can reach the target.

Source: Ng (2018), Machine Learning Yearning, chapters 28-32; Figueroa, Zeng-Treitler, Kandula and
Ngo (2012), "Predicting sample size required for classification performance" (power law by weighted
least squares); Davison and Hinkley (1997), Bootstrap Methods, section 6.2 (drawing residuals).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any, Literal

import numpy as np
from jaxtyping import Float64

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.stats.bootstrap import interval, widening

Draws = Float64[np.ndarray, " draw"]
Errors = Float64[np.ndarray, "draw size"]
Fits = Float64[np.ndarray, "draw 3"]
Each = Float64[np.ndarray, "draw candidate"]

SLOWEST, FASTEST = 0.01, 3.0  # exponents tried: slower is a line, faster has ended by the next size
FARTHEST = 100  # times the largest size measured; what lies beyond, a fit does not know
AHEAD = 10  # times the data: the step by which a curve is called flat or not
FLAT = 0.1  # share of the way to the target that such a step must make
PRIOR = 8  # repeats' worth of trust in the spread common to all sizes: a size has 3 to 10


@dataclass(frozen=True, slots=True)
class Point:
    """The errors of models trained on `n` examples, each time drawn anew."""

    n: int
    errors: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Error a + b n^-c after training on n examples; `draws` are other (a, b, c) as likely."""

    a: float
    b: float
    c: float
    points: tuple[Point, ...]
    draws: Fits
    confidence: float

    @property
    def largest(self) -> int:
        return max(point.n for point in self.points)

    def at(self, n: int | float) -> tuple[float, float, float]:
        """Give the error at n examples, with its interval."""
        value = self.a + self.b * float(n) ** -self.c
        a, b, c = self.draws.T
        lo, hi = interval(a + b * float(n) ** -c, self.confidence)
        return value, min(lo, value), max(hi, value)

    def examples_for(self, target: float) -> int | None:
        """Say how many examples bring the error to `target`; None where no number known does."""
        return self._count(_reach(np.array([[self.a, self.b, self.c]]), target)[0])

    def range_for(self, target: float) -> tuple[int | None, int | None, float]:
        """Give the interval of that number, and the share of draws in which there is one."""
        sizes = _reach(self.draws, target)
        tail = (1 - self.confidence) / 2
        # No mean of neighbours is taken: some draws never reach the target.
        lo, hi = np.quantile(sizes, [tail, 1 - tail], method="inverted_cdf")
        reached = float(np.mean(sizes <= FARTHEST * self.largest))
        return self._count(lo), self._count(hi), reached

    def _count(self, size: float) -> int | None:
        return int(max(1, ceil(size))) if size <= FARTHEST * self.largest else None

    def as_json(self) -> dict[str, Any]:
        names = ("value", "lo", "hi")
        rows = [asdict(p) | dict(zip(names, self.at(p.n), strict=True)) for p in self.points]
        fitted = {"a": self.a, "b": self.b, "c": self.c, "confidence": self.confidence}
        return {**fitted, "points": rows}


Reading = Literal["met", "bias", "partial", "reaches", "out_of_reach", "open", "no_target"]
"""What a curve says; `more_data` has what follows from each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveVerdict:
    """Whether more data alone brings the dev error to the target.

    `more_data_helps` is None where the curve does not tell, or where more data is of use and
    cannot suffice.  `p_reach` is the share of likely curves that reach the target at a size known.
    """

    reading: Reading
    more_data_helps: bool | None
    now: float  # the fitted error at the largest size,
    later: float  # and at ten times as many examples
    n_for_target: int | None
    n_lo: int | None
    n_hi: int | None
    p_reach: float | None
    sentence: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


HELPS: dict[Reading, bool | None] = {
    "met": False, "bias": False, "partial": None, "reaches": True, "out_of_reach": False,
    "open": None, "no_target": None,
}  # fmt: skip


def read(dev: Curve, train_error: float, target: float | None, split: str = "dev") -> CurveVerdict:
    """Read a curve of dev errors against the error wanted; `train_error` is at the largest size.

    Without a target it is only said what more data would do.  `split` is where the errors were
    measured, for the sentence.
    """
    now, later = dev.at(dev.largest)[0], dev.at(AHEAD * dev.largest)[0]
    if target is None:
        needed, lo, hi, reached = None, None, None, None
        reading: Reading = "no_target"
        sentence = _without_target(dev, now, later, split)
    else:
        needed = dev.examples_for(target)
        lo, hi, reached = dev.range_for(target)
        reading, sentence = _judge(dev, train_error, target, reached, split)
    helps = HELPS[reading]
    if helps and needed:
        span = f"{lo:,} to {hi:,}" if hi else f"at the least {lo:,}"
        sentence += f" Some {needed:,} examples ({span}) should reach it."
    return CurveVerdict(
        reading=reading,
        more_data_helps=helps,
        now=now,
        later=later,
        n_for_target=needed,
        n_lo=lo,
        n_hi=hi,
        p_reach=reached,
        sentence=sentence,
    )


def _without_target(dev: Curve, now: float, later: float, split: str) -> str:
    _, lo, hi = dev.at(AHEAD * dev.largest)
    return (
        f"{AHEAD} times the data would take the {split} error from {now:.1%} to {later:.1%} "
        f"({lo:.1%} to {hi:.1%}). Whether that is enough nobody can tell: state a desired error."
    )


def _judge(
    dev: Curve, train: float, target: float, reached: float, split: str
) -> tuple[Reading, str]:
    now, later, floor = dev.at(dev.largest)[0], dev.at(AHEAD * dev.largest)[0], dev.a
    want, step = f"the target of {target:.1%}", f"{AHEAD} times the data"
    gaps = "variance or mismatch" if split == "dev" else "variance"
    if now <= target:
        return "met", f"The {split} error of {now:.1%} meets {want}: more data is not needed."
    if train > target and now - later < FLAT * (now - target):
        return "bias", (
            f"More data cannot help: the train error of {train:.1%} is itself above {want}, and "
            f"{step} would take the {split} error from {now:.1%} to {later:.1%}. Fit train better."
        )
    if train > target:
        return "partial", (
            f"More data would help, to {later:.1%} from {now:.1%} at {step}, but cannot suffice: "
            f"the train error of {train:.1%} is above {want} and will not fall with more to fit."
        )
    if reached >= dev.confidence:
        return (
            "reaches",
            f"More data helps: the {split} error of {now:.1%} still falls towards {want}.",
        )
    if reached <= 1 - dev.confidence:
        if floor >= target:
            way = f"levels off at {floor:.1%}, above {want}"
        else:
            left = dev.at(FARTHEST * dev.largest)[0]
            way = f"falls so slowly that {FARTHEST} times the data would leave it at {left:.1%}"
        return "out_of_reach", (
            f"More data alone will not do: the {split} error of {now:.1%} {way}. Train meets "
            f"{want}: work on {gaps} by other means."
        )
    return "open", (
        f"Whether more data brings the {split} error of {now:.1%} to {want} cannot be told yet: "
        f"{reached:.0%} of the likely curves reach it. Measure more sizes, or repeat them."
    )


def fit(
    points: Sequence[Point],
    rng: np.random.Generator,
    *,
    resamples: int = 500,
    confidence: float = 0.95,
) -> Curve:
    """Fit e(n) = a + b n^-c, none of them below 0, by least squares.

    Sizes are weighted by how sure their mean is.  The band draws again how far repeats lie off
    their mean or, where nothing was repeated, off the curve; what dev itself, the same for every
    point, is off by is not in it.
    """
    points = tuple(sorted(points, key=lambda point: point.n))
    _check(points)
    n = np.array([point.n for point in points], dtype=np.float64)
    k = np.array([len(point.errors) for point in points])
    means, variance = np.array([np.mean(point.errors) for point in points]), _variances(points)
    best = _least_squares(means[None], k / variance, n)[0]
    if k.max() > 1:
        centre, degrees, off = means, int((k - 1).sum()), _off_their_mean(points, variance)
    else:
        centre = best[0] + best[1] * n ** -best[2]
        degrees = len(n) - 3  # three numbers were fitted
        off = (means - centre - np.mean(means - centre)) * np.sqrt(len(n) / degrees)
    off = off * widening(degrees + 1, confidence) * np.sqrt(degrees / (degrees + 1))  # t over z
    drawn = [off[rng.integers(0, len(off), (resamples, i))].mean(axis=1) for i in k.tolist()]
    errors = centre + np.stack(drawn, axis=1) * np.sqrt(variance)
    draws = _least_squares(np.maximum(errors, 0.0), k / variance, n)
    a, b, c = best.tolist()
    return Curve(a=a, b=b, c=c, points=points, draws=draws, confidence=confidence)


def _check(points: tuple[Point, ...]) -> None:
    sizes = [point.n for point in points]
    for point in points:
        known = all(np.isfinite(error) and error >= 0 for error in point.errors)
        if point.n < 1 or not point.errors or not known:
            raise FoursplitError(
                f"size {point.n}, errors {point.errors}: needs examples, and errors >= 0"
            )
    if len({*sizes}) < len(sizes):
        raise FoursplitError(f"sizes {sizes}: one stands here twice; give its errors as one point")
    if len(sizes) < 3:
        raise FoursplitError(f"sizes {sizes}: a curve needs three or more, such as n/4, n/2 and n")
    if len(sizes) == 3 and all(len(point.errors) == 1 for point in points):
        raise FoursplitError(
            f"sizes {sizes}: a curve fits any three errors; repeat them, or add a size"
        )


def _variances(points: tuple[Point, ...]) -> np.ndarray:
    """Give the variance of one error of each size, which few repeats tell only together."""
    degrees = np.array([len(point.errors) - 1 for point in points])
    squares = np.array([np.var(point.errors) * len(point.errors) for point in points])
    if not squares.any():
        return np.ones(len(points))
    common = squares.sum() / degrees.sum()
    return (squares + PRIOR * common) / (degrees + PRIOR)


def _off_their_mean(points: tuple[Point, ...], variance: np.ndarray) -> np.ndarray:
    """Give all repeats' distances from the mean of their size, made to have a variance of 1."""
    repeated = [(point.errors, one) for point, one in zip(points, variance, strict=True)]
    parts = [(np.array(e) - np.mean(e)) / np.sqrt(one) for e, one in repeated if len(e) > 1]
    off = np.concatenate(parts)
    return off / (np.std(off) or 1.0)


def _least_squares(errors: Errors, weights: np.ndarray, n: np.ndarray) -> Fits:
    """Fit each draw: a and b in closed form for many exponents, then ever closer to the best."""
    candidates = np.tile(np.linspace(SLOWEST, FASTEST, 60), (len(errors), 1))
    width, rows = float(candidates[0, 1] - candidates[0, 0]), np.arange(len(errors))
    for _ in range(7):  # to seven decimals of c
        a, b, squares = _linear(errors, weights, (n[0] / n) ** candidates[..., None])
        best = squares.argmin(axis=1)
        a, b, c = a[rows, best], b[rows, best], candidates[rows, best]
        candidates = np.clip(c[:, None] + width * np.linspace(-1, 1, 21), SLOWEST, FASTEST)
        width /= 10
    return np.stack([a, b * n[0] ** c, c], axis=1)  # x was n/n[0], to keep it near 1


def _linear(
    errors: Errors, weights: np.ndarray, x: Float64[np.ndarray, "draw candidate size"]
) -> tuple[Each, Each, Each]:
    """Fit errors = a + b x with neither below 0, and give the weighted squares left over."""
    share = weights / weights.sum()
    mean_x, mean_e = x @ share, (errors @ share)[:, None]
    off = x - mean_x[..., None]
    b = np.einsum("dcs,ds,s->dc", off, errors, share) / ((off**2) @ share)
    b = np.maximum(b, 0.0)  # a curve that rises is best met by a level one
    a = mean_e - b * mean_x
    through = np.einsum("dcs,ds,s->dc", x, errors, share) / ((x**2) @ share)
    a, b = np.where(a < 0, 0.0, a), np.where(a < 0, through, b)
    left = errors[:, None, :] - a[..., None] - b[..., None] * x
    return a, b, (left**2) @ share


def _reach(abc: Fits, target: float) -> Draws:
    """Give the size at which each curve meets `target`: 1 if at once, infinite if never."""
    a, b, c = abc.T
    room = target - a
    with np.errstate(divide="ignore", invalid="ignore"):
        power = (np.log(b) - np.log(room)) / c
    power = np.where(b <= room, 0.0, np.where(room > 0, power, np.inf))
    return np.exp(np.minimum(power, 700.0))  # e^700, near the largest number, is far enough
