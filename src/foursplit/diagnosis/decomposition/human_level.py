"""Human-level performance, as a proxy for Bayes error.

Source: Ng, DLS C3 W1 (understanding human-level performance); Ng (2018), Machine Learning Yearning,
chapters 22 and 34.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.decomposition.ledger import fixed
from foursplit.diagnosis.decomposition.verdict import SLACK, VerdictThresholds
from foursplit.diagnosis.prediction_table import HUMAN, PredictionTable
from foursplit.diagnosis.stats.bootstrap import Estimate

PEOPLE = "people"  # a level without a name
GIVEN = "given"
BEST_KNOWN, DESIRED = "best known", "desired"  # kinds of a level, beside human
ON_DEV = " on dev"  # suffix of `where`: the level was measured on this column of dev

Measure = Callable[[np.ndarray, np.ndarray, np.ndarray], Estimate]
"""Maps (example,) losses, weights and groups to an error with its interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HumanLevel:
    """An error that people reached, the best known one, or a desired one."""

    who: str
    kind: str  # human, best known or desired
    where: str  # given, a citation, a column of dev, or desired
    error: Estimate

    @property
    def is_measured(self) -> bool:
        return self.where.endswith(ON_DEV)

    @property
    def column(self) -> str:
        """Return the column of dev that a measured level comes from."""
        return self.where.removesuffix(ON_DEV)


@dataclass(frozen=True, slots=True, kw_only=True)
class HumanLevelChoice:
    """The level that avoidable bias is measured from, and the alternatives."""

    taken: HumanLevel
    levels: tuple[HumanLevel, ...]
    why: str
    would_change_verdict: tuple[str, ...] = ()  # whose levels judge avoidable bias otherwise

    def as_json(self) -> dict[str, Any]:
        return {
            "error": self.taken.error.value,
            "kind": self.taken.kind,
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
            "would_change_the_verdict": list(self.would_change_verdict),
        }


def choose_human_level(
    given: Mapping[str, float] | float | None,
    desired: float | None,
    dev: PredictionTable | None,
    measure: Measure,
    *,
    kind: str = "human",
    where: str = GIVEN,
) -> HumanLevelChoice | None:
    """Return the lowest given level, else the lowest measured on dev, else the desired error.

    Given levels go before measured ones: they rest on more than a sample of dev.  `kind` and
    `where` describe the given ones.
    """
    groups = [_given(given, kind, where), _measured(dev, measure), _desired(desired)]
    levels = tuple(level for group in groups for level in group)
    if not levels:
        return None
    candidates = next(group for group in groups if group)
    taken = min(candidates, key=lambda level: level.error.value)
    return HumanLevelChoice(taken=taken, levels=levels, why=_why(taken, candidates))


def _given(given: Mapping[str, float] | float | None, kind: str, where: str) -> list[HumanLevel]:
    name = PEOPLE if kind == "human" else kind
    named = {name: given} if isinstance(given, int | float) else dict(given or {})
    for who, value in named.items():
        if not 0 <= value <= 1:
            raise FoursplitError(f"human level {who!r}: {value!r} is not an error from 0 to 1")
    return [
        HumanLevel(who=who, kind=kind, where=where, error=fixed(value))
        for who, value in named.items()
    ]


def _desired(error: float | None) -> list[HumanLevel]:
    if error is None:
        return []
    return [HumanLevel(who=DESIRED, kind=DESIRED, where=DESIRED, error=fixed(error))]


def _measured(dev: PredictionTable | None, measure: Measure) -> list[HumanLevel]:
    """Measure human error on dev: all people together, and each annotator on what he labelled."""
    if dev is None:
        return []
    levels = []
    for column in (name for name in ("human_loss", *dev.starting(HUMAN)) if dev.has(name)):
        losses = dev.frame[column].to_numpy(np.float64)
        labelled = ~np.isnan(losses)
        if labelled.any():
            who = column.removeprefix(HUMAN) if column.startswith(HUMAN) else PEOPLE
            error = measure(losses[labelled], dev.weight[labelled], dev.groups[labelled])
            levels.append(HumanLevel(who=who, kind="human", where=column + ON_DEV, error=error))
    return levels


def _why(taken: HumanLevel, candidates: list[HumanLevel]) -> str:
    if taken.kind == DESIRED:
        return "No human level is known; the desired error stands in."
    value = taken.error.value
    why = f"Bayes error is at most {value:.2%}, for {taken.who} reached it."
    if taken.kind == BEST_KNOWN:
        why = f"Bayes error is at most {value:.2%}, the best known error."
    others = [level for level in candidates if level.error.value > value + SLACK]
    if others:
        worst = max(others, key=lambda level: level.error.value)
        why += f" A product may still be good enough at another level, such as {worst.who}'s."
    if taken.is_measured and len(candidates) > 1:
        why += " The lowest of several measured levels is optimistically biased."
    return why


def would_change_verdict(
    one: float, other: float, error: float, rule: VerdictThresholds | None = None
) -> bool:
    """Check whether avoidable bias counts by one human level and not by the other."""
    limit = (rule or VerdictThresholds()).threshold(error) + SLACK
    return (error - one > limit) != (error - other > limit)
