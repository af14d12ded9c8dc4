"""The rules for a challenger, the results of their checks, and the judgement."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.diagnosis.metrics.chosen import ChosenMetric
from foursplit.diagnosis.selection.model_selection import SIGNS

Verdict = Literal["PROMOTE", "HOLD", "REJECT"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules for a challenger; the first three are those of its comparison group."""

    min_gain: float  # smaller differences do not matter
    direction: Literal["minimize", "maximize"] = "minimize"
    bounds: Mapping[str, float] = field(default_factory=dict)  # upper limits
    confidence: float = 0.95  # one-sided, of each check
    metric: ChosenMetric | None = None  # of whole tables; None: the mean loss of the tables
    slice_margin: float = 0.05  # non-inferiority margin of a slice
    min_slice_examples: int = 20  # minimum examples of a slice

    def __post_init__(self) -> None:
        if self.direction not in SIGNS:
            raise unknown_name("direction", self.direction, SIGNS)
        for name, holds, rule in (
            ("min_gain", self.min_gain >= 0, "0 or more"),
            ("confidence", 0.5 < self.confidence < 1, "between 0.5 and 1"),
            ("slice_margin", self.slice_margin >= 0, "0 or more"),
            ("min_slice_examples", self.min_slice_examples >= 1, "at least 1"),
        ):
            if not holds:
                raise FoursplitError(f"{name}: {getattr(self, name)!r} must be {rule}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check: whether it holds, a sentence and its numbers."""

    code: str
    holds: bool
    sentence: str
    numbers: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The verdict and all checks; `needed` is the number of dev examples to decide a HOLD.

    It is None if more examples would not help.
    """

    verdict: Verdict
    reasons: tuple[Check, ...]
    needed: int | None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
