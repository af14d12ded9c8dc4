"""Errors of an experiment with confidence intervals, averaged over its seeds."""

from dataclasses import dataclass

from foursplit.core.splits import SPLITS, Split
from foursplit.evaluation.results import ExperimentResult
from foursplit.reporting.numbers import error_interval, percent


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredError:
    """An error, its confidence interval and its number of examples."""

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


def measured_error(entry: ExperimentResult, split: str) -> MeasuredError | None:
    """Return the error on `split`; None if it was not measured or is sealed.

    With several seeds the interval includes the variance between seeds.
    """
    block = entry.diagnosis["splits"].get(split)
    if block is None:
        return None
    return MeasuredError(
        value=block["value"],
        lo=block["lo"],
        hi=block["hi"],
        n=block["n"],
        n_groups=block["n_groups"],
    )


def by_split(entry: ExperimentResult) -> dict[Split, MeasuredError | None]:
    return {split: measured_error(entry, split) for split in SPLITS}
