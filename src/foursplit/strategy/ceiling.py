"""How much better a system would be if a part of it were perfect, and how sure that is.

Source: Ng, CS229 (2011), advice on applying machine learning (ceiling analysis); Ng (2018), Machine
Learning Yearning, chapters 44-46 and 53-57; Shapley (1953), A Value for n-Person Games.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from math import factorial
from typing import Any

import numpy as np

from foursplit.core.errors import Refusal
from foursplit.strategy.bootstrap import CELLS, MANY, Estimate, estimate, interval, widening
from foursplit.strategy.verdict import SLACK

Metric = Callable[[np.ndarray, np.ndarray], float]
"""Maps (example, ...) losses and (example,) weights to an error: lower is better."""

LEAST = 3  # groups: from fewer, no interval is read


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How often to draw, and how sure an interval shall be."""

    resamples: int = 1000
    confidence: float = 0.95


USUAL = Sampling()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceiling:
    """The error that would go; no interval where groups are too few."""

    value: float
    lo: float | None
    hi: float | None
    before: float
    after: float
    n: int
    n_groups: int

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One part of a pipeline: what making it perfect gives."""

    component: str
    cumulative: Ceiling  # once all to its left are perfect
    shapley: Ceiling | None  # mean over all orders; the values sum to the whole gain
    missing: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "component": self.component,
            "cumulative": self.cumulative.as_json(),
            "shapley": None if self.shapley is None else self.shapley.as_json(),
            "missing": self.missing or None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """Each error's one component."""

    counts: Mapping[str, int]
    shares: Mapping[str, float]  # of the errors
    of_example: tuple[str, ...]  # empty text: no error

    def as_json(self) -> dict[str, Any]:
        return {"counts": dict(self.counts), "shares": dict(self.shares)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Blame:
    """How many errors lie with the first of two kinds of cause, such as search and objective."""

    kinds: tuple[str, str]
    share: Estimate  # of the errors, that lie with the first
    gain_of_first: float  # error that would go if it were perfect
    gain_of_second: float
    work_on: str | None  # None: the interval holds one half

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "kinds": list(self.kinds), "share": self.share.as_json()}


def mean(losses: np.ndarray, weight: np.ndarray) -> float:
    return float(np.average(losses, weights=weight))


def ceiling(
    metric: Metric, prediction_losses: np.ndarray, fixed_losses: np.ndarray, groups: np.ndarray,
    rng: np.random.Generator, sampling: Sampling = USUAL,
) -> Ceiling:  # fmt: skip
    """Say how far an error falls where a part's answers are replaced by the truth.

    Both are drawn with the same groups, so what they share cancels.
    """
    drawn = _draw(metric, [prediction_losses, fixed_losses], groups, rng, sampling)
    return _ceiling(drawn, np.array([1.0, -1.0]), (0, 1), sampling)


def components(
    losses: Mapping[frozenset[str], np.ndarray], order: Sequence[str], groups: np.ndarray,
    rng: np.random.Generator, sampling: Sampling = USUAL, metric: Metric = mean,
) -> list[Component]:  # fmt: skip
    """Walk a pipeline from left to right, and share its gain fairly over orders.

    `losses` gives (example,) losses by which components had perfect output.  The walk needs every
    beginning of `order`; the Shapley values need every set.
    """
    steps = [frozenset(order[:k]) for k in range(len(order) + 1)]
    _require(losses, steps)
    sets = [*steps, *(s for s in _subsets(order) if s in losses and s not in steps)]
    place = {fixed: k for k, fixed in enumerate(sets)}
    lacking = [s for s in _subsets(order) if s not in losses]
    drawn = _draw(metric, [losses[s] for s in sets], groups, rng, sampling)
    found = []
    for k, name in enumerate(order):
        step = np.zeros(len(sets))
        step[[k, k + 1]] = 1.0, -1.0
        fair = None if lacking else _shapley(name, order, place)
        found.append(
            Component(
                component=name,
                cumulative=_ceiling(drawn, step, (k, k + 1), sampling),
                shapley=None if fair is None else _ceiling(drawn, fair, (0, len(order)), sampling),
                missing=f"run with perfect {_text(lacking[0])}" if lacking else "",
            )
        )
    return found


def attribute(losses: Mapping[frozenset[str], np.ndarray], order: Sequence[str]) -> Attribution:
    """Give each error to the first component whose perfect output puts it right, else the last."""
    _require(losses, [frozenset(), *(frozenset({name}) for name in order[:-1])])
    is_error = losses[frozenset()] > 0
    of_example = np.where(is_error, order[-1], "").astype(object)
    for name in reversed(order[:-1]):
        of_example[is_error & (losses[frozenset({name})] <= 0)] = name
    counts = {name: int((of_example == name).sum()) for name in order}
    total = max(1, int(is_error.sum()))
    return Attribution(
        counts=counts,
        shares={name: count / total for name, count in counts.items()},
        of_example=tuple(of_example),
    )


def search_or_objective(
    truth_score: np.ndarray, output_score: np.ndarray, error: float, groups: np.ndarray,
    rng: np.random.Generator, sampling: Sampling = USUAL,
) -> Blame:  # fmt: skip
    """Blame the search where the truth scores above the answer it found, else the score itself.

    The scores are of errors alone; `error` is the error rate they make up.
    """
    share = _share_above(truth_score, output_score, groups, rng, sampling)
    return _blame(share, error, ("search", "objective"))


def reinforcement(
    human_return: np.ndarray, learnt_return: np.ndarray, groups: np.ndarray,
    rng: np.random.Generator, sampling: Sampling = USUAL,
) -> Blame:  # fmt: skip
    """Blame the algorithm where the reward rates people above it, else the reward.

    The trials are those in which people did better by the eye; one trial is no sure verdict.
    """
    share = _share_above(human_return, learnt_return, groups, rng, sampling)
    return _blame(share, 1.0, ("algorithm", "reward"))


def error_types(
    losses: np.ndarray, fixed: Mapping[str, np.ndarray], groups: np.ndarray,
    rng: np.random.Generator, sampling: Sampling = USUAL, metric: Metric = mean,
) -> dict[str, Ceiling]:  # fmt: skip
    """Give each type's own ceiling, largest first; fixing two need not give the sum.

    Source: Bolya, Foley, Hays and Hoffman (2020), TIDE: A General Toolbox for Identifying Object
    Detection Errors.
    """
    names = sorted(fixed)
    drawn = _draw(metric, [losses, *(fixed[name] for name in names)], groups, rng, sampling)
    found = {}
    for k, name in enumerate(names, start=1):
        step = np.zeros(len(names) + 1)
        step[[0, k]] = 1.0, -1.0
        found[name] = _ceiling(drawn, step, (0, k), sampling)
    return dict(sorted(found.items(), key=lambda pair: -pair[1].value))


def _share_above(
    wanted: np.ndarray, got: np.ndarray, groups: np.ndarray, rng: np.random.Generator,
    sampling: Sampling,
) -> Estimate:  # fmt: skip
    if len(wanted) == 0:
        raise Refusal("no errors were given: there is nothing to blame")
    above = (wanted > got).astype(np.float64)  # of equal scores no search can tell the better
    return estimate(
        above, np.ones(len(above)), groups, rng,
        resamples=sampling.resamples, confidence=sampling.confidence,
    )  # fmt: skip


def _blame(share: Estimate, error: float, words: tuple[str, str]) -> Blame:
    return Blame(
        share=share,
        gain_of_first=share.value * error,
        gain_of_second=(1 - share.value) * error,
        kinds=words,
        work_on=words[0] if share.lo > 0.5 else words[1] if share.hi < 0.5 else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    """A metric of several systems on the same examples, and on the same draws of their groups."""

    values: np.ndarray  # (system,)
    draws: np.ndarray  # (draw, system)
    n: int
    n_groups: int


def _draw(
    metric: Metric, systems: Sequence[np.ndarray], groups: np.ndarray, rng: np.random.Generator,
    sampling: Sampling,
) -> _Drawn:  # fmt: skip
    systems = [np.asarray(losses, dtype=np.float64) for losses in systems]
    sizes = {len(groups), *(len(losses) for losses in systems)}
    if len(sizes) != 1 or 0 in sizes:
        raise Refusal(f"losses and groups must be of the same examples: there are {sorted(sizes)}")
    names, code = np.unique(groups, return_inverse=True)
    ones = np.ones(len(code))
    values = np.array([metric(losses, ones) for losses in systems])
    n, rows = len(names), []
    if metric is mean and n >= MANY:
        draws = _normal(values, systems, code, rng, sampling.resamples)
        return _Drawn(values=values, draws=draws, n=len(code), n_groups=n)
    step = max(1, CELLS // n)
    for start in range(0, sampling.resamples, step):
        size = min(step, sampling.resamples - start)
        counts = rng.multinomial(n, np.full(n, 1 / n), size=size).astype(np.float64)
        rows.append(_metrics(metric, systems, code, counts))
    return _Drawn(values=values, draws=np.concatenate(rows), n=len(code), n_groups=n)


def _normal(
    values: np.ndarray, systems: Sequence[np.ndarray], code: np.ndarray,
    rng: np.random.Generator, resamples: int,
) -> np.ndarray:  # fmt: skip
    """Draw (draw, system) means as jointly normal, which those of very many groups are."""
    sizes = np.bincount(code)
    sums = np.stack([np.bincount(code, weights=losses) for losses in systems], axis=1)
    residual = (sums - sizes[:, None] * values) / len(code)  # (group, system)
    return np.asarray(rng.multivariate_normal(values, residual.T @ residual, resamples))


def _metrics(
    metric: Metric, systems: Sequence[np.ndarray], code: np.ndarray, counts: np.ndarray
) -> np.ndarray:
    """Give (draw, system) metrics; a mean is had from the groups' sums at once."""
    if metric is not mean:
        return np.array([[metric(losses, count[code]) for losses in systems] for count in counts])
    sums = np.stack([np.bincount(code, weights=losses) for losses in systems], axis=1)
    return np.asarray((counts @ sums) / (counts @ np.bincount(code))[:, None])


def _ceiling(
    drawn: _Drawn, weights: np.ndarray, ends: tuple[int, int], sampling: Sampling
) -> Ceiling:
    """Read a combination of the systems' metrics; `ends` name what it leads from and to."""
    value = float(drawn.values @ weights)
    lo = hi = None
    if drawn.n_groups >= LEAST:
        draws = drawn.draws @ weights
        # Few groups: as with a single error, percentiles alone would be too narrow.
        wide = value + (draws - value) * widening(drawn.n_groups, sampling.confidence)
        lo, hi = interval(wide, sampling.confidence)
        if np.ptp(draws) < SLACK and abs(value) < SLACK:  # no change in n groups is no certainty
            hi = 1 - (1 - sampling.confidence) ** (1 / drawn.n_groups)
        lo, hi = min(lo, value), max(hi, value)
    return Ceiling(
        value=value, lo=lo, hi=hi, before=float(drawn.values[ends[0]]),
        after=float(drawn.values[ends[1]]), n=drawn.n, n_groups=drawn.n_groups,
    )  # fmt: skip


def _shapley(name: str, order: Sequence[str], place: Mapping[frozenset[str], int]) -> np.ndarray:
    """Weigh what `name` adds to every set of the others by how many orders it follows them in."""
    weights = np.zeros(len(place))
    for others in _subsets([other for other in order if other != name]):
        before = len(others)
        orders = factorial(before) * factorial(len(order) - before - 1) / factorial(len(order))
        weights[place[others]] += orders
        weights[place[others | {name}]] -= orders
    return weights


def _subsets(names: Sequence[str]) -> list[frozenset[str]]:
    return [frozenset(c) for k in range(len(names) + 1) for c in combinations(names, k)]


def _require(losses: Mapping[frozenset[str], np.ndarray], wanted: Sequence[frozenset[str]]) -> None:
    lacking = [_text(fixed) for fixed in wanted if fixed not in losses]
    if lacking:
        raise Refusal(f"losses are missing with perfect {'; '.join(lacking)}")


def _text(fixed: frozenset[str]) -> str:
    return " and ".join(sorted(fixed)) or "nothing (the system as it is)"
