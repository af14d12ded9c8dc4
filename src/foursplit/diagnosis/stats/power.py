"""How many examples a comparison needs, and what the ones at hand can show.

`discordance` is the share of examples on which exactly one of two models is right, and `delta` the
better model's gain: both are fractions of all examples, and the gain cannot exceed the discordance.
Source: Miettinen (1968), "The matched pairs design in the case of all-or-none responses"; Ng
(2018), Machine Learning Yearning, chapters 7 and 18.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from math import ceil, lgamma, log, log1p, log2, sqrt
from statistics import NormalDist

import numpy as np

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.decomposition.verdict import Rule

NORMAL = NormalDist()

READ_ERRORS = 100  # enough to say where errors come from; the book's figure

SUMMED = (
    2_000  # discordant pairs up to which chances are summed; beyond, the normal is within 0.002
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How many examples are advised, and what `n` of dev can show of `delta` now."""

    n: int
    delta: float
    dev: int
    eyeball: int
    train_dev: int
    power: float
    p_right_order: float

    def as_json(self) -> dict[str, int | float]:
        return asdict(self)


def examples_needed(
    delta: float, discordance: float, *, power: float = 0.8, alpha: float = 0.05
) -> int:
    """Say how many examples show a gain by McNemar's two-sided test with the wanted power.

    The normal formula, but never so few that even a clean sweep of the pairs would not convince
    the exact test (six pairs at the usual alpha).
    """
    _check(delta, discordance)
    if delta == 0:
        raise FoursplitError("delta 0: no number of examples shows a gain of nothing")
    chance, shown = NORMAL.inv_cdf(1 - alpha / 2), NORMAL.inv_cdf(power)
    spread = chance * sqrt(discordance) + shown * _sd(delta, discordance)
    sweep = ceil(1 + log2(1 / alpha)) / discordance
    return ceil(max((spread / delta) ** 2, sweep) - 1e-9)


def power_of(n: int, delta: float, discordance: float, *, alpha: float = 0.05) -> float:
    """Give the chance that McNemar's exact two-sided test finds the gain on n examples."""
    _check(delta, discordance)
    if n * discordance > SUMMED:
        return _normal_power(n, delta, discordance, alpha)
    total = 0.0
    for share, even, won in _by_pairs(n, delta, discordance):
        fails = int(np.searchsorted(np.cumsum(even), alpha / 2, side="right"))  # 0, …, fails - 1
        total += share * float(won[:fails].sum() + won[len(won) - fails :].sum())
    return min(1.0, total)


def p_right_order(n: int, delta: float, discordance: float, *, ties: float = 0.5) -> float:
    """Give the chance that the better model scores better on n examples.

    A tie counts for `ties`: half, as if a coin were tossed, or 0 to ask for a strict lead.
    """
    _check(delta, discordance)
    if discordance == 0:
        return ties
    if n * discordance > SUMMED:
        sd = _sd(delta, discordance) * sqrt(n)
        lead = n * delta / sd if sd else float("inf")
        tie = NORMAL.pdf(lead) / sd if sd else 0.0  # leads are whole numbers, one apart
        return NORMAL.cdf(lead) + (ties - 0.5) * tie
    total = 0.0
    for share, _, won in _by_pairs(n, delta, discordance):
        half = len(won) // 2  # of m + 1 outcomes; with m even it is the tie
        level = float(won[half]) if len(won) % 2 else 0.0
        total += share * (float(won[half + len(won) % 2 :].sum()) + ties * level)
    return min(1.0, total)


def half_width(error: float, n: int, *, confidence: float = 0.95) -> float:
    """Give half the width of the normal interval of one error, for planning."""
    if not 0 <= error <= 1 or n < 1:
        raise FoursplitError(f"error {error:g} on {n} examples: needs a fraction, and an example")
    return NORMAL.inv_cdf(0.5 + confidence / 2) * sqrt(error * (1 - error) / n)


def optimism_of_best(k: int, discordance: float, n: int) -> float:
    """Say how much too good the best of k equal models looks, by choosing it on n examples.

    `discordance` is that between any two of them.  It holds the departures of both from what all
    have in common, and the luck of one is half of that: the difference of two errors has variance
    discordance / n, twice that of either about their common part.
    """
    return sqrt(discordance / (2 * n)) * expected_largest(k)


def expected_largest(k: int) -> float:
    """Give the mean of the largest of k independent standard normals."""
    if k < 1:
        raise FoursplitError(f"{k} models: there is no best of none")
    x, cdf = _normal_table()
    # The area above their cdf right of 0 less that below it left of 0; at 0 itself, half of each.
    return float(np.trapezoid(np.heaviside(x, 0.5) - cdf**k, x))


def eyeball_size(error: float) -> int:
    """Say how many examples to read for 100 errors."""
    if error <= 0:
        raise FoursplitError(f"error {error:g}: without errors there is nothing to read")
    return ceil(READ_ERRORS / error - 1e-9)


def advise(error: float, n: int, delta: float, discordance: float) -> Sizes:
    """Advise sizes for a dev set of `n` with this error, never more than is needed.

    Dev: enough to show a gain of `delta`.  Eyeball: a part of dev, at most all of it.  Train-dev:
    enough to see a gap worth work, and no more than dev, whose noise it shares in.
    """
    discordance = max(delta, discordance)  # a gain needs that much at the least
    dev = examples_needed(delta, discordance)
    most = max(n, dev)
    rate = max(error, 0.5 / (n + 1))  # no error among n is not an error of nothing
    worth = Rule(min_gain=delta).threshold(error)
    train_dev = ceil((half_width(rate, 1) / worth) ** 2 - 1e-9)
    return Sizes(
        n=n,
        delta=delta,
        dev=dev,
        eyeball=min(eyeball_size(rate), most),
        train_dev=min(max(1, train_dev), most),
        power=power_of(n, delta, discordance),
        p_right_order=p_right_order(n, delta, discordance),
    )


def _check(delta: float, discordance: float) -> None:
    if not 0 <= delta <= discordance <= 1:
        raise FoursplitError(
            f"delta {delta:g}, discordance {discordance:g}: models that differ on a share of the "
            "examples differ in error by no more, so 0 <= delta <= discordance <= 1"
        )


def _sd(delta: float, discordance: float) -> float:
    """Give the standard deviation of one example's difference in loss."""
    return sqrt(max(0.0, discordance - delta**2))


def _normal_power(n: int, delta: float, discordance: float, alpha: float) -> float:
    # Whole numbers cost the exact test one pair on average: half for the step it must pass, and
    # half for the step at which it is next allowed to reject.
    limit = NORMAL.inv_cdf(1 - alpha / 2) * sqrt(n * discordance) + 1
    sd = _sd(delta, discordance) * sqrt(n)
    if sd == 0:
        return 1.0
    return NORMAL.cdf((n * delta - limit) / sd) + NORMAL.cdf((-n * delta - limit) / sd)


def _by_pairs(
    n: int, delta: float, discordance: float
) -> Iterator[tuple[float, np.ndarray, np.ndarray]]:
    """Give, for each likely number of pairs, its chance and that of every number of pairs won.

    First as if the models were equal, then as they are.
    """
    pairs, shares = _pairs(n, discordance)
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, pairs[-1] + 1)))])
    won = 0.5 + delta / (2 * discordance) if discordance else 0.5
    for m, share in zip(pairs, shares, strict=True):
        yield float(share), _binomial(int(m), 0.5, logs), _binomial(int(m), won, logs)


def _pairs(n: int, discordance: float) -> tuple[np.ndarray, np.ndarray]:
    """Give the likely numbers of discordant pairs among n examples, with their chances."""
    if discordance in (0.0, 1.0):
        return np.array([int(n * discordance)]), np.ones(1)
    mean, reach = n * discordance, 8 * sqrt(n * discordance) + 16
    m = np.arange(max(0, int(mean - reach)), min(n, int(mean + reach)) + 1)
    choose = lgamma(n + 1) - np.array([lgamma(i + 1) + lgamma(n - i + 1) for i in m.tolist()])
    chances = np.exp(choose + m * log(discordance) + (n - m) * log1p(-discordance))
    return m, chances / chances.sum()


def _binomial(m: int, p: float, logs: np.ndarray) -> np.ndarray:
    """Give the chance of 0, …, m successes; `logs` holds the logarithms of the factorials."""
    if p >= 1:
        return np.eye(1, m + 1, m)[0]
    i = np.arange(m + 1)
    return np.exp(logs[m] - logs[i] - logs[m - i] + i * log(p) + (m - i) * log1p(-p))


@cache
def _normal_table() -> tuple[np.ndarray, np.ndarray]:
    x = np.linspace(-10, 10, 8001)
    return x, np.array([NORMAL.cdf(value) for value in x.tolist()])
