"""What people achieve, as a stand-in for the least error possible.

Source: Ng, DLS C3 W1 (understanding human-level performance); Ng (2018), Machine Learning Yearning,
chapters 22 and 34.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.decomposition.ledger import fixed
from foursplit.diagnosis.decomposition.verdict import SLACK, Rule
from foursplit.diagnosis.prediction_table import HUMAN, Table
from foursplit.diagnosis.stats.bootstrap import Estimate

PEOPLE = "people"  # a level without a name
ON_DEV = " on dev"  # where a level was measured, after its column

Measure = Callable[[np.ndarray, np.ndarray, np.ndarray], Estimate]
"""Maps (example,) losses, weights and groups to an error with its interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The level that avoidable bias is measured from."""

    value: float
    who: str
    note: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """An error that people reached, or that somebody wants."""

    who: str
    where: str  # given, a column of dev, or desired
    error: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The level that bias is measured from, beside those that were not taken."""

    taken: Level
    levels: tuple[Level, ...]
    why: str

    def as_json(self) -> dict[str, Any]:
        return {
            "where": self.taken.where,
            "who": self.taken.who,
            "why": self.why,
            "levels": [
                {
                    "who": level.who,
                    "where": level.where,
                    **level.error.as_json(),
                    "taken": level is self.taken,
                }
                for level in self.levels
            ],
        }


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
        raise FoursplitError("no human level was given: name at least one, such as {'team': 0.005}")
    for who, value in levels.items():
        if not 0 <= value <= 1:
            raise FoursplitError(f"human level {who!r}: {value!r} is no error between 0 and 1")
    return _lowest(levels)


def _lowest(levels: Mapping[str, float]) -> Reference:
    who = min(levels, key=levels.__getitem__)
    value = float(levels[who])
    others = {name: level for name, level in levels.items() if level > value + SLACK}
    note = f"The least error possible is at most {value:.2%}, for {who} reached it."
    if others:
        worst = max(others, key=others.__getitem__)
        note += f" A product may still be good enough at another level, such as {worst}'s."
    return Reference(value=value, who=who, note=note)


def choose(
    given: Mapping[str, float] | float | None, desired: float | None, dev: Table | None,
    measure: Measure,
) -> Chosen | None:  # fmt: skip
    """Take the lowest level that was given, else the lowest measured on dev, else the desired.

    Levels given go before those measured: whoever names one knows better than a sample.
    """
    named = {PEOPLE: given} if isinstance(given, int | float) else dict(given or {})
    kinds = [
        [Level(who=who, where="given", error=fixed(value)) for who, value in named.items()],
        _measured(dev, measure),
        [] if desired is None else [Level(who="desired", where="desired", error=fixed(desired))],
    ]
    levels = tuple(level for kind in kinds for level in kind)
    if not levels:
        return None
    among = next(kind for kind in kinds if kind)
    reference = _lowest({level.who: level.error.value for level in among})
    taken = next(level for level in among if level.who == reference.who)
    return Chosen(taken=taken, levels=levels, why=_why(taken, among, reference))


def _measured(dev: Table | None, measure: Measure) -> list[Level]:
    """Measure people on dev: all together, and each annotator on what he labelled."""
    found = []
    columns = [] if dev is None else [n for n in ("human_loss", *dev.starting(HUMAN)) if dev.has(n)]
    for column in columns:
        assert dev is not None
        losses = dev.frame[column].to_numpy(np.float64)
        there = ~np.isnan(losses)
        if there.any():
            who = column.removeprefix(HUMAN) if column.startswith(HUMAN) else PEOPLE
            error = measure(losses[there], dev.weight[there], dev.groups[there])
            found.append(Level(who=who, where=column + ON_DEV, error=error))
    return found


def _why(taken: Level, among: list[Level], reference: Reference) -> str:
    if taken.where == "desired":
        return "No human level is known; the desired error stands in."
    if (
        taken.where.endswith(ON_DEV) and len(among) > 1
    ):  # the luckiest of several always looks too good
        return f"{reference.note} The lowest of several measured levels flatters itself."
    return reference.note


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
        raise FoursplitError(
            f"shares of votes must be (example, class), not of shape {proba.shape}"
        )
    wrong = np.flatnonzero((proba < 0).any(axis=1) | (np.abs(proba.sum(axis=1) - 1) > 1e-6))
    if len(wrong):
        raise FoursplitError(f"shares of votes, row {wrong[0] + 1}: they must be 0-1 and sum to 1")
    value = float((1 - proba.max(axis=1)).mean())
    warning = "Biased upward as the least error possible: people's slips count as ambiguity."
    if n_annotators is not None and n_annotators < 10:  # below, a share moves by over 10 points
        warning += f" With {n_annotators} votes an example it may be too low as well."
    return SoftLabels(value=value, n=len(proba), warning=warning)
