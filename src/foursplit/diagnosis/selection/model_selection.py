"""Choose a winner: the best optimizing metric among those that meet every satisficing bound.

What the examples cannot tell from the best is tied with it, and the cheapest of the tied wins.

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
from foursplit.diagnosis.prediction_table import Table
from foursplit.diagnosis.stats.paired_comparison import compare

SIGNS = {"minimize": 1, "maximize": -1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A model with what it scores and what it costs.

    `table` holds the metric's value on each dev example as `loss` (over several seeds, the mean);
    without it nothing can be said of ties.
    """

    key: str
    metric: float
    costs: Mapping[str, int | float | None]  # None: not known for this kind of model
    table: Table | None = None
    seeds: Mapping[int, float] = field(default_factory=dict)  # the metric from each of several


@dataclass(frozen=True, slots=True, kw_only=True)
class Ties:
    """When a candidate is tied with the best: its chance to be truly better exceeds `above`."""

    above: float = 0.0  # 0: never, the best number wins
    resamples: int = 2000
    seed: int = 1


NEVER = Ties()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decision:
    best: Candidate  # by the number alone
    tied: tuple[Candidate, ...]  # the best among them, cheapest first

    @property
    def winner(self) -> Candidate:
        return self.tied[0]


class _Judge:
    """Ranks by number and by cost, and remembers each pair that was compared."""

    def __init__(self, sign: int, cost: str, ties: Ties) -> None:
        self.sign, self.cost, self.ties = sign, cost, ties
        self._chances: dict[tuple[str, str], float | None] = {}

    def by_number(self, c: Candidate) -> tuple[float, float, str]:
        return self.sign * c.metric, _cost(c, self.cost), c.key

    def by_cost(self, c: Candidate) -> tuple[float, float, str]:
        return _cost(c, self.cost), self.sign * c.metric, c.key

    def chance(self, c: Candidate, best: Candidate) -> float | None:
        """Give the chance, given the examples, that `c` is truly better than `best`."""
        if c is best or c.table is None or best.table is None:
            return None
        if (c.key, best.key) not in self._chances:
            # Drawn by name, so that who else is a candidate changes nothing.
            rng = generator("choice", self.ties.seed, best.key, c.key)
            first, second = (best, c) if self.sign > 0 else (c, best)
            assert first.table is not None and second.table is not None  # noqa: PT018, asked above
            found = compare(
                first.table, second.table, rng,
                resamples=self.ties.resamples, seeds=(first.seeds, second.seeds),
            )  # fmt: skip
            self._chances[c.key, best.key] = found.p_b_better
        return self._chances[c.key, best.key]

    def decide(self, able: Sequence[Candidate]) -> _Decision | None:
        if not able:
            return None
        best = min(able, key=self.by_number)
        tied = [c for c in able if c is best or self._is_tied(c, best)]
        return _Decision(best=best, tied=tuple(sorted(tied, key=self.by_cost)))

    def _is_tied(self, c: Candidate, best: Candidate) -> bool:
        if self.ties.above == 0:
            return False
        chance = self.chance(c, best)
        return chance is not None and chance > self.ties.above


def broken(candidate: Candidate, bounds: Mapping[str, int | float]) -> list[str]:
    """Say which bounds a candidate does not meet; an unknown cost meets none."""
    lines = []
    for name, limit in bounds.items():
        cost = candidate.costs.get(name)
        if cost is None:
            lines.append(f"{name} is not known for this model (at most {limit:g} allowed)")
        elif cost > limit:
            lines.append(f"{name} {cost:g} exceeds {limit:g}")
    return lines


def choose(
    candidates: Sequence[Candidate],
    bounds: Mapping[str, int | float],
    direction: str,
    ties: Ties = NEVER,
) -> dict[str, Any]:
    """Rank the candidates; the winner is None where no candidate meets every bound.

    `tied` lists those that the examples cannot tell from the `best` number, the cheapest first,
    which wins: by the cost that the first bound is on, else `n_parameters`; then by the metric,
    then by name.  `prices` says of each bound what relaxing it alone would gain.
    """
    if direction not in SIGNS:
        raise unknown_name("direction", direction, SIGNS)
    judge = _Judge(SIGNS[direction], next(iter(bounds), "n_parameters"), ties)
    by_number = sorted(candidates, key=judge.by_number)
    able = [c for c in by_number if not broken(c, bounds)]
    made = judge.decide(able)
    ranked = [*able, *(c for c in by_number if broken(c, bounds))]
    return {
        "winner": made.winner.key if made else None,
        "best": made.best.key if made else None,
        "tied": [c.key for c in made.tied] if made else [],
        "price_of_bounds": judge.sign * (made.best.metric - by_number[0].metric) if made else None,
        "prices": [_price(name, candidates, bounds, judge, made) for name in bounds],
        "ranking": [
            {
                "key": c.key,
                "metric": c.metric,
                "costs": dict(c.costs),
                "meets_bounds": not broken(c, bounds),
                "broken": broken(c, bounds),
                "p_better_than_best": judge.chance(c, made.best) if made else None,
            }
            for c in ranked
        ],
    }


def _price(
    bound: str,
    candidates: Sequence[Candidate],
    bounds: Mapping[str, int | float],
    judge: _Judge,
    made: _Decision | None,
) -> dict[str, Any]:
    """Say what would be gained, and who would win, if one bound alone were relaxed.

    `metric` is the best number then and `best` has it; the `winner` may be a cheaper one tied with
    it.  `gain` is 0 or more; None where nothing meets the bounds now, or would.
    """
    others = {name: limit for name, limit in bounds.items() if name != bound}
    relaxed = judge.decide([c for c in candidates if not broken(c, others)])
    if relaxed is None:
        return {"bound": bound, "winner": None, "best": None, "metric": None, "gain": None}
    return {
        "bound": bound,
        "winner": relaxed.winner.key,
        "best": relaxed.best.key,
        "metric": relaxed.best.metric,
        "gain": judge.sign * (made.best.metric - relaxed.best.metric) if made else None,
    }


def _cost(candidate: Candidate, name: str) -> float:
    cost = candidate.costs.get(name)
    return inf if cost is None else float(cost)
