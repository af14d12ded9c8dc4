"""Model selection: the best optimizing metric among models that meet every satisficing bound.

A cheaper model takes the place of the best only if dev shows that it is worse by no more than a
margin.  A lead that may be chance is no such evidence: the smaller dev, the worse the model that
would win as "not significantly worse".

Source: Ng, DLS C3 W1 (single number metric; satisficing and optimizing metrics); Ng (2018), Machine
Learning Yearning, chapters 8-9; Tango (1998) on non-inferiority.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import inf
from typing import Any

import numpy as np

from foursplit.core.errors import unknown_name
from foursplit.core.seeds import generator
from foursplit.diagnosis.metrics.chosen import ChosenMetric
from foursplit.diagnosis.metrics.compare import compare_metric
from foursplit.diagnosis.prediction_table import PredictionTable
from foursplit.diagnosis.stats.bootstrap import Sampling
from foursplit.diagnosis.stats.non_inferiority import largest_difference, pair_tables
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
    tables: Mapping[int, PredictionTable] = field(
        default_factory=dict
    )  # of each seed, for a metric of whole tables
    seeds: Mapping[int, float] = field(default_factory=dict)  # metric by seed
    failed_seeds: tuple[str, ...] = ()  # train error far above that of the others


@dataclass(frozen=True, slots=True, kw_only=True)
class TieRule:
    """A candidate is tied with the best if it is shown to be worse by no more than `margin`.

    `alpha` is the probability of showing this of a candidate that is worse by more.  With a
    `price` there are no ties: the lowest expected loss wins.
    """

    margin: float = 0.0
    alpha: float = 0.0  # 0: never; the best metric wins
    confidence: float = 0.95  # of the interval of a difference
    n_resamples: int = 2000
    seed: int = 1
    price: Mapping[str, float] = field(default_factory=dict)  # of the metric, for a unit of cost
    metric: ChosenMetric | None = None  # of whole tables; None: the mean loss of the tables


NO_TIES = TieRule()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """By how much a candidate's metric is worse than the best, on the same examples.

    `at_most` is a one-sided bound at confidence 1 - alpha; None if alpha is 0 or there is no bound.
    """

    value: float
    lo: float
    hi: float
    at_most: float | None
    significant: bool

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


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
        self._shortfalls: dict[tuple[str, str], Shortfall | None] = {}

    def by_metric(self, c: Candidate) -> tuple[float, bool, float, str]:
        return self.sign * c.metric, bool(c.failed_seeds), _cost(c, self.cost), c.key

    def by_cost(self, c: Candidate) -> tuple[bool, float, float, str]:
        return bool(c.failed_seeds), _cost(c, self.cost), self.sign * c.metric, c.key

    def shortfall(self, c: Candidate, best: Candidate) -> Shortfall | None:
        """Return by how much `c` is worse than `best`; None without tables or for the best."""
        if c is best or c.table is None or best.table is None:
            return None
        if (c.key, best.key) not in self._shortfalls:
            self._shortfalls[c.key, best.key] = self._compare(c, c.table, best, best.table)
        return self._shortfalls[c.key, best.key]

    def _compare(
        self, c: Candidate, table: PredictionTable, best: Candidate, best_table: PredictionTable
    ) -> Shortfall:
        # Seeded by name, so that the other candidates change nothing.
        rng = generator("choice", self.ties.seed, best.key, c.key)
        if self.ties.metric is not None:
            return self._compare_metric(c, best, self.ties.metric, rng)
        first, second = ((table, c), (best_table, best))[:: self.sign]
        comparison = compare_models(
            first[0],
            second[0],
            rng,
            n_resamples=self.ties.n_resamples,
            confidence=self.ties.confidence,
            seeds=(first[1].seeds, second[1].seeds),
        )
        at_most = inf
        if self.ties.alpha > 0:
            pair = pair_tables(best_table, table, self.sign)
            by_seed = [tuple(model.seeds.values()) for model in (c, best)]
            at_most = largest_difference(pair, self.ties.alpha, by_seed)
        return Shortfall(
            value=comparison.delta,
            lo=comparison.lo,
            hi=comparison.hi,
            at_most=None if at_most == inf else at_most,
            significant=comparison.lo > 0,
        )

    def expected_loss(self, c: Candidate) -> float:
        """Return the metric, lower is better, plus the price of all costs; unknown is infinite.

        The metric on dev is the mean of what is expected, and costs are known, so it is linear.
        """
        priced = [price * _cost(c, name) for name, price in self.ties.price.items() if price]
        return self.sign * c.metric + sum(priced)

    def _compare_metric(
        self, c: Candidate, best: Candidate, metric: ChosenMetric, rng: np.random.Generator
    ) -> Shortfall:
        found = compare_metric(
            metric,
            c.tables,
            best.tables,
            rng,
            Sampling(n_resamples=self.ties.n_resamples, confidence=self.ties.confidence),
            as_error=False,
        )
        worse, alpha = found.comparison, self.ties.alpha
        return Shortfall(
            value=worse.delta,
            lo=worse.lo,
            hi=worse.hi,
            at_most=worse.delta + found.half_width(alpha) if alpha > 0 else None,
            significant=worse.lo > 0,
        )

    def decide(self, feasible: Sequence[Candidate]) -> _Decision | None:
        if not feasible:
            return None
        best = min(feasible, key=self.by_metric)
        if self.ties.price:
            ranked = [(bool(c.failed_seeds), self.expected_loss(c), c.key, c) for c in feasible]
            winner = min(ranked, key=lambda row: row[:3])[-1]
            return _Decision(best=best, tied=(winner,))
        tied = [c for c in feasible if c is best or self._is_tied(c, best)]
        return _Decision(best=best, tied=tuple(sorted(tied, key=self.by_cost)))

    def _is_tied(self, c: Candidate, best: Candidate) -> bool:
        shortfall = self.shortfall(c, best)
        if shortfall is None or shortfall.at_most is None:
            return False
        return shortfall.at_most <= self.ties.margin


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
    is that of the first bound, else `n_parameters`; then the metric and the name decide.  One with
    a failed seed comes last among the tied, and among equal metrics.  `not_distinguished` lists
    those that are not significantly worse than the best.  With a price of costs the winner is the
    one with the lowest `expected_loss`, alone in `tied`.  `prices` has the gain from relaxing each
    bound alone.
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
        "not_distinguished": _not_distinguished(feasible, decision, ranker),
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
                "worse_than_best": _as_json(
                    ranker.shortfall(c, decision.best) if decision else None
                ),
                "failed_seeds": list(c.failed_seeds),
                **({"expected_loss": ranker.expected_loss(c)} if ties.price else {}),
            }
            for c in ranked
        ],
    }


def _not_distinguished(
    feasible: Sequence[Candidate], decision: _Decision | None, ranker: _Ranker
) -> list[str]:
    if decision is None:
        return []
    shortfalls = {c.key: ranker.shortfall(c, decision.best) for c in feasible}
    return [key for key, found in shortfalls.items() if found and not found.significant]


def _as_json(found: Shortfall | None) -> dict[str, Any] | None:
    return None if found is None else found.as_json()


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
