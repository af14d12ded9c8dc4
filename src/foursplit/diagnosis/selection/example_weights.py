"""Example weights by rules, and the smallest weight that reverses the ranking of two models.

The metric is the sum of weight times loss over the sum of weights.  Source: Ng, DLS C3 W1 (when to
change dev/test sets and metrics); Ng (2018), Machine Learning Yearning, chapters 11-12.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import floor, isfinite, log10
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.diagnosis.prediction_table import PredictionTable
from foursplit.diagnosis.stats.paired_comparison import Comparison, align_rows, compare_models

RULE_FORMAT = (
    "COLUMN=VALUE:WEIGHT, such as domain=phone:10, tags=blurry:5, y=7:3 or meta.hour=night:2"
)
RULE_COLUMNS = ("domain", "group_id", "label_audit", "tags", "y")
"""Columns besides `meta.*` that describe an example and not a prediction: weights that depend on
predictions would give each model its own metric."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """The examples with one value in a column."""

    column: str
    value: str

    def __str__(self) -> str:
        return f"{self.column}={self.value}"

    def mask(self, table: PredictionTable) -> np.ndarray:
        """Return which examples match; raise if none does."""
        valid = [name for name in (*RULE_COLUMNS, *table.meta) if table.has(name)]
        if self.column not in valid:
            raise unknown_name("column", self.column, valid, f"rule {str(self)!r}")
        values = table.frame[self.column]
        if self.column == "tags":
            matches = np.array([self.value in tags for tags in values], bool)
            present = {tag for tags in values for tag in tags}
        else:
            matches = _equals(values, self.value)
            present = {f"{value}" for value in values.dropna().unique()}
        if not matches.any():
            raise unknown_name("value", self.value, _first_names(present), f"rule {str(self)!r}")
        return matches


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightRule:
    """The weight of the examples that match a condition; all others weigh 1."""

    place: Condition
    weight: float

    def __str__(self) -> str:
        return f"{self.place}:{self.weight:g}"


def parse_condition(text: str) -> Condition:
    """Read COLUMN=VALUE."""
    column, equals, value = text.partition("=")
    if not (equals and column.strip() and value.strip()):
        raise FoursplitError(f"condition {text!r} must be COLUMN=VALUE, such as meta.hour=night")
    return Condition(column=column.strip(), value=value.strip())


def parse_weight_rule(text: str) -> WeightRule:
    """Read COLUMN=VALUE:WEIGHT; the last colon separates, so the value may hold others."""
    condition, colon, number = text.rpartition(":")
    if not colon or "=" not in condition:
        raise FoursplitError(f"rule {text!r} must be {RULE_FORMAT}")
    try:
        weight = float(number)
    except ValueError as error:
        raise FoursplitError(
            f"rule {text!r}: weight {number!r} is not a number; {RULE_FORMAT}"
        ) from error
    if not (isfinite(weight) and weight > 0):
        raise FoursplitError(f"rule {text!r}: weight {number} must be above 0")
    return WeightRule(place=parse_condition(condition), weight=weight)


def weight_factors(table: PredictionTable, rules: Sequence[WeightRule]) -> np.ndarray:
    """Return (example,) factors: the product of the weights of all matching rules."""
    product = np.ones(len(table))
    for one in rules:
        product[one.place.mask(table)] *= one.weight
    return product


def reweight(table: PredictionTable, factor: np.ndarray) -> PredictionTable:
    return replace(table, frame=table.frame.assign(weight=table.weight * factor))


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightFlip:
    """The weight of some examples at which the metric agrees with the users' preference.

    At `weight` both models have equal metrics, and above it the preferred one is better; None if no
    weight above 1 does that.  `proposed` is the next larger number of two digits, and `under` the
    comparison at it (`delta` above 0: the preferred model is better).  `most` is set if the
    preferred model is better only at weights below it.
    """

    on: str
    n_on: int
    prefers_already: bool
    weight: float | None
    proposed: float | None
    most: float | None
    under: Comparison | None
    sentence: str

    def as_json(self) -> dict[str, Any]:
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {**fields, "under": self.under.as_json() if self.under else None}


def smallest_flip_weight(
    preferred: PredictionTable,
    other: PredictionTable,
    on: Condition,
    rng: np.random.Generator,
    *,
    names: tuple[str, str] = ("the preferred", "the other"),
    n_resamples: int = 2000,
) -> WeightFlip:
    """Return the smallest weight on `on` at which `preferred` has the lower mean loss.

    Let d be the weighted loss of the other model less that of the preferred one.  With v the weight
    on the matching examples, v * sum(d, matching) + sum(d, others) is 0 at v = -others / matching.
    """
    other = align_rows(other, preferred)
    mask = on.mask(preferred)
    gain = preferred.weight * (other.loss - preferred.loss)
    matching, others = float(gain[mask].sum()), float(gain[~mask].sum())
    slack = 1e-12 * float(np.abs(gain).sum())
    prefers_already = matching + others > slack
    weight = proposed = upper_bound = under = None
    if not prefers_already and matching > slack:
        weight = max(1.0, -others / matching)
        proposed = _next_larger(weight)
        factor = np.where(mask, proposed, 1.0)
        under = compare_models(
            reweight(other, factor), reweight(preferred, factor), rng, n_resamples=n_resamples
        )
    elif not prefers_already and matching < -slack and others > slack:
        upper_bound = others / -matching
    flip = WeightFlip(
        on=str(on),
        n_on=int(mask.sum()),
        prefers_already=prefers_already,
        weight=weight,
        proposed=proposed,
        most=upper_bound,
        under=under,
        sentence="",
    )
    return replace(flip, sentence=_sentence(flip, names))


def _next_larger(weight: float) -> float:
    """Return the smallest number of two digits above `weight`."""
    step = 10.0 ** (floor(log10(weight)) - 1)
    return float(f"{(floor(weight / step + 1e-9) + 1) * step:.12g}")


def _sentence(flip: WeightFlip, names: tuple[str, str]) -> str:
    preferred, other = names
    if flip.prefers_already:
        return f"The metric already prefers {preferred} to {other}, at weight 1 on {flip.on}."
    if flip.weight is not None and flip.under is not None:
        certainty = "significantly" if flip.under.lo > 0 else "not significantly"
        return (
            f"The metric prefers {preferred} at a weight above {flip.weight:.4g} on the "
            f"{flip.n_on:,} examples with {flip.on}. At {flip.proposed:g} the difference is "
            f"{flip.under.delta:.4g} [{flip.under.lo:.4g}, {flip.under.hi:.4g}], {certainty}."
        )
    if flip.most is not None:
        return (
            f"No weight above 1 on {flip.on} makes the metric prefer {preferred}: {other} is "
            f"better on these examples. Weights below {flip.most:.4g} do."
        )
    return (
        f"No weight on {flip.on} makes the metric prefer {preferred}: it is not better than "
        f"{other} on these examples. Try other examples, or another loss."
    )


def _equals(values: pd.Series, text: str) -> np.ndarray:
    """Return which values equal `text`; numbers are compared by value."""
    is_equal = np.asarray(values.astype(str) == text, bool) & values.notna().to_numpy()
    try:
        number = float(text)
    except ValueError:
        return is_equal
    return is_equal | np.asarray(pd.to_numeric(values, errors="coerce") == number, bool)


def _first_names(values: set[str], most: int = 30) -> list[str]:
    names = sorted(values)
    return names if len(names) <= most else [*names[:most], f"and {len(names) - most:,} more"]
