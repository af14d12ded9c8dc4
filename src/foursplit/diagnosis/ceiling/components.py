"""What each part of a pipeline would give if it were perfect, and which part each error is due to.

Source: Ng, CS229 (2011), advice on applying machine learning (ceiling analysis); Ng (2018), Machine
Learning Yearning, chapters 53-57; Shapley (1953), A Value for n-Person Games.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import factorial
from typing import Any

import numpy as np

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.ceiling.bootstrap import (
    USUAL,
    Ceiling,
    Drawn,
    Metric,
    Sampling,
    combine,
    draw,
    mean,
)

MOST = 8  # parts whose every set is asked for: of nine that would be 512 runs of the system


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One part of a pipeline: what making it perfect gives; None where it was not measured."""

    component: str
    alone: Ceiling | None
    cumulative: Ceiling | None  # once all to its left are perfect
    shapley: Ceiling | None  # mean over all orders; the values sum to the whole gain
    missing: tuple[tuple[str, ...], ...] = ()  # parts to make perfect together, that would tell

    @property
    def gain(self) -> float | None:
        """Give what the part takes off the error in the pipeline's order, or else alone."""
        found = self.cumulative or self.alone
        return None if found is None else found.value

    def as_json(self) -> dict[str, Any]:
        ceilings = {"alone": self.alone, "cumulative": self.cumulative, "shapley": self.shapley}
        return {
            "component": self.component,
            **{name: None if one is None else one.as_json() for name, one in ceilings.items()},
            "missing": [f"run with perfect {_text(parts)}" for parts in self.missing],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """Each error's one component."""

    counts: Mapping[str, int]
    shares: Mapping[str, float]  # of the errors
    of_example: tuple[str, ...]  # empty text: no error

    def as_json(self) -> dict[str, Any]:
        return {"counts": dict(self.counts), "shares": dict(self.shares)}


def components(
    losses: Mapping[frozenset[str], np.ndarray], order: Sequence[str], groups: np.ndarray,
    rng: np.random.Generator, sampling: Sampling = USUAL, metric: Metric = mean,
) -> list[Component]:  # fmt: skip
    """Walk a pipeline from left to right, and share its gain fairly over orders.

    `losses` gives (example,) losses by which components had perfect output; those of the system as
    it is are needed.  The walk needs every beginning of `order`; the Shapley values need every set.
    """
    _require(losses, [frozenset()])
    sets = sorted(losses, key=lambda fixed: (len(fixed), sorted(fixed)))
    place = {fixed: k for k, fixed in enumerate(sets)}
    drawn = draw(metric, [losses[s] for s in sets], groups, rng, sampling)
    small = len(order) <= MOST
    lacking = [s for s in _subsets(order) if s not in losses] if small else []
    found = []
    for k, name in enumerate(order):
        left, here = frozenset(order[:k]), frozenset(order[: k + 1])
        walk = [s for s in (left, here) if s not in losses]
        fair = None if lacking or not small else _shapley(name, order, place)
        found.append(
            Component(
                component=name,
                alone=_step(drawn, place, frozenset(), frozenset({name}), sampling),
                cumulative=_step(drawn, place, left, here, sampling),
                shapley=None
                if fair is None
                else combine(drawn, fair, (place[frozenset()], place[frozenset(order)]), sampling),
                missing=tuple(tuple(n for n in order if n in s) for s in walk or lacking[:1]),
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


def _step(
    drawn: Drawn, place: Mapping[frozenset[str], int], before: frozenset[str],
    after: frozenset[str], sampling: Sampling,
) -> Ceiling | None:  # fmt: skip
    if before not in place or after not in place:
        return None
    weights = np.zeros(len(place))
    weights[[place[before], place[after]]] = 1.0, -1.0
    return combine(drawn, weights, (place[before], place[after]), sampling)


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
        raise FoursplitError(f"losses are missing with perfect {'; '.join(lacking)}")


def _text(fixed: Collection[str]) -> str:
    return " and ".join(sorted(fixed)) or "nothing (the system as it is)"
