"""What people achieve, as a stand-in for the least error possible.

Source: Ng, DLS C3 W1 (understanding human-level performance); Ng (2018), Machine Learning Yearning,
chapters 22 and 34.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from foursplit.core.errors import Refusal
from foursplit.strategy.verdict import SLACK, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The level that avoidable bias is measured from."""

    value: float
    who: str
    note: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftLabels:
    """The least error that people's shares of votes leave, and how far to trust it."""

    value: float
    n: int
    warning: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def best(levels: Mapping[str, float]) -> Reference:
    """Take the lowest error any person or team reached: the least error possible is at most that.

    Of equals the first named is told.
    """
    if not levels:
        raise Refusal("no human level was given: name at least one, such as {'team': 0.005}")
    for who, value in levels.items():
        if not 0 <= value <= 1:
            raise Refusal(f"human level {who!r}: {value!r} is no error between 0 and 1")
    who = min(levels, key=levels.__getitem__)
    value = float(levels[who])
    others = {name: level for name, level in levels.items() if level > value + SLACK}
    note = f"The least error possible is at most {value:.2%}, for {who} reached it."
    if others:
        worst = max(others, key=others.__getitem__)
        note += f" A product may still be good enough at another level, such as {worst}'s."
    return Reference(value=value, who=who, note=note)


def choice_matters(one: float, other: float, error: float, rule: Rule | None = None) -> bool:
    """Say whether avoidable bias is worth work by one reference and not by the other."""
    limit = (rule or Rule()).threshold(error) + SLACK
    return (error - one > limit) != (error - other > limit)


def soft_label_bayes(proba: np.ndarray, n_annotators: int | None = None) -> SoftLabels:
    """Estimate the least error possible from (example, class) shares of people's votes.

    It is the mean of one less the largest share.  Two errors pull apart: slips and what people
    cannot see make it too high, few votes an example make it too low, for the largest of noisy
    shares is flattered.

    Source: Ishida, Yamane, Charoenphakdee, Niu and Sugiyama (2023), Is the Performance of My Deep
    Network Too Good to Be True?
    """
    proba = np.asarray(proba, dtype=np.float64)
    if proba.ndim != 2 or len(proba) == 0:
        raise Refusal(f"shares of votes must be (example, class), not of shape {proba.shape}")
    wrong = np.flatnonzero((proba < 0).any(axis=1) | (np.abs(proba.sum(axis=1) - 1) > 1e-6))
    if len(wrong):
        raise Refusal(f"shares of votes, row {wrong[0] + 1}: they must be 0-1 and sum to 1")
    value = float((1 - proba.max(axis=1)).mean())
    warning = "Biased upward as the least error possible: people's slips count as ambiguity."
    if n_annotators is not None and n_annotators < 10:  # below, a share moves by over 10 points
        warning += f" With {n_annotators} votes an example it may be too low as well."
    return SoftLabels(value=value, n=len(proba), warning=warning)
