"""Errors of an experiment with their intervals: the mean over its seeds."""

from dataclasses import dataclass

from foursplit.core.splits import SPLITS, Split
from foursplit.evaluation.results import Entry
from foursplit.reporting.numbers import error_interval, percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """An error, how sure it is, and on how much it was measured."""

    value: float
    lo: float
    hi: float
    n: int
    n_groups: int

    @property
    def text(self) -> str:
        return percent(self.value)

    @property
    def interval(self) -> str:
        return error_interval(self.lo, self.hi)


def measured(entry: Entry, split: str) -> Measured | None:
    """Give the error on `split`; None where it was not measured or is sealed.

    Over several seeds the interval holds what training again would change.
    """
    block = entry.diagnosis["splits"].get(split)
    if block is None:
        return None
    return Measured(
        value=block["value"], lo=block["lo"], hi=block["hi"], n=block["n"],
        n_groups=block["n_groups"],
    )  # fmt: skip


def by_split(entry: Entry) -> dict[Split, Measured | None]:
    return {split: measured(entry, split) for split in SPLITS}
