"""Reasons why a stage must run: differences from its lock entry."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

ChangeKind = Literal["lock", "command", "dependency", "parameter", "output", "always", "force"]

HASH_CHARS = 12  # of a hash, enough to distinguish two
MAX_FILES = 6  # of a folder that are listed
MAX_SHOWN_CHANGES = 4  # listed in a message


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference; `before` and `after` are parameter values, hashes or commands."""

    kind: ChangeKind
    name: str = ""  # path or parameter
    status: str = "modified"  # or deleted, new, not in cache, rewritten
    before: Any = None
    after: Any = None
    files: tuple[str, ...] = field(default=())  # of a folder, if both listings are known

    def describe(self) -> str:
        """Describe the change with its old and new value."""
        match self.kind:
            case "lock":
                return "no entry in dvc.lock: it never ran, or the entry was lost"
            case "force":
                return "forced"
            case "always":
                return "declared as always changed"
            case "command":
                return f"command: {self.before} → {self.after}"
            case "parameter":
                return f"parameter {self.name}: {_value(self.before)} → {_value(self.after)}"
            case "output":
                state = OUTPUT_STATES.get(self.status, "not what the run wrote")
                return f"output {self.name} is {state}"
            case _:
                return f"dependency {self.name}{self._content()}"

    def _content(self) -> str:
        if self.status == "deleted":
            return " is missing"
        if self.status == "rewritten":
            return " was rewritten with the same content"
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
    """List the differences of two parameter values, key by key."""
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        if before == after:
            return []
        return [Change(kind="parameter", name=name, before=before, after=after)]
    keys = dict.fromkeys([*before, *after])
    differences = [
        parameter_changes(f"{name}.{key}", before.get(key), after.get(key)) for key in keys
    ]
    return [change for difference in differences for change in difference]


def listing_changes(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """List the files of a folder that differ between two listings of hashes."""
    differences = []
    for name in sorted({*before, *after}):
        if name not in before:
            differences.append(f"{name} is new")
        elif name not in after:
            differences.append(f"{name} is gone")
        elif before[name] != after[name]:
            differences.append(f"{name} changed")
    return tuple(differences)


def changed_inputs_message(changed: list[Change]) -> str:
    """Describe why a successful stage was not recorded: its inputs changed."""
    descriptions = [change.describe() for change in changed[:MAX_SHOWN_CHANGES]]
    more = [f"{len(changed) - MAX_SHOWN_CHANGES} more"] if len(changed) > MAX_SHOWN_CHANGES else []
    changes = "; ".join([*descriptions, *more])
    return f"not recorded: these inputs changed while it ran: {changes}. Run again"
