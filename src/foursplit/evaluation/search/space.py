"""The space of a search as Optuna's distributions, and its grid."""

from collections.abc import Mapping, Sequence
from itertools import product
from math import log, prod
from typing import Any

import numpy as np

from foursplit.config.search import SearchRange
from foursplit.core.seeds import generator

DIGITS = 4
"""Of a value that is tried: more make no difference, and sums may differ beyond."""


def distributions(space: Mapping[str, SearchRange], *, linear: bool = False) -> dict[str, Any]:
    """Return Optuna's distribution of each hyperparameter; with `linear`, no scale is used.

    A choice is its number, because a choice may be a list; on scale one_minus it is 1 - value.
    """
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    found: dict[str, Any] = {}
    for name, given in space.items():
        if given.choices:
            found[name] = CategoricalDistribution(tuple(range(len(given.choices))))
        elif given.type == "int":
            low, high = given.ends
            found[name] = IntDistribution(low, high, log=given.scale == "log" and not linear)
        else:
            low, high = _axis(given)
            found[name] = FloatDistribution(low, high, log=given.scale != "linear" and not linear)
    return found


def values(space: Mapping[str, SearchRange], drawn: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values to train with of what a sampler drew."""
    return {name: _value(given, drawn[name]) for name, given in space.items()}


def share(given: SearchRange, value: Any) -> float:
    """Return where a value lies on its scale, from 0 (`low`, or the first choice) to 1."""
    if given.choices:
        return given.choices.index(value) / (len(given.choices) - 1)
    assert given.low is not None
    assert given.high is not None
    low, high = given.low, given.high
    if given.scale == "linear":
        return (value - low) / (high - low)
    if given.scale == "one_minus":
        return log((1 - low) / (1 - value)) / log((1 - low) / (1 - high))
    return log(value / low) / log(high / low)


def grid(
    space: Mapping[str, SearchRange], n_trials: int, seed: Sequence[object]
) -> list[dict[str, Any]]:
    """Return at most `n_trials` points of a grid, in random order, as a sampler draws them.

    Each hyperparameter has levels in equal steps on its scale, as many as the budget allows; the
    first ones named get those that are over.
    """
    levels = grid_levels(space, n_trials)
    axes = [_levels(given, n) for given, n in zip(space.values(), levels, strict=True)]
    points = [dict(zip(space, point, strict=True)) for point in product(*axes)]
    order = generator("search grid", *seed).permutation(len(points))
    return [points[place] for place in order][:n_trials]


def grid_levels(space: Mapping[str, SearchRange], n_trials: int) -> list[int]:
    """Return the number of levels of each hyperparameter; their product is within the budget."""
    most = [_most_levels(given) for given in space.values()]
    levels = [1] * len(most)
    grown = True
    while grown:
        grown = False
        for place in sorted(range(len(levels)), key=lambda at: levels[at]):
            more = [*levels[:place], levels[place] + 1, *levels[place + 1 :]]
            if more[place] <= most[place] and prod(more) <= n_trials:
                levels, grown = more, True
                break
    return levels


def _most_levels(given: SearchRange) -> int:
    if given.choices:
        return len(given.choices)
    return given.ends[1] - given.ends[0] + 1 if given.type == "int" else 10**6


def _levels(given: SearchRange, n: int) -> list[Any]:
    """Return `n` levels as a sampler draws them; one level alone is the middle."""
    if given.choices:
        return list(range(len(given.choices)))[:n]
    low, high = _axis(given)
    shares = np.linspace(0, 1, n) if n > 1 else np.array([0.5])
    logs = given.scale != "linear"
    found = low * (high / low) ** shares if logs else low + (high - low) * shares
    if given.type == "int":
        return sorted({round(level) for level in found.tolist()})
    return [min(max(level, low), high) for level in found.tolist()]


def _axis(given: SearchRange) -> tuple[float, float]:
    assert given.low is not None
    assert given.high is not None
    if given.scale == "one_minus":
        return 1 - given.high, 1 - given.low
    return given.low, given.high


def _value(given: SearchRange, drawn: Any) -> Any:
    if given.choices:
        return given.choices[int(drawn)]
    if given.type == "int":
        return int(drawn)
    rounded = float(f"{drawn:.{DIGITS}g}")
    if given.scale == "one_minus":
        rounded = round(1 - rounded, 12)
    assert given.low is not None
    assert given.high is not None
    return min(max(rounded, given.low), given.high)
