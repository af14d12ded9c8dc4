"""A column of a table as the file has it: what it holds, and how its cells are read."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

Kind = Literal["number", "category", "date", "text"]

KINDS: tuple[Kind, ...] = ("number", "category", "date", "text")


@dataclass(frozen=True, slots=True)
class Column:
    """An input before preprocessing; a missing cell stays missing."""

    kind: Kind
    unit: str = ""  # of a number: a sign or word at each cell that is not read, such as $ or %
    thousands: str = ""  # of a number: the sign between three digits
    decimal: str = "."  # of a number with unit or thousands
    format: str = ""  # of a date, as in strptime; empty: ISO 8601
    missing: tuple[str, ...] = ()  # further texts that say that the value is missing

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind: {self.kind!r} must be one of {', '.join(KINDS)}")

    @property
    def is_plain(self) -> bool:
        """Return whether a number is written as programs write it."""
        return not self.unit and not self.thousands and self.decimal == "."

    def as_json(self) -> dict[str, Any]:
        """Return the kind, and the fields that differ from their defaults."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {
            each.name: list(value) if isinstance(value, tuple) else value
            for each, value in zip(fields(self), values.values(), strict=True)
            if each.name == "kind" or value != each.default
        }

    @classmethod
    def from_json(cls, block: Mapping[str, Any]) -> "Column":
        return cls(**{**block, "missing": tuple(block.get("missing", ()))})
