"""Power of paired comparisons, and the number of examples that they need.

`discordance` is the share of examples on which exactly one of two models is right, and `delta` the
better model's gain: both are fractions of all examples, and the gain cannot exceed the discordance.
Source: Miettinen (1968), "The matched pairs design in the case of all-or-none responses"; Ng
(2018), Machine Learning Yearning, chapters 7 and 18.
"""

from dataclasses import asdict, dataclass
from math import ceil, log2, sqrt

import numpy as np
from scipy.special import bdtr, bdtrc, bdtrik, gammaln, ndtr, xlog1py, xlogy

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.decomposition.verdict import VerdictThresholds
from foursplit.diagnosis.stats.normal_power import NORMAL, difference_sd, normal_examples

READ_ERRORS = 100  # enough errors to see where they come from; the book's number

MAX_EXACT_PAIRS = 2_000  # discordant pairs; for more, the normal formula is within 0.002


@dataclass(frozen=True, slots=True, kw_only=True)
class RecommendedSizes:
    """Recommended numbers of examples, and what `n` dev examples show of the gain `delta`."""

    n: int
    delta: float
    dev: int
    eyeball: int
    train_dev: int
    power: float
    p_right_order: float

    def as_json(self) -> dict[str, int | float]:
        return asdict(self)


def required_examples(
    delta: float, discordance: float, *, power: float = 0.8, alpha: float = 0.05
) -> int:
    """Return the number of examples on which McNemar's two-sided test has the given power.

    The normal formula, but at least as many as the exact test needs to reject if one model wins
    every discordant pair (six pairs at the usual alpha).
    """
    _check(delta, discordance)
    if delta == 0:
        raise FoursplitError("delta 0: no number of examples shows a gain of zero")
    sweep = ceil(1 + log2(1 / alpha)) / discordance
    return ceil(max(normal_examples(delta, discordance, power, alpha), sweep) - 1e-9)


def mcnemar_power(n: int, delta: float, discordance: float, *, alpha: float = 0.05) -> float:
    """Return the power of McNemar's exact two-sided test on n examples."""
    _check(delta, discordance)
    if n * discordance > MAX_EXACT_PAIRS:
        return _normal_power(n, delta, discordance, alpha)
    pairs, chances = _pairs(n, discordance)
    p_win = _p_win(delta, discordance)
    most_losses = _largest_significant(pairs, alpha)  # of the worse model; -1: never significant
    is_possible, most = most_losses >= 0, np.maximum(most_losses, 0)
    tails = bdtr(most, pairs, p_win) + bdtr(most, pairs, 1 - p_win)
    return min(1.0, float(chances @ np.where(is_possible, tails, 0.0)))


def prob_correct_ranking(n: int, delta: float, discordance: float, *, ties: float = 0.5) -> float:
    """Return the probability that the better model scores better on n examples.

    A tie counts `ties`: one half, like a coin toss, or 0 to require a strict lead.
    """
    _check(delta, discordance)
    if discordance == 0:
        return ties
    if n * discordance > MAX_EXACT_PAIRS:
        sd = difference_sd(delta, discordance) * sqrt(n)
        lead = n * delta / sd if sd else float("inf")
        tie = NORMAL.pdf(lead) / sd if sd else 0.0  # leads are whole numbers, one apart
        return NORMAL.cdf(lead) + (ties - 0.5) * tie
    pairs, chances = _pairs(n, discordance)
    p_win = _p_win(delta, discordance)
    leads = bdtrc(pairs // 2, pairs, p_win)
    leads_or_ties = bdtrc((pairs - 1) // 2, pairs, p_win)
    return min(1.0, float(chances @ (leads + ties * (leads_or_ties - leads))))


def half_width(error: float, n: int, *, confidence: float = 0.95) -> float:
    """Return half the width of the normal interval of one error, for planning."""
    if not 0 <= error <= 1 or n < 1:
        raise FoursplitError(
            f"error {error:g} on {n} examples: needs an error from 0 to 1, and one example or more"
        )
    return NORMAL.inv_cdf(0.5 + confidence / 2) * sqrt(error * (1 - error) / n)


def eyeball_size(error: float) -> int:
    """Return the number of examples that holds 100 errors."""
    if error <= 0:
        raise FoursplitError(f"error {error:g}: without errors there is nothing to read")
    return ceil(READ_ERRORS / error - 1e-9)


def optimism_of_best(n_candidates: int, sd_difference: float) -> float:
    """Return how much better than it is the best of several equal candidates looks on dev.

    `sd_difference` is the standard deviation of the difference of two candidates' dev errors.  The
    candidates' errors are taken as normal and independent given what the examples share: the
    expected maximum of K standard normals times one candidate's own part, sd_difference / sqrt(2).
    """
    if n_candidates < 1 or sd_difference < 0:
        raise FoursplitError(
            f"{n_candidates} candidates, standard deviation {sd_difference:g}: needs one candidate "
            "or more, and a standard deviation of 0 or more"
        )
    x = np.linspace(0.0, 10.0, 4001)
    # E[max] is the integral over x > 0 of P(max > x) less P(max < -x).
    expected = np.trapezoid(1 - ndtr(x) ** n_candidates - ndtr(-x) ** n_candidates, x)
    return max(0.0, float(expected)) * sd_difference / sqrt(2)


def recommend_sizes(error: float, n: int, delta: float, discordance: float) -> RecommendedSizes:
    """Return recommended sizes for a dev set of `n` examples with this error.

    Dev: enough to show a gain of `delta`.  Eyeball: a subset of dev, at most all of it.  Train-dev:
    enough to see a relevant gap, and no more than dev, which is as noisy.
    """
    discordance = max(delta, discordance)  # a gain needs at least as much
    dev = required_examples(delta, discordance)
    most = max(n, dev)
    rate = max(error, 0.5 / (n + 1))  # no observed error is no error rate of zero
    worth = VerdictThresholds(min_gain=delta).threshold(error)
    train_dev = ceil((half_width(rate, 1) / worth) ** 2 - 1e-9)
    return RecommendedSizes(
        n=n,
        delta=delta,
        dev=dev,
        eyeball=min(eyeball_size(rate), most),
        train_dev=min(max(1, train_dev), most),
        power=mcnemar_power(n, delta, discordance),
        p_right_order=prob_correct_ranking(n, delta, discordance),
    )


def _check(delta: float, discordance: float) -> None:
    if not 0 <= delta <= discordance <= 1:
        raise FoursplitError(
            f"delta {delta:g}, discordance {discordance:g}: models that differ on a share of the "
            "examples differ in error by at most that: 0 <= delta <= discordance <= 1"
        )


def _normal_power(n: int, delta: float, discordance: float, alpha: float) -> float:
    # The discreteness of the exact test costs one pair on average: half for the step that it must
    # pass, and half for the next step at which it may reject.
    limit = NORMAL.inv_cdf(1 - alpha / 2) * sqrt(n * discordance) + 1
    sd = difference_sd(delta, discordance) * sqrt(n)
    if sd == 0:
        return 1.0
    return NORMAL.cdf((n * delta - limit) / sd) + NORMAL.cdf((-n * delta - limit) / sd)


def _p_win(delta: float, discordance: float) -> float:
    """Return the probability that the better model wins a discordant pair."""
    return 0.5 + delta / (2 * discordance) if discordance else 0.5


def _pairs(n: int, discordance: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the likely numbers of discordant pairs among n examples, and their probabilities."""
    mean, reach = n * discordance, 8 * sqrt(n * discordance) + 16
    m = np.arange(max(0, int(mean - reach)), min(n, int(mean + reach)) + 1)
    log_chances = gammaln(n + 1) - gammaln(m + 1) - gammaln(n - m + 1)
    log_chances += xlogy(m, discordance) + xlog1py(n - m, -discordance)
    chances = np.exp(log_chances)
    return m, chances / chances.sum()


def _largest_significant(pairs: np.ndarray, alpha: float) -> np.ndarray:
    """Return the largest number of losses of each number of pairs that is significant, else -1."""
    losses = np.ceil(np.nan_to_num(bdtrik(alpha / 2, pairs, 0.5)))
    return losses - (bdtr(losses, pairs, 0.5) > alpha / 2)
