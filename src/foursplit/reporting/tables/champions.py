"""Rows of the champion table: versions, verdicts, errors and what each version changed."""

from collections.abc import Mapping, Sequence
from typing import Any

from foursplit.core.splits import SPLITS, TITLES
from foursplit.reporting.numbers import error_interval, percent
from foursplit.reporting.tables.changes import format_change

SHORT_COMMIT = 7  # digits, as git abbreviates


def rows(champions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Format the versions of a group, oldest first."""
    return [_row(version) for version in champions]


def first_version(champions: Sequence[Mapping[str, Any]]) -> int:
    """Return the number of the oldest version shown; 1 if none is left out."""
    return champions[0]["version"] if champions else 1


def _row(version: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "number": version["version"],
        "roles": _roles(version),
        "key": version["experiment"] or "unknown",
        "registered_at": version["stored"],
        "commit": (version["commit"] or "")[:SHORT_COMMIT],
        "dirty": version["git_dirty"],
        "verdict": version["verdict"] or "not judged",
        "compared_with": _compared_with(version),
        "forced": version["forced"],
        "errors": [
            {
                "split": TITLES[split],
                "value": percent(error["value"]),
                "interval": error_interval(error["lo"], error["hi"]),
            }
            for split in SPLITS
            if (error := version["splits"].get(split))
        ],
        "read_error": version["trouble"],
        "changed": _changed(version),
        "error_changes": [
            _error_change(change)
            for change in version["moved"]
            if change["name"] in ("dev", "test")
        ],
        "paired": version["paired"],
        "checks": [
            {"passed": reason.get("holds"), "sentence": str(reason.get("sentence", ""))}
            for reason in (version["report"] or {}).get("reasons") or ()
        ],
    }


def _roles(version: Mapping[str, Any]) -> list[str]:
    roles = []
    if "champion" in version["aliases"]:
        roles.append("champion")
    elif version["was_champion"]:
        roles.append("was champion")
    if "challenger" in version["aliases"]:
        roles.append("latest challenger")
    return [*roles, *(f"promoted {_minute(stamp)}" for stamp in version["promoted_at"])]


def _minute(stamp: str) -> str:
    """Shorten an ISO time to the minute."""
    return stamp[:16].replace("T", " ")


def _compared_with(version: Mapping[str, Any]) -> str:
    if version["verdict"] is None:
        return ""
    number = version["judged_against"]
    return "the baseline" if number is None else f"version {number}"


def _changed(version: Mapping[str, Any]) -> list[str]:
    if version["changed"] is None:
        return []
    changes = [
        f"{name} changed"
        if name in ("data", "code")
        else f"{name}: {_setting(old)} → {_setting(new)}"
        for name, (old, new) in version["changed"].items()
    ]
    unknown = ["training settings: unknown"] if version["not_known"] else []
    return [*changes, *unknown] or ["no setting, data or code"]


def _setting(value: Any) -> str:
    return "unset" if value is None else str(value)


def _error_change(row: Mapping[str, Any]) -> dict[str, Any]:
    change = format_change(row["change"], row["lo"], row["hi"], significant=row["significant"])
    return {"split": TITLES[row["name"]], **change}
