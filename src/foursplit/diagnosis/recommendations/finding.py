"""A finding of a diagnosis."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A fact worth a line, with a stable code."""

    code: str
    severity: str  # issue, tip or info
    title: str
    evidence: tuple[str, ...] = ()
    missing: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "severity": self.severity,
            "title": self.title,
            "evidence": list(self.evidence),
            "missing": self.missing,
        }
