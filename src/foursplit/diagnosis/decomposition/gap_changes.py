"""Compare the gaps of two versions of a model: which gaps a change moved.

Source: Ng, DLS C3 W1 (orthogonalization); Zou and Donner (2008), "Construction of confidence limits
about effect measures" (square-and-add of the intervals of independent differences).
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import hypot
from typing import Any

from foursplit.core.seeds import generator
from foursplit.diagnosis.decomposition.decompose import estimate_errors, merge_seeds
from foursplit.diagnosis.decomposition.ledger import UNSEEN, links
from foursplit.diagnosis.decomposition.pooled import add_pooled
from foursplit.diagnosis.decomposition.verdict import NAMES
from foursplit.diagnosis.prediction_table import Model, PredictionTable
from foursplit.diagnosis.settings import Settings
from foursplit.diagnosis.stats.paired_comparison import compare_models


@dataclass(frozen=True, slots=True, kw_only=True)
class GapChange:
    """An error or a gap before and after; a change below 0 is an improvement."""

    name: str
    before: float
    after: float
    change: float
    lo: float
    hi: float

    @property
    def is_significant(self) -> bool:
        return self.lo > 0 or self.hi < 0

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "before": self.before,
            "after": self.after,
            "change": self.change,
            "lo": self.lo,
            "hi": self.hi,
            "significant": self.is_significant,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class GapChanges:
    """Changes of errors and gaps; `paired`: both versions were scored on the same examples."""

    splits: tuple[GapChange, ...]
    gaps: tuple[GapChange, ...]
    paired: bool

    def moved(self) -> list[GapChange]:
        return [gap for gap in self.gaps if gap.is_significant]


def measure_gap_changes(
    before: Sequence[Model], after: Sequence[Model], settings: Settings
) -> GapChanges:
    """Measure how errors and gaps changed between two versions of a model, each with its seeds.

    On the same examples, the difficulty of each example cancels.  Otherwise the two errors are
    treated as independent.
    """
    if settings.same_distribution:
        before, after = add_pooled(before), add_pooled(after)
    first, second = merge_seeds(before), merge_seeds(after)
    shared = [split for split in first if split in second]
    paired = all(_same_examples(first[s], second[s]) for s in shared)
    if paired:
        found = [_paired(s, before, after, first[s], second[s], settings) for s in shared]
    else:
        one, two = estimate_errors(before, settings), estimate_errors(after, settings)
        found = [
            _between(s, two[s].value, one[s].value, _ends(two[s]), _ends(one[s])) for s in shared
        ]
    by_split = {moved.name: moved for moved in found}
    splits = tuple(moved for moved in found if moved.name != UNSEEN)
    return GapChanges(splits=splits, gaps=tuple(_gaps(by_split)), paired=paired)


def _same_examples(one: PredictionTable, other: PredictionTable) -> bool:
    return set(one.frame["example_id"]) == set(other.frame["example_id"])


def _paired(
    split: str,
    before: Sequence[Model],
    after: Sequence[Model],
    first: PredictionTable,
    second: PredictionTable,
    settings: Settings,
) -> GapChange:
    """Compare mean losses over the seeds example by example; add the variance over seeds."""
    result = compare_models(
        second,
        first,
        generator("movement", settings.seed, split),
        n_resamples=settings.n_resamples,
        confidence=settings.confidence,
        seeds=(_by_seed(after, split), _by_seed(before, split)),
    )
    return GapChange(  # `compare` gives A less B: after less before
        name=split,
        before=result.error_b,
        after=result.error_a,
        change=result.error_a - result.error_b,
        lo=result.lo,
        hi=result.hi,
    )


def _by_seed(models: Sequence[Model], split: str) -> dict[Hashable, float]:
    return {m.name or number: m.tables[split].error for number, m in enumerate(models)}


def _ends(estimate: Any) -> tuple[float, float]:
    return estimate.lo, estimate.hi


def _between(
    name: str, after: float, before: float, ends: tuple[float, float], others: tuple[float, float]
) -> GapChange:
    """Subtract two independent errors, and combine the halves of their intervals."""
    change = after - before
    return GapChange(
        name=name,
        before=before,
        after=after,
        change=change,
        lo=change - hypot(after - ends[0], others[1] - before),
        hi=change + hypot(ends[1] - after, before - others[0]),
    )


def _gaps(splits: Mapping[str, GapChange]) -> list[GapChange]:
    """Return each gap's change: that of its upper end less that of its lower; human level stays."""
    found = []
    for gap, (low, high) in links(splits).items():
        if high not in splits or (low != "human" and low not in splits):
            continue
        upper, lower = splits[high], splits.get(low)
        if lower is None:
            found.append(_renamed(upper, gap))
            continue
        change = upper.change - lower.change
        found.append(
            GapChange(
                name=gap,
                before=upper.before - lower.before,
                after=upper.after - lower.after,
                change=change,
                lo=change - hypot(upper.change - upper.lo, lower.hi - lower.change),
                hi=change + hypot(upper.hi - upper.change, lower.change - lower.lo),
            )
        )
    return found


def _renamed(moved: GapChange, name: str) -> GapChange:
    return GapChange(
        name=name,
        before=moved.before,
        after=moved.after,
        change=moved.change,
        lo=moved.lo,
        hi=moved.hi,
    )


def sentence(found: GapChanges, own: Sequence[str], undeclared: Sequence[str] = ()) -> str:
    """Check whether the gaps that moved are those that the change was meant for."""
    moved = [gap.name for gap in found.moved()]
    if not moved:
        return "No gap changed significantly."
    if undeclared or not own:
        what = ", ".join(undeclared) or "what changed"
        return f"It moved {_named(moved)}; what {what} is meant for is not declared."
    others = [gap for gap in moved if gap not in own]
    if not others:
        return f"It moved {_named(moved)}, which it was meant for, and nothing else."
    if len(others) < len(moved):
        hit = [gap for gap in moved if gap in own]
        return f"It moved {_named(hit)}, which it was meant for, and {_named(others)} besides."
    return f"It moved {_named(others)}, and was meant for {_named(own)}."


def _named(gaps: Sequence[str]) -> str:
    return " and ".join(NAMES[gap] for gap in gaps)
