"""Posteriors of an error rate: rows with weights, and rows that come in groups.

Resampling knows only errors that were observed, so its intervals are too narrow where an error is
rare or weighs much.  A posterior under Jeffreys' prior is not.

Source: Brown, Cai and DasGupta (2001), "Interval estimation for a binomial proportion"; Fay and
Feuer (1997), "Confidence intervals for directly standardized rates"; Korn and Graubard (1998),
"Confidence intervals for proportions with small expected number of positive counts estimated from
survey data"; Williams (1975), the beta-binomial distribution of counts in litters.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from scipy.special import expit, gammaln, logit, stdtrit

MAX_TRIALS = 20  # answers of which a loss may be the share of wrong ones: a model's seeds

MAX_WEIGHT_CLASSES = 20  # distinct weights that get a posterior each

MAX_POSTERIOR_GROUPS = 500  # groups: for more the bootstrap holds, and the grid takes long

MIN_SANDWICH_GROUPS = 20  # from it on the spread between groups is known well enough

RATES, CORRELATIONS, ZOOMS = 40, 24, 3  # cells of the grid, and how often it closes in

NEGLIGIBLE = 1e-5  # of the largest mass of a row or column of the grid: left out

EQUAL = 1e-9  # relative difference of numbers that are equal but for rounding


def answers_per_row(loss: np.ndarray) -> int | None:
    """Return the fewest 0/1 answers whose mean each loss can be; None if losses are quantities."""
    for n in range(1, MAX_TRIALS + 1):
        for part in (loss[:100], loss):  # quantities are recognized by the first rows
            counts = part * n
            whole = np.rint(counts)
            if (np.abs(counts - whole) > EQUAL * n).any() or (whole < 0).any() or (whole > n).any():
                break
        else:
            return n
    return None


def jeffreys_posterior(
    errors: int | float, n: int | float, rng: np.random.Generator, n_resamples: int
) -> np.ndarray:
    """Draw error rates from the posterior of `errors` in n trials under Jeffreys' prior."""
    return rng.beta(errors + 0.5, n - errors + 0.5, n_resamples)


def row_posterior(
    loss: np.ndarray, weight: np.ndarray, rng: np.random.Generator, n_resamples: int
) -> np.ndarray:
    """Draw the weighted error rate of independent rows; losses are shares of wrong answers.

    Each distinct weight has a posterior of its own.  Jeffreys' half an error is divided among them
    such that rare rows with a large weight get most of it.  Where the weights do not balance the
    classes, the classes' shares are drawn too.  With many distinct weights, the effective sample
    size stands for n.
    """
    trials = _trials_per_row(loss)
    if (weight == weight[0]).all():
        n = len(loss) * trials
        return jeffreys_posterior(float(loss.sum()) * trials, n, rng, n_resamples)
    classes, code = np.unique(weight, return_inverse=True)
    if len(classes) > MAX_WEIGHT_CLASSES:
        n = _effective_size(loss, weight) * trials
        return jeffreys_posterior(float(np.average(loss, weights=weight)) * n, n, rng, n_resamples)
    n_rows = np.bincount(code).astype(np.float64)
    errors = np.bincount(code, weights=loss) * trials
    prior = 0.5 * classes * classes.max() / (classes @ classes)
    rates = rng.beta(errors + prior, n_rows * trials - errors + prior, (n_resamples, len(classes)))
    return np.asarray((rates * _shares(classes, n_rows, rng, n_resamples)).sum(axis=1))


def gain_posterior(
    gain: np.ndarray, weight: np.ndarray, rng: np.random.Generator, n_resamples: int
) -> np.ndarray:
    """Draw the weighted mean of paired gains on independent rows; a gain is a share from -1 to 1.

    Rows are won, lost or tied; the priors and shares are those of `row_posterior`.  Swapping the
    models mirrors the draws.
    """
    sign = -1 if float(weight @ gain) < 0 else 1
    size = np.abs(gain)
    trials = _trials_per_row(size)
    classes, code = np.unique(weight, return_inverse=True)
    if len(classes) > MAX_WEIGHT_CLASSES:
        n = _effective_size(size, weight) * trials
        classes, n_rows, scale = np.ones(1), np.array([n]), n / float(weight.sum())
        won, lost = (
            np.array([scale * (weight @ np.maximum(side * gain, 0.0))]) for side in (sign, -sign)
        )
        shares = np.ones(1)
    else:
        n_rows = np.bincount(code).astype(np.float64)
        shares = _shares(classes, n_rows, rng, n_resamples)
        won, lost = (
            np.bincount(code, weights=np.maximum(side * gain, 0.0)) * trials
            for side in (sign, -sign)
        )
        n_rows = n_rows * trials
    prior = 0.5 * classes * classes.max() / (classes @ classes)
    tied = np.maximum(n_rows - won - lost, 0.0)
    drawn = rng.standard_gamma(np.stack([won, lost, tied]) + prior, (n_resamples, 3, len(classes)))
    means = (drawn[:, 0] - drawn[:, 1]) / drawn.sum(axis=1)
    return np.asarray(sign * (means * shares).sum(axis=1))


def _trials_per_row(loss: np.ndarray) -> float:
    """Return how many independent 0/1 answers a row is worth: one, if its answers are alike.

    One answer that is wrong by half a chance is added, so that a few losses prove little.
    """
    return float((loss.sum() + 0.5) / ((loss**2).sum() + 0.5))


def _effective_size(loss: np.ndarray, weight: np.ndarray) -> float:
    """Return Korn and Graubard's effective sample size, at most Kish's."""
    kish = float(weight.sum() ** 2 / (weight @ weight))
    rate = float(np.average(loss, weights=weight))
    spread = float(((weight * (loss - rate)) ** 2).sum()) / float(weight.sum()) ** 2
    return min(kish, rate * (1 - rate) / spread) if spread > 0 else kish


def _shares(
    classes: np.ndarray, n_rows: np.ndarray, rng: np.random.Generator, n_resamples: int
) -> np.ndarray:
    """Return each class's share of the weight, drawn unless the weights balance the classes."""
    mass = classes * n_rows
    if np.ptp(mass) <= 1e-6 * mass.max():  # weights were computed from these very rows
        return np.asarray(mass / mass.sum())
    drawn = rng.standard_gamma(n_rows, (n_resamples, len(classes))) * classes
    return np.asarray(drawn / drawn.sum(axis=1, keepdims=True))


def group_posterior(
    loss: np.ndarray,
    weight: np.ndarray,
    code: np.ndarray,
    rng: np.random.Generator,
    n_resamples: int,
    confidence: float,
) -> np.ndarray:
    """Draw the weighted error rate of rows in groups, numbered by `code`.

    Counts by group are beta-binomial: the posterior is over the rate and the correlation within
    groups, so a few groups that happen to have few errors do not claim that all have.  The model
    gives the spread; the centre stays the observed rate, and from MIN_SANDWICH_GROUPS groups on the
    interval is no narrower than the spread between groups says.
    """
    scale = float(weight.sum() / (weight @ weight)) * _trials_per_row(loss)
    sums = np.bincount(code, weights=weight * loss)
    sizes = np.bincount(code, weights=weight)
    value = float(sums.sum() / sizes.sum())
    posterior = _beta_binomial(sums * scale, sizes * scale)
    draws = posterior.draw_rates(rng, n_resamples)
    if 0 < value < 1:
        centre = _model_centre(sums, sizes, scale, posterior.correlation)
        draws = expit(logit(draws) + logit(value) - logit(centre))
        if len(sums) >= MIN_SANDWICH_GROUPS:
            draws = _at_least_as_wide(draws, value, sums, sizes, confidence)
    return np.asarray(draws)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grid:
    """A posterior over the rate (rows) and the correlation within groups (columns)."""

    mass: np.ndarray  # (rate, correlation), sums to 1
    edges: np.ndarray  # of the cells of rates, on the axis of `_rate`
    correlations: np.ndarray

    def draw_rates(self, rng: np.random.Generator, n: int) -> np.ndarray:
        cells = rng.choice(len(self.mass), n, p=self.mass.sum(axis=1))
        width = self.edges[1] - self.edges[0]
        return _rate(self.edges[cells] + width * rng.random(n))

    @property
    def correlation(self) -> float:
        """Return the mean correlation within groups."""
        return float(self.mass.sum(axis=0) @ self.correlations)


def _rate(position: np.ndarray) -> np.ndarray:
    """Return the rate at a position from 0 to 1; Jeffreys' prior is uniform over positions."""
    return np.asarray(np.sin(position * np.pi / 2) ** 2)


def _beta_binomial(errors: np.ndarray, n: np.ndarray) -> _Grid:
    """Return the posterior of the counts by group on a grid, which closes in on its mass."""
    pairs, times = np.unique(np.stack([errors, n], axis=1).round(9), axis=0, return_counts=True)
    rate_span = correlation_span = (0.0, 1.0)
    for _ in range(ZOOMS):
        edges, correlation_edges = (
            np.linspace(*rate_span, RATES + 1),
            np.linspace(*correlation_span, CORRELATIONS + 1),
        )
        correlations = _middles(correlation_edges) ** 2  # finer near 0
        log_posterior = _log_likelihood(pairs, times, _rate(_middles(edges)), correlations)
        mass = np.exp(log_posterior - log_posterior.max())
        rate_span = _span(edges, mass.sum(axis=1))
        correlation_span = _span(correlation_edges, mass.sum(axis=0))
    return _Grid(mass=mass / mass.sum(), edges=edges, correlations=correlations)


def _log_likelihood(
    pairs: np.ndarray, times: np.ndarray, rates: np.ndarray, correlations: np.ndarray
) -> np.ndarray:
    """Return the (rate, correlation) log-likelihood of pairs of errors and size, each `times`."""
    precision = 1 / correlations - 1
    a, b = rates[:, None] * precision, (1 - rates[:, None]) * precision
    total = times.sum() * (gammaln(precision) - gammaln(a) - gammaln(b))
    for (errors, size), count in zip(pairs.tolist(), times.tolist(), strict=True):
        ends = gammaln(errors + a) + gammaln(max(0.0, size - errors) + b)
        total += count * (ends - gammaln(size + precision))
    return np.asarray(total)


def _middles(edges: np.ndarray) -> np.ndarray:
    return np.asarray((edges[1:] + edges[:-1]) / 2)


def _span(edges: np.ndarray, mass: np.ndarray) -> tuple[float, float]:
    """Return the ends of the cells that matter, and of one more on each side."""
    cells = np.flatnonzero(mass > NEGLIGIBLE * mass.max())
    first, last = max(0, cells[0] - 1), min(len(mass) - 1, cells[-1] + 1)
    return float(edges[first]), float(edges[last + 1])


def _model_centre(sums: np.ndarray, sizes: np.ndarray, scale: float, within: float) -> float:
    """Return the rate at which the model centres: large groups count less than by their rows."""
    counts = 1 / (1 + np.maximum(sizes * scale - 1, 0.0) * within)
    rate = float((counts * sums).sum() / (counts * sizes).sum())
    return min(max(rate, EQUAL), 1 - EQUAL)


def _at_least_as_wide(
    draws: np.ndarray, value: float, sums: np.ndarray, sizes: np.ndarray, confidence: float
) -> np.ndarray:
    n = len(sums)
    residual = sums - value * sizes
    error = float(np.sqrt(n / (n - 1) * (residual @ residual)) / sizes.sum())
    tail = 0.5 + confidence / 2
    error *= float(stdtrit(n - 1, tail)) / NormalDist().inv_cdf(tail)
    spread = float(draws.std())
    if spread >= error:
        return draws
    return np.clip(value + (draws - value) * error / spread, 0.0, 1.0)
