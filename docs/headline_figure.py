"""A published figure, as docs/published.yaml has it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure of `published.yaml`, whose head says what the fields mean."""

    exercise: str
    name: str
    value: float
    unit: str
    protocol: str
    source: str
    comparable: str
    why: str
    ours: Mapping[str, str]
    wanted: str | Mapping[str, int]
    to: float | None = None
    printed: str = ""

    @property
    def from_start(self) -> bool:
        """Say whether it is made again from the course's own first weights."""
        return set(self.ours) == {"start", "value"}

    @property
    def from_words(self) -> bool:
        """Say whether it is a figure of published word vectors."""
        return set(self.ours) == {"words"}

    def shown(self, value: float) -> str:
        return f"{value:.2%}" if self.unit == "accuracy" else f"{value:,.5g}"
