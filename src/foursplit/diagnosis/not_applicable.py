"""A section of a diagnosis whose evidence is missing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class NotApplicable:
    """Why a section has no result; `empty` are the keys that its JSON has nevertheless."""

    reason: str
    empty: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {**self.empty, "not_applicable": self.reason}
