"""Model selection: the best optimizing metric among models that meet every satisficing bound.

Models not significantly worse than the best are tied with it; the cheapest of them wins.

Source: Ng, DLS C3 W1 (single number metric; satisficing and optimizing metrics); Ng (2018), Machine
Learning Yearning, chapters 8-9; Hastie, Tibshirani and Friedman (2009), The Elements of Statistical
Learning, section 7.10 (the simplest model within noise of the best).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

from foursplit.core.errors import unknown_name
from foursplit.core.seeds import generator
from foursplit.diagnosis.prediction_table import PredictionTable
from foursplit.diagnosis.stats.paired_comparison import compare_models

SIGNS = {"minimize": 1, "maximize": -1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A model with its metric and its costs.

    `table` holds the metric of each dev example as `loss` (the mean over seeds).  Without it the
    model is never tied.
    """

    key: str
    metric: float
    costs: Mapping[str, int | float | None]  # None: not measured for this model
    table: PredictionTable | None = None
    seeds: Mapping[int, float] = field(default_factory=dict)  # metric by seed


@dataclass(frozen=True, slots=True, kw_only=True)
class TieRule:
    """A candidate is tied with the best if its probability of being better exceeds `above`."""

    above: float = 0.0  # 0: never; the best metric wins
    n_resamples: int = 2000
    seed: int = 1


NO_TIES = TieRule()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decision:
    best: Candidate  # by the metric alone
    tied: tuple[Candidate, ...]  # the best among them, cheapest first

    @property
    def winner(self) -> Candidate:
        return self.tied[0]


class _Ranker:
    """Ranks by metric and by cost, and caches comparisons of pairs."""

    def __init__(self, sign: int, cost: str, ties: TieRule) -> None:
        self.sign, self.cost, self.ties = sign, cost, ties
        self._p_better: dict[tuple[str, str], float | None] = {}

    def by_metric(self, c: Candidate) -> tuple[float, float, str]:
        return self.sign * c.metric, _cost(c, self.cost), c.key

    def by_cost(self, c: Candidate) -> tuple[float, float, str]:
        return _cost(c, self.cost), self.sign * c.metric, c.key

    def p_better(self, c: Candidate, best: Candidate) -> float | None:
        """Return the posterior probability that `c` is better than `best`."""
        if c is best or c.table is None or best.table is None:
            return None
        if (c.key, best.key) not in self._p_better:
            # Seeded by name, so that the other candidates change nothing.
            rng = generator("choice", self.ties.seed, best.key, c.key)
            first, second = (best, c) if self.sign > 0 else (c, best)
            assert first.table is not None and second.table is not None  # noqa: PT018, checked above
            comparison = compare_models(
                first.table,
                second.table,
                rng,
                n_resamples=self.ties.n_resamples,
                seeds=(first.seeds, second.seeds),
            )
            self._p_better[c.key, best.key] = comparison.p_b_better
        return self._p_better[c.key, best.key]

    def decide(self, feasible: Sequence[Candidate]) -> _Decision | None:
        if not feasible:
            return None
        best = min(feasible, key=self.by_metric)
        tied = [c for c in feasible if c is best or self._is_tied(c, best)]
        return _Decision(best=best, tied=tuple(sorted(tied, key=self.by_cost)))

    def _is_tied(self, c: Candidate, best: Candidate) -> bool:
        if self.ties.above == 0:
            return False
        p_better = self.p_better(c, best)
        return p_better is not None and p_better > self.ties.above


def violated_constraints(candidate: Candidate, bounds: Mapping[str, int | float]) -> list[str]:
    """Return messages on violated bounds; an unknown cost violates its bound."""
    messages = []
    for name, limit in bounds.items():
        cost = candidate.costs.get(name)
        if cost is None:
            messages.append(f"{name} is not known for this model (at most {limit:g} allowed)")
        elif cost > limit:
            messages.append(f"{name} {cost:g} exceeds {limit:g}")
    return messages


def select_model(
    candidates: Sequence[Candidate],
    bounds: Mapping[str, int | float],
    direction: str,
    ties: TieRule = NO_TIES,
) -> dict[str, Any]:
    """Return the ranking and the winner, which is None if no candidate meets every bound.

    `tied` lists the candidates tied with the `best` metric, cheapest first; the first wins.  Cost
    is that of the first bound, else `n_parameters`; then the metric and the name decide.  `prices`
    has the gain from relaxing each bound alone.
    """
    if direction not in SIGNS:
        raise unknown_name("direction", direction, SIGNS)
    ranker = _Ranker(SIGNS[direction], next(iter(bounds), "n_parameters"), ties)
    by_metric = sorted(candidates, key=ranker.by_metric)
    feasible = [c for c in by_metric if not violated_constraints(c, bounds)]
    decision = ranker.decide(feasible)
    ranked = [*feasible, *(c for c in by_metric if violated_constraints(c, bounds))]
    return {
        "winner": decision.winner.key if decision else None,
        "best": decision.best.key if decision else None,
        "tied": [c.key for c in decision.tied] if decision else [],
        "price_of_bounds": ranker.sign * (decision.best.metric - by_metric[0].metric)
        if decision
        else None,
        "prices": [_relaxed_bound(name, candidates, bounds, ranker, decision) for name in bounds],
        "ranking": [
            {
                "key": c.key,
                "metric": c.metric,
                "costs": dict(c.costs),
                "meets_bounds": not violated_constraints(c, bounds),
                "broken": violated_constraints(c, bounds),
                "p_better_than_best": ranker.p_better(c, decision.best) if decision else None,
            }
            for c in ranked
        ],
    }


def _relaxed_bound(
    bound: str,
    candidates: Sequence[Candidate],
    bounds: Mapping[str, int | float],
    ranker: _Ranker,
    decision: _Decision | None,
) -> dict[str, Any]:
    """Return the gain and the winner if one bound alone were relaxed.

    `metric` is the best metric then and `best` the model with it; the `winner` may be a cheaper one
    tied with it.  `gain` is 0 or more; None if no model meets the bounds, now or then.
    """
    others = {name: limit for name, limit in bounds.items() if name != bound}
    relaxed = ranker.decide([c for c in candidates if not violated_constraints(c, others)])
    if relaxed is None:
        return {"bound": bound, "winner": None, "best": None, "metric": None, "gain": None}
    return {
        "bound": bound,
        "winner": relaxed.winner.key,
        "best": relaxed.best.key,
        "metric": relaxed.best.metric,
        "gain": ranker.sign * (decision.best.metric - relaxed.best.metric) if decision else None,
    }


def _cost(candidate: Candidate, name: str) -> float:
    cost = candidate.costs.get(name)
    return inf if cost is None else float(cost)
