"""Why a stage must run: what differs from what its lock entry says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

ChangeKind = Literal["lock", "command", "dependency", "parameter", "output", "always", "force"]

HASH_CHARS = 12  # characters of a hash that tell two apart
MAX_FILES = 6  # of a folder that are named


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference; `before` and `after` are parameter values, hashes or commands."""

    kind: ChangeKind
    name: str = ""  # path or parameter
    how: str = "modified"  # or deleted, new, not in cache, rewritten
    before: Any = None
    after: Any = None
    files: tuple[str, ...] = field(default=())  # of a folder, where both listings are known

    def sentence(self) -> str:
        """Say what changed, from what to what."""
        match self.kind:
            case "lock":
                return "it has no entry in dvc.lock: it never ran, or its entry was lost"
            case "force":
                return "forced"
            case "always":
                return "it declares that it always changes"
            case "command":
                return f"command: {self.before} → {self.after}"
            case "parameter":
                return f"parameter {self.name}: {_value(self.before)} → {_value(self.after)}"
            case "output":
                return (
                    f"output {self.name} is {OUTPUT_STATES.get(self.how, 'not what the run wrote')}"
                )
            case _:
                return f"dependency {self.name}{self._content()}"

    def _content(self) -> str:
        if self.how == "deleted":
            return " is missing"
        if self.how == "rewritten":
            return " was written, though it is the same again"
        if self.files:
            more = len(self.files) - MAX_FILES
            tail = f" and {more} more" if more > 0 else ""
            return f": {', '.join(self.files[:MAX_FILES])}{tail}"
        return f": {_hash(self.before)} → {_hash(self.after)}"


OUTPUT_STATES = {"deleted": "missing", "not in cache": "not in DVC's cache", "new": "new"}


def _value(value: Any) -> str:
    return "(none)" if value is None else str(value)


def _hash(value: Any) -> str:
    return "(none)" if value is None else str(value)[:HASH_CHARS]


def parameter_changes(name: str, before: Any, after: Any) -> list[Change]:
    """Tell a changed block apart, value by value."""
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        if before == after:
            return []
        return [Change(kind="parameter", name=name, before=before, after=after)]
    keys = dict.fromkeys([*before, *after])
    parts = [parameter_changes(f"{name}.{key}", before.get(key), after.get(key)) for key in keys]
    return [change for part in parts for change in part]


def listing_changes(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """Name the files of a folder that differ between two listings of hashes."""
    found = []
    for name in sorted({*before, *after}):
        if name not in before:
            found.append(f"{name} is new")
        elif name not in after:
            found.append(f"{name} is gone")
        elif before[name] != after[name]:
            found.append(f"{name} changed")
    return tuple(found)
