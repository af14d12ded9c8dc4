"""Choose a winner: the best optimizing metric among those that meet every satisficing bound.

Source: Ng, DLS C3 W1 (single number metric; satisficing and optimizing metrics); Ng (2018), Machine
Learning Yearning, chapters 8-9.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A model with what it scores and what it costs."""

    key: str
    metric: float
    costs: Mapping[str, int | float | None]  # None: not known for this kind of model


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
    candidates: Sequence[Candidate], bounds: Mapping[str, int | float], direction: str
) -> dict[str, Any]:
    """Rank the candidates; the winner is None where no candidate meets every bound.

    Ties go to the smaller model, then to the earlier name.
    """
    sign = 1 if direction == "minimize" else -1

    def order(c: Candidate) -> tuple[float, int | float, str]:
        return sign * c.metric, c.costs.get("n_parameters") or 0, c.key

    ranked = sorted(candidates, key=lambda c: (bool(broken(c, bounds)), *order(c)))
    feasible = [c for c in ranked if not broken(c, bounds)]
    best = min(ranked, key=order) if ranked else None
    price = sign * (feasible[0].metric - best.metric) if feasible and best else None
    return {
        "winner": feasible[0].key if feasible else None,
        "price_of_bounds": price,  # metric given up to meet them
        "ranking": [
            {
                "key": c.key,
                "metric": c.metric,
                "costs": dict(c.costs),
                "meets_bounds": not broken(c, bounds),
                "broken": broken(c, bounds),
            }
            for c in ranked
        ],
    }
