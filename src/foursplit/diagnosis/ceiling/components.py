"""The gain of each perfect pipeline component, and the component that each error is due to.

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
    DEFAULT_SAMPLING,
    BootstrapReplicates,
    Ceiling,
    Metric,
    Sampling,
    bootstrap_metrics,
    contrast,
    mean_loss,
)

MAX_COMPONENTS = 8  # components with Shapley values: nine would need 512 runs of the system


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentCeiling:
    """The gain of one perfect component; None where it was not measured."""

    component: str
    alone: Ceiling | None
    cumulative: Ceiling | None  # with all components before it perfect
    shapley: Ceiling | None  # mean over all orders; the values add up to the total gain
    missing: tuple[tuple[str, ...], ...] = ()  # sets of perfect components still to be measured

    @property
    def gain(self) -> float | None:
        """Return the component's gain in the pipeline's order, or else alone."""
        result = self.cumulative or self.alone
        return None if result is None else result.value

    def as_json(self) -> dict[str, Any]:
        ceilings = {"alone": self.alone, "cumulative": self.cumulative, "shapley": self.shapley}
        return {
            "component": self.component,
            **{name: None if one is None else one.as_json() for name, one in ceilings.items()},
            "missing": [f"run with perfect {_text(parts)}" for parts in self.missing],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """The component that each error is due to."""

    counts: Mapping[str, int]
    shares: Mapping[str, float]  # of the errors
    of_example: tuple[str, ...]  # empty text: no error

    def as_json(self) -> dict[str, Any]:
        return {"counts": dict(self.counts), "shares": dict(self.shares)}


def component_ceilings(
    losses: Mapping[frozenset[str], np.ndarray],
    order: Sequence[str],
    groups: np.ndarray,
    rng: np.random.Generator,
    sampling: Sampling = DEFAULT_SAMPLING,
    metric: Metric = mean_loss,
) -> list[ComponentCeiling]:
    """Return each component's gain, alone, cumulatively and as a Shapley value.

    `losses` maps sets of perfect components to (example,) losses; the empty set is required.
    Cumulative gains need every prefix of `order`, Shapley values need every set.
    """
    _check_sets(losses, [frozenset()])
    sets = sorted(losses, key=lambda fixed: (len(fixed), sorted(fixed)))
    position = {fixed: k for k, fixed in enumerate(sets)}
    bootstrapped = bootstrap_metrics(metric, [losses[s] for s in sets], groups, rng, sampling)
    is_small = len(order) <= MAX_COMPONENTS
    missing_sets = [s for s in _subsets(order) if s not in losses] if is_small else []
    result = []
    for k, name in enumerate(order):
        before, prefix = frozenset(order[:k]), frozenset(order[: k + 1])
        missing_prefixes = [s for s in (before, prefix) if s not in losses]
        shapley_weights = None if missing_sets or not is_small else _shapley(name, order, position)
        result.append(
            ComponentCeiling(
                component=name,
                alone=_step(bootstrapped, position, frozenset(), frozenset({name}), sampling),
                cumulative=_step(bootstrapped, position, before, prefix, sampling),
                shapley=None
                if shapley_weights is None
                else contrast(
                    bootstrapped,
                    shapley_weights,
                    (position[frozenset()], position[frozenset(order)]),
                    sampling,
                ),
                missing=tuple(
                    tuple(n for n in order if n in s) for s in missing_prefixes or missing_sets[:1]
                ),
            )
        )
    return result


def attribute_errors(
    losses: Mapping[frozenset[str], np.ndarray], order: Sequence[str]
) -> Attribution:
    """Attribute each error to the first component that fixes it if perfect, else to the last."""
    _check_sets(losses, [frozenset(), *(frozenset({name}) for name in order[:-1])])
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
    bootstrapped: BootstrapReplicates,
    position: Mapping[frozenset[str], int],
    before: frozenset[str],
    after: frozenset[str],
    sampling: Sampling,
) -> Ceiling | None:
    if before not in position or after not in position:
        return None
    weights = np.zeros(len(position))
    weights[[position[before], position[after]]] = 1.0, -1.0
    return contrast(bootstrapped, weights, (position[before], position[after]), sampling)


def _shapley(name: str, order: Sequence[str], position: Mapping[frozenset[str], int]) -> np.ndarray:
    """Return the Shapley weights of `name` over all sets of the other components."""
    weights = np.zeros(len(position))
    for others in _subsets([other for other in order if other != name]):
        before = len(others)
        orders = factorial(before) * factorial(len(order) - before - 1) / factorial(len(order))
        weights[position[others]] += orders
        weights[position[others | {name}]] -= orders
    return weights


def _subsets(names: Sequence[str]) -> list[frozenset[str]]:
    return [frozenset(c) for k in range(len(names) + 1) for c in combinations(names, k)]


def _check_sets(
    losses: Mapping[frozenset[str], np.ndarray], required: Sequence[frozenset[str]]
) -> None:
    missing_sets = [_text(fixed) for fixed in required if fixed not in losses]
    if missing_sets:
        raise FoursplitError(f"losses are missing for perfect {'; '.join(missing_sets)}")


def _text(fixed: Collection[str]) -> str:
    return " and ".join(sorted(fixed)) or "nothing (the system as it is)"
