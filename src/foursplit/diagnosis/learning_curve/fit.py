"""Learning curves: the dev error with more data, and whether it reaches the target.

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
from foursplit.diagnosis.stats.bootstrap import percentile_interval, t_correction

Sizes = Float64[np.ndarray, " replicate"]
Errors = Float64[np.ndarray, "replicate size"]
Parameters = Float64[np.ndarray, "replicate 3"]
PerCandidate = Float64[np.ndarray, "replicate candidate"]

MIN_EXPONENT = 0.01  # a slower curve is a line
MAX_EXPONENT = 3.0  # a faster curve is flat at the next size
MAX_EXTRAPOLATION = 100  # times the largest measured size; beyond it the fit is not used
DATA_MULTIPLE = 10  # times the data: the step over which a curve is called flat or not
MIN_PROGRESS = 0.1  # share of the distance to the target that this step must cover
PRIOR_REPEATS = 8  # weight of the variance common to all sizes, in repeats: a size has 3 to 10


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The errors of models trained on different samples of `n` examples.

    `standard_error` is that of each error as an estimate from the examples of the split, which all
    points share; 0 where it is not known.
    """

    n: int
    errors: tuple[float, ...]
    standard_error: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedCurve:
    """Error a + b n^-c after training on n examples; `replicates` are bootstrapped."""

    a: float
    b: float
    c: float
    points: tuple[CurvePoint, ...]
    replicates: Parameters
    confidence: float

    @property
    def largest(self) -> int:
        return max(point.n for point in self.points)

    def at(self, n: int | float) -> tuple[float, float, float]:
        """Return the error at n examples, with its interval."""
        value = self.a + self.b * float(n) ** -self.c
        a, b, c = self.replicates.T
        lo, hi = percentile_interval(a + b * float(n) ** -c, self.confidence)
        return value, min(lo, value), max(hi, value)

    def p_above(self, target: float) -> float:
        """Return the share of replicates whose error at the largest size is above `target`."""
        a, b, c = self.replicates.T
        return float(np.mean(a + b * float(self.largest) ** -c > target))

    def examples_for(self, target: float) -> int | None:
        """Return the number of examples at which the error is `target`; None beyond the range."""
        return self._count(_reach(np.array([[self.a, self.b, self.c]]), target)[0])

    def range_for(self, target: float) -> tuple[int | None, int | None, float]:
        """Return the interval of that number, and the share of replicates that reach the target."""
        sizes = _reach(self.replicates, target)
        tail = (1 - self.confidence) / 2
        # No interpolation: some replicates never reach the target.
        lo, hi = np.quantile(sizes, [tail, 1 - tail], method="inverted_cdf")
        reached = float(np.mean(sizes <= MAX_EXTRAPOLATION * self.largest))
        return self._count(lo), self._count(hi), reached

    def _count(self, size: float) -> int | None:
        return int(max(1, ceil(size))) if size <= MAX_EXTRAPOLATION * self.largest else None

    def as_json(self) -> dict[str, Any]:
        names = ("value", "lo", "hi")
        rows = [asdict(p) | dict(zip(names, self.at(p.n), strict=True)) for p in self.points]
        fitted = {"a": self.a, "b": self.b, "c": self.c, "confidence": self.confidence}
        return {**fitted, "points": rows}


Reading = Literal[
    "met", "perhaps_met", "bias", "partial", "reaches", "out_of_reach", "open", "no_target"
]
"""The reading of a curve; `more_data_step` has the next step for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveVerdict:
    """Whether more data alone brings the dev error to the target.

    `more_data_helps` is None if the curve does not decide it, or if more data helps but does not
    suffice.  `p_reach` is the share of replicates that reach the target within the range.
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
    "met": False, "perhaps_met": None, "bias": False, "partial": None, "reaches": True,
    "out_of_reach": False, "open": None, "no_target": None,
}  # fmt: skip


def curve_verdict(
    dev: FittedCurve, train_error: float, target: float | None, split: str = "dev"
) -> CurveVerdict:
    """Return what a curve of dev errors says of the target; `train_error` is at the largest size.

    Without a target, only the effect of more data is stated.  `split` names the errors' split.
    """
    now, later = dev.at(dev.largest)[0], dev.at(DATA_MULTIPLE * dev.largest)[0]
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
        span = f"{lo:,} to {hi:,}" if hi else f"at least {lo:,}"
        sentence += f" About {needed:,} examples ({span}) should reach it."
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


def _without_target(dev: FittedCurve, now: float, later: float, split: str) -> str:
    _, lo, hi = dev.at(DATA_MULTIPLE * dev.largest)
    return (
        f"{DATA_MULTIPLE} times the data would take the {split} error from {now:.1%} "
        f"to {later:.1%} "
        f"({lo:.1%} to {hi:.1%}). State a desired error to see whether that is enough."
    )


def _judge(
    dev: FittedCurve, train: float, target: float, reached: float, split: str
) -> tuple[Reading, str]:
    now, later, floor = dev.at(dev.largest)[0], dev.at(DATA_MULTIPLE * dev.largest)[0], dev.a
    target_text, step = f"the target of {target:.1%}", f"{DATA_MULTIPLE} times the data"
    gap_names = "variance or mismatch" if split == "dev" else "variance"
    if now <= target:
        p_missed = dev.p_above(target)
        if p_missed <= 1 - dev.confidence:
            return "met", (
                f"The {split} error of {now:.1%} meets {target_text}: more data is not needed."
            )
        return "perhaps_met", (
            f"The {split} error of {now:.1%} is below {target_text}, but with a probability of "
            f"{p_missed:.0%} only by chance. A larger {split} set would tell."
        )
    if train > target and now - later < MIN_PROGRESS * (now - target):
        return "bias", (
            f"More data cannot help: the train error of {train:.1%} is above {target_text}, and "
            f"{step} would change the {split} error from {now:.1%} to {later:.1%}. "
            "Fit train better."
        )
    if train > target:
        return "partial", (
            f"More data helps ({now:.1%} to {later:.1%} with {step}) but cannot suffice: the train "
            f"error of {train:.1%} is above {target_text} and does not fall with more data."
        )
    if reached >= dev.confidence:
        return (
            "reaches",
            f"More data helps: the {split} error of {now:.1%} still falls towards {target_text}.",
        )
    if reached <= 1 - dev.confidence:
        if floor >= target:
            course = f"levels off at {floor:.1%}, above {target_text}"
        else:
            leftover = dev.at(MAX_EXTRAPOLATION * dev.largest)[0]
            course = (
                f"falls so slowly that {MAX_EXTRAPOLATION} times the data would leave it at "
                f"{leftover:.1%}"
            )
        return "out_of_reach", (
            f"More data alone is not enough: the {split} error of {now:.1%} {course}. Train meets "
            f"{target_text}: reduce {gap_names} by other means."
        )
    return "open", (
        f"Undecided: {reached:.0%} of the curve's replicates bring the {split} error of {now:.1%} "
        f"to {target_text}. Measure more sizes, or repeat them."
    )


def fit_curve(
    points: Sequence[CurvePoint],
    rng: np.random.Generator,
    *,
    n_resamples: int = 500,
    confidence: float = 0.95,
) -> FittedCurve:
    """Fit e(n) = a + b n^-c by non-negative least squares.

    Sizes are weighted by the precision of their mean.  The band resamples residuals of repeats from
    their mean or, without repeats, from the curve.  The sampling error of dev, where it is known,
    is added to the curve as a whole, because all points share the examples of dev.
    """
    points = tuple(sorted(points, key=lambda point: point.n))
    _check(points)
    n = np.array([point.n for point in points], dtype=np.float64)
    n_repeats = np.array([len(point.errors) for point in points])
    means, variance = np.array([np.mean(point.errors) for point in points]), _variances(points)
    best = _least_squares(means[None], n_repeats / variance, n)[0]
    if n_repeats.max() > 1:
        center, dof, residuals = (
            means,
            int((n_repeats - 1).sum()),
            _off_their_mean(points, variance),
        )
    else:
        center = best[0] + best[1] * n ** -best[2]
        dof = len(n) - 3  # three parameters were fitted
        residuals = (means - center - np.mean(means - center)) * np.sqrt(len(n) / dof)
    residuals = residuals * t_correction(dof + 1, confidence) * np.sqrt(dof / (dof + 1))  # t over z
    mean_residuals = [
        residuals[rng.integers(0, len(residuals), (n_resamples, i))].mean(axis=1)
        for i in n_repeats.tolist()
    ]
    errors = center + np.stack(mean_residuals, axis=1) * np.sqrt(variance)
    replicates = _least_squares(np.maximum(errors, 0.0), n_repeats / variance, n)
    a, b, c = best.tolist()
    now = a + b * n[-1] ** -c
    replicates = _move_as_dev(replicates, now, points[-1].standard_error, rng)
    return FittedCurve(a=a, b=b, c=c, points=points, replicates=replicates, confidence=confidence)


def _move_as_dev(
    replicates: Parameters, now: float, standard_error: float, rng: np.random.Generator
) -> Parameters:
    """Move each replicate by the sampling error of dev, in proportion to the error.

    Other examples of the same difficulty would raise or lower the errors of all sizes alike.  A
    curve that ends at zero is raised.
    """
    if standard_error == 0:
        return replicates
    noise = rng.standard_normal(len(replicates))
    a, b, c = replicates.T
    if now <= standard_error:
        return np.stack([a + np.abs(noise) * standard_error, b, c], axis=1)
    relative = standard_error / now
    factor = np.exp(noise * relative)
    return np.stack([a * factor, b * factor, c], axis=1)


def _check(points: tuple[CurvePoint, ...]) -> None:
    sizes = [point.n for point in points]
    for point in points:
        is_valid = all(np.isfinite(error) and error >= 0 for error in point.errors)
        if point.n < 1 or not point.errors or not is_valid:
            raise FoursplitError(
                f"size {point.n}, errors {point.errors}: needs one example or more, and errors >= 0"
            )
    if len({*sizes}) < len(sizes):
        raise FoursplitError(
            f"sizes {sizes}: one size is given twice; give its errors as one point"
        )
    if len(sizes) < 3:
        raise FoursplitError(
            f"sizes {sizes}: a curve needs three sizes or more, such as n/4, n/2 and n"
        )
    if len(sizes) == 3 and all(len(point.errors) == 1 for point in points):
        raise FoursplitError(
            f"sizes {sizes}: three errors are always fitted exactly; add repeats or a size"
        )


def _variances(points: tuple[CurvePoint, ...]) -> np.ndarray:
    """Return the variance of one error at each size, shrunk towards their common variance."""
    dof = np.array([len(point.errors) - 1 for point in points])
    squares = np.array([np.var(point.errors) * len(point.errors) for point in points])
    if not squares.any():
        return np.ones(len(points))
    common = squares.sum() / dof.sum()
    return (squares + PRIOR_REPEATS * common) / (dof + PRIOR_REPEATS)


def _off_their_mean(points: tuple[CurvePoint, ...], variance: np.ndarray) -> np.ndarray:
    """Return all repeats' residuals from the mean of their size, scaled to unit variance."""
    with_variance = [(point.errors, one) for point, one in zip(points, variance, strict=True)]
    scaled = [(np.array(e) - np.mean(e)) / np.sqrt(one) for e, one in with_variance if len(e) > 1]
    residuals = np.concatenate(scaled)
    return residuals / (np.std(residuals) or 1.0)


def _least_squares(errors: Errors, weights: np.ndarray, n: np.ndarray) -> Parameters:
    """Fit each replicate: a and b in closed form on a grid of exponents that is refined."""
    candidates = np.tile(np.linspace(MIN_EXPONENT, MAX_EXPONENT, 60), (len(errors), 1))
    width, rows = float(candidates[0, 1] - candidates[0, 0]), np.arange(len(errors))
    for _ in range(7):  # to seven decimals of c
        a, b, squares = _linear(errors, weights, (n[0] / n) ** candidates[..., None])
        best = squares.argmin(axis=1)
        a, b, c = a[rows, best], b[rows, best], candidates[rows, best]
        candidates = np.clip(
            c[:, None] + width * np.linspace(-1, 1, 21), MIN_EXPONENT, MAX_EXPONENT
        )
        width /= 10
    return np.stack([a, b * n[0] ** c, c], axis=1)  # undo x = n/n[0], which kept it near 1


def _linear(
    errors: Errors, weights: np.ndarray, x: Float64[np.ndarray, "replicate candidate size"]
) -> tuple[PerCandidate, PerCandidate, PerCandidate]:
    """Return the non-negative a and b of errors = a + b x, and the weighted squared residuals."""
    weight = weights / weights.sum()
    mean_x, mean_e = x @ weight, (errors @ weight)[:, None]
    centered = x - mean_x[..., None]
    b = np.einsum("dcs,ds,s->dc", centered, errors, weight) / ((centered**2) @ weight)
    b = np.maximum(b, 0.0)  # a rising curve is best fitted by a constant
    a = mean_e - b * mean_x
    slope_through_origin = np.einsum("dcs,ds,s->dc", x, errors, weight) / ((x**2) @ weight)
    a, b = np.where(a < 0, 0.0, a), np.where(a < 0, slope_through_origin, b)
    residuals = errors[:, None, :] - a[..., None] - b[..., None] * x
    return a, b, (residuals**2) @ weight


def _reach(abc: Parameters, target: float) -> Sizes:
    """Return the size at which each curve meets `target`: 1 if at once, infinite if never."""
    a, b, c = abc.T
    distance = target - a
    with np.errstate(divide="ignore", invalid="ignore"):
        power = (np.log(b) - np.log(distance)) / c
    power = np.where(b <= distance, 0.0, np.where(distance > 0, power, np.inf))
    return np.exp(np.minimum(power, 700.0))  # e^700, near the largest number, is far enough
