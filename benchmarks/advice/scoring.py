"""Score the advice: how often the first step was right, what it gave, and what rivals would get.

Every policy takes one step from each start.  Starts of one data set are no independent evidence, so
intervals resample whole data sets.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from benchmarks.advice.experiments import MEASURE

from foursplit.core.seeds import generator

FLOOR = 0.005  # gains nearer to each other than this are alike: the engine's own smallest gap
NOISE = 1.96  # standard errors within which two gains are alike
N_RESAMPLES = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """What one policy gets from one start."""

    gain: float
    behind: float  # the best action's gain minus this one's
    is_right: bool  # the best, or within noise of it


def score(row: Mapping[str, Any], action: str) -> Scored:
    """Score an action from a start; one that changes nothing there gains nothing."""
    outcomes = row["outcomes"]
    outcome = outcomes[action if action in outcomes else MEASURE]
    return Scored(
        gain=outcome["gain"],
        behind=outcome["behind"],
        is_right=outcome["behind"] <= max(FLOOR, NOISE * outcome["behind_se"]),
    )


def naive_ledger(row: Mapping[str, Any]) -> str:
    """Return the action of the larger of two gaps, of train and dev, without intervals."""
    errors = row["errors"]
    bias, variance = errors["train"] - errors["human"], errors["dev"] - errors["train"]
    return "bigger" if bias > variance else "more_data"


def _always(action: str) -> Callable[[Mapping[str, Any]], list[str]]:
    return lambda _: [action]


def _first(row: Mapping[str, Any]) -> list[str]:
    return [row["steps"][0]["action"]]


POLICIES: dict[str, Callable[[Mapping[str, Any]], list[str]]] = {
    "advice": _first,
    "random": lambda row: list(row["outcomes"]),
    "more_data": _always("more_data"),
    "target_data": _always("target_data"),
    "bigger": _always("bigger"),
    "naive_ledger": lambda row: [naive_ledger(row)],
}
"""The actions of each policy from a start; of several, the mean counts."""


def by_policy(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, np.ndarray]]:
    """Return (start,) arrays of gain, distance behind the best, and rightness of each policy."""
    found = {}
    for name, policy in POLICIES.items():
        scores = [[score(row, action) for action in policy(row)] for row in rows]
        found[name] = {
            "gain": np.array([np.mean([s.gain for s in each]) for each in scores]),
            "behind": np.array([np.mean([s.behind for s in each]) for each in scores]),
            "right": np.array([np.mean([s.is_right for s in each]) for each in scores]),
        }
    return found


def interval(values: np.ndarray, clusters: Sequence[str]) -> dict[str, float]:
    """Return the mean over starts, with the 95 % interval of a bootstrap of whole data sets."""
    names, code = np.unique(np.asarray(clusters), return_inverse=True)
    sums, counts = np.bincount(code, weights=values), np.bincount(code)
    rng = generator("advice bootstrap", len(values))
    drawn = rng.integers(0, len(names), (N_RESAMPLES, len(names)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    lo, hi = np.quantile(means, [0.025, 0.975])
    return {"value": float(values.mean()), "lo": float(lo), "hi": float(hi)}


def is_kept(row: Mapping[str, Any]) -> bool | None:
    """Check whether the first step's real gain lies within the promised interval.

    The bounds count up to what the real gain's own standard error leaves open.  None where the step
    promises nothing.
    """
    step = row["steps"][0]
    if step["gain"] is None:
        return None
    outcome = row["outcomes"].get(step["action"], row["outcomes"][MEASURE])
    slack = max(FLOOR, NOISE * outcome["gain_se"])
    lo, hi = step.get("lo", 0.0), step.get("hi", step["gain"])
    return lo - slack <= outcome["gain"] <= hi + slack


def summarise(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the scores of every policy, the advice's lead, and how often promises were kept."""
    clusters = [row["problem"] for row in rows]
    scores = by_policy(rows)
    kept = [(is_kept(row), row["problem"]) for row in rows]
    known = [(value, cluster) for value, cluster in kept if value is not None]
    return {
        "starts": len(rows),
        "problems": len({*clusters}),
        "policies": {
            name: {what: interval(values, clusters) for what, values in of.items()}
            for name, of in scores.items()
        },
        "lead": {
            name: interval(scores["advice"]["gain"] - of["gain"], clusters)
            for name, of in scores.items()
            if name != "advice"
        },
        "promises": {
            "steps": len(known),
            "kept": interval(np.array([float(v) for v, _ in known]), [c for _, c in known]),
        },
    }
