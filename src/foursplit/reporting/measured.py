"""Errors of an experiment with their intervals: the mean over its seeds."""

from dataclasses import dataclass
from statistics import fmean

from foursplit.core.split import SPLITS, Split
from foursplit.evaluation.collect import Entry
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

    Over several seeds the interval's ends are means too: it says how sure the error of one such
    model is, not how much the seeds differ.
    """
    found = [s["splits"][split] for s in entry.summaries.values() if split in s["splits"]]
    if not found:
        return None
    return Measured(
        value=fmean(block["value"] for block in found),
        lo=fmean(block["lo"] for block in found),
        hi=fmean(block["hi"] for block in found),
        n=found[0]["n"],
        n_groups=found[0]["n_groups"],
    )


def by_split(entry: Entry) -> dict[Split, Measured | None]:
    return {split: measured(entry, split) for split in SPLITS}
