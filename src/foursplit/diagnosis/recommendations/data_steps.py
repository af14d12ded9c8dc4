"""Steps that ask for data: slices that err more, and values that train lacks.

Either needs a contrast within dev: its errors must have the value more often than its right answers
do.  That dev is full of a value that train lacks proves nothing.
"""

from collections.abc import Mapping, Sequence

from foursplit.diagnosis.decomposition.ledger import MERGED
from foursplit.diagnosis.prediction_table import META, PredictionTable
from foursplit.diagnosis.recommendations import causes
from foursplit.diagnosis.recommendations.actions import MOST, Suggestion
from foursplit.diagnosis.result import Diagnosis
from foursplit.diagnosis.slices.mismatch_drivers import Driver, is_known_by_train
from foursplit.diagnosis.slices.slice_report import Slice, describe_slice


def advised_slices(diagnosis: Diagnosis) -> list[tuple[int, Slice]]:
    """Return the largest confirmed slices, each with its place; of nested ones, the largest."""
    advised: list[tuple[int, Slice]] = []
    for number, found in enumerate(diagnosis.slices.slices):
        if found.confirmed and not any(
            causes.is_one_cause(found.where, other.where) for _, other in advised
        ):
            advised.append((number, found))
    return advised[:MOST]


def advised_driver(diagnosis: Diagnosis) -> tuple[int, Driver] | None:
    """Return the driver with the most to gain and its place, where mismatch is the gap to work on.

    None if a confirmed slice names the same value.
    """
    verdict = diagnosis.decomposition.verdict
    if {"mismatch", MERGED}.isdisjoint(verdict.significant):
        return None
    slices = [found.where for found in diagnosis.slices.confirmed]
    candidates = [
        (number, driver)
        for number, driver in enumerate(diagnosis.drivers.drivers)
        if driver.sure and not any(causes.is_one_cause(_where(driver), where) for where in slices)
    ]
    return max(candidates, key=lambda item: item[1].recoverable or 0.0, default=None)


def of_slices(slices: Sequence[tuple[int, Slice]], dev: PredictionTable | None) -> list[Suggestion]:
    """Return a step for each slice; data does not help where train knows little by definition."""
    return [
        Suggestion(
            action=_slice_action(found.where) + _tagged(dev, found.where),
            link=f"slice:{describe_slice(found.where)}",
            gain=found.recoverable,
            evidence=f"slices.{number}",
            confirm_by="add inputs that describe them, and score the slice and the rest again"
            if _is_known(found.where)
            else "add such examples to train, and score the slice and the rest again",
            stop_rule=f"its error falls towards the rest's {found.rest:.2%}; else revert",
            changes="component" if _is_known(found.where) else "examples",
        )
        for number, found in slices
    ]


def of_driver(
    diagnosis: Diagnosis, found: tuple[int, Driver] | None, dev: PredictionTable | None
) -> list[Suggestion]:
    """Return the step for the driver; its gain is what dev would gain if it erred like the rest."""
    if found is None:
        return []
    number, driver = found
    parts = diagnosis.decomposition
    gap = next(gap for gap in ("mismatch", MERGED) if gap in parts.verdict.significant)
    return [
        Suggestion(
            action=f"collect or synthesize examples with {driver.where}: "
            f"{driver.share_of_train:.0%} of train, {driver.share_of_dev:.0%} of dev, "
            f"{driver.share_of_errors:.0%} of dev error{_tagged(dev, _where(driver))}",
            link=f"data:{driver.where}",
            gain=min(driver.recoverable or 0.0, parts.gap(gap)),
            evidence=f"drivers.{number}",
            confirm_by="add such examples to train, and score them and the rest of dev again",
            stop_rule="their error falls and the rest's stays; else revert",
            changes="examples",
        )
    ]


def _where(driver: Driver) -> dict[str, str]:
    return {driver.column.removeprefix(META): driver.value}


def _is_known(where: Mapping[str, str]) -> bool:
    return any(is_known_by_train(name) for name in where)


def _slice_action(where: Mapping[str, str]) -> str:
    if _is_known(where):
        return f"describe by other inputs what train knows little of: {describe_slice(where)}"
    return f"collect or synthesize examples with {describe_slice(where)}"


def _tagged(dev: PredictionTable | None, where: Mapping[str, str]) -> str:
    """Name the tags that mark the same examples, which get no step of their own."""
    tags = sorted(causes.tags_of(dev, where))
    return f" (tag {', '.join(repr(tag) for tag in tags)})" if tags else ""
