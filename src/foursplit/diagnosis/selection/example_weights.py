"""Weights by rules: examples that matter more count more, and how much more turns an order round.

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
from foursplit.diagnosis.prediction_table import Table
from foursplit.diagnosis.stats.paired_comparison import Comparison, align_rows, compare

FORM = "COLUMN=VALUE:WEIGHT, such as domain=phone:10, tags=blurry:5, y=7:3 or meta.hour=night:2"
FIXED = ("domain", "group_id", "label_audit", "tags", "y")
"""Columns that say something of an example whoever answers, besides `meta.*`; what a model answered
is none: by such weights each model would be judged by another metric."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Examples by what a column holds."""

    column: str
    value: str

    def __str__(self) -> str:
        return f"{self.column}={self.value}"

    def mask(self, table: Table) -> np.ndarray:
        """Say of each example whether it is meant; a place without any is refused."""
        valid = [name for name in (*FIXED, *table.meta) if table.has(name)]
        if self.column not in valid:
            raise unknown_name("column", self.column, valid, f"rule {str(self)!r}")
        values = table.frame[self.column]
        if self.column == "tags":
            found = np.array([self.value in tags for tags in values], bool)
            present = {tag for tags in values for tag in tags}
        else:
            found = _same(values, self.value)
            present = {f"{value}" for value in values.dropna().unique()}
        if not found.any():
            raise unknown_name("value", self.value, _few(present), f"rule {str(self)!r}")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What the examples of a place weigh, those of no rule weighing 1."""

    place: Place
    weight: float

    def __str__(self) -> str:
        return f"{self.place}:{self.weight:g}"


def place(text: str) -> Place:
    """Read COLUMN=VALUE."""
    column, equals, value = text.partition("=")
    if not (equals and column.strip() and value.strip()):
        raise FoursplitError(f"place {text!r} must be COLUMN=VALUE, such as meta.hour=night")
    return Place(column=column.strip(), value=value.strip())


def rule(text: str) -> Rule:
    """Read COLUMN=VALUE:WEIGHT; the value may hold colons, for the last one parts."""
    where, colon, number = text.rpartition(":")
    if not colon or "=" not in where:
        raise FoursplitError(f"rule {text!r} must be {FORM}")
    try:
        weight = float(number)
    except ValueError as error:
        raise FoursplitError(f"rule {text!r}: weight {number!r} is no number; {FORM}") from error
    if not (isfinite(weight) and weight > 0):
        raise FoursplitError(f"rule {text!r}: weight {number} must be above 0")
    return Rule(place=place(where), weight=weight)


def factors(table: Table, rules: Sequence[Rule]) -> np.ndarray:
    """Give each example's (example,) factor: the product of the weights of the rules it is in."""
    found = np.ones(len(table))
    for one in rules:
        found[one.place.mask(table)] *= one.weight
    return found


def reweighted(table: Table, factor: np.ndarray) -> Table:
    return replace(table, frame=table.frame.assign(weight=table.weight * factor))


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """How much some examples must weigh for the metric to prefer what users prefer.

    Under `weight` the two are equal, and above it the preferred one is better; None where no weight
    above 1 does it.  `proposed` is the next number of two digits, and `under` compares the two
    under it (`delta` above 0: the preferred is better).  `most` is set where only less would do:
    the preferred is better below it.
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
        told = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {**told, "under": self.under.as_json() if self.under else None}


def smallest_flip(
    preferred: Table,
    other: Table,
    on: Place,
    rng: np.random.Generator,
    *,
    names: tuple[str, str] = ("the preferred", "the other"),
    resamples: int = 2000,
) -> Flip:
    """Find the smallest weight on `on` under which `preferred` has the lower mean loss.

    With d the other's loss less the preferred one's, times the weight: v times the sum of d on the
    named examples plus the sum elsewhere turns positive at v = -elsewhere / named.
    """
    other = align_rows(other, preferred)
    mask = on.mask(preferred)
    gain = preferred.weight * (other.loss - preferred.loss)
    named, elsewhere = float(gain[mask].sum()), float(gain[~mask].sum())
    slack = 1e-12 * float(np.abs(gain).sum())
    already = named + elsewhere > slack
    weight = proposed = most = under = None
    if not already and named > slack:
        weight = max(1.0, -elsewhere / named)
        proposed = _next(weight)
        factor = np.where(mask, proposed, 1.0)
        under = compare(
            reweighted(other, factor), reweighted(preferred, factor), rng, resamples=resamples
        )
    elif not already and named < -slack and elsewhere > slack:
        most = elsewhere / -named
    flip = Flip(
        on=str(on),
        n_on=int(mask.sum()),
        prefers_already=already,
        weight=weight,
        proposed=proposed,
        most=most,
        under=under,
        sentence="",
    )
    return replace(flip, sentence=_sentence(flip, names))


def _next(weight: float) -> float:
    """Give the smallest number of two digits that is truly above `weight`."""
    step = 10.0 ** (floor(log10(weight)) - 1)
    return float(f"{(floor(weight / step + 1e-9) + 1) * step:.12g}")


def _sentence(flip: Flip, names: tuple[str, str]) -> str:
    preferred, other = names
    if flip.prefers_already:
        return f"The metric prefers {preferred} to {other} already, at weight 1 on {flip.on}."
    if flip.weight is not None and flip.under is not None:
        sure = "beyond chance" if flip.under.lo > 0 else "not beyond chance"
        return (
            f"From a weight above {flip.weight:.4g} on the {flip.n_on:,} examples with {flip.on} "
            f"on, the metric prefers {preferred}; under {flip.proposed:g} by "
            f"{flip.under.delta:.4g} [{flip.under.lo:.4g}, {flip.under.hi:.4g}], {sure}."
        )
    if flip.most is not None:
        return (
            f"No weight above 1 on {flip.on} makes the metric prefer {preferred}: {other} is the "
            f"better one there. Below {flip.most:.4g} it would."
        )
    return (
        f"No weight on {flip.on} makes the metric prefer {preferred}: it is not better there than "
        f"{other}. What users prefer lies in other examples, or in what the loss does not hold."
    )


def _same(values: pd.Series, text: str) -> np.ndarray:
    """Say which values are written like `text`; numbers are equal however they are written."""
    written = np.asarray(values.astype(str) == text, bool) & values.notna().to_numpy()
    try:
        number = float(text)
    except ValueError:
        return written
    return written | np.asarray(pd.to_numeric(values, errors="coerce") == number, bool)


def _few(values: set[str], most: int = 30) -> list[str]:
    named = sorted(values)
    return named if len(named) <= most else [*named[:most], f"and {len(named) - most:,} more"]
