"""What is asked of a challenger, and what is answered."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.diagnosis.selection.model_selection import SIGNS

Verdict = Literal["PROMOTE", "HOLD", "REJECT"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What is asked of a challenger; the first three as its comparison group says."""

    min_gain: float  # a smaller difference is not worth a change
    direction: Literal["minimize", "maximize"] = "minimize"
    bounds: Mapping[str, float] = field(default_factory=dict)  # at most
    confidence: float = 0.95  # one-sided, of each statement
    slice_margin: float = 0.05  # a slice that is worse by no more is safe
    least: int = 20  # examples of a slice that is judged

    def __post_init__(self) -> None:
        if self.direction not in SIGNS:
            raise unknown_name("direction", self.direction, SIGNS)
        for name, holds, rule in (
            ("min_gain", self.min_gain >= 0, "0 or more"),
            ("confidence", 0.5 < self.confidence < 1, "between 0.5 and 1"),
            ("slice_margin", self.slice_margin >= 0, "0 or more"),
            ("least", self.least >= 1, "at least 1"),
        ):
            if not holds:
                raise FoursplitError(f"{name}: {getattr(self, name)!r} must be {rule}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One thing asked, whether it holds, and the numbers that say so."""

    code: str
    holds: bool
    sentence: str
    numbers: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The verdict and every reason; `needed` dev examples would decide what is on hold.

    None where more examples are not what is lacking.
    """

    verdict: Verdict
    reasons: tuple[Reason, ...]
    needed: int | None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
