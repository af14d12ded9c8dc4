"""Rows of the table of champions: who was it when, by which verdict, and what it changed."""

from collections.abc import Mapping, Sequence
from typing import Any

from foursplit.core.splits import SPLITS, TITLES
from foursplit.reporting.numbers import error_interval, gap_interval, percent, signed

COMMIT = 7  # digits, as git shows


def rows(champions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Write a group's versions, oldest first."""
    return [_row(one) for one in champions]


def first(champions: Sequence[Mapping[str, Any]]) -> int:
    """Give the number of the oldest version that is told; 1 where none is left out."""
    return champions[0]["version"] if champions else 1


def _row(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "number": one["version"],
        "roles": _roles(one),
        "key": one["experiment"] or "not known",
        "stored": one["stored"],
        "commit": (one["commit"] or "")[:COMMIT],
        "dirty": one["git_dirty"],
        "verdict": one["verdict"] or "not judged",
        "against": _against(one),
        "forced": one["forced"],
        "errors": [
            {
                "split": TITLES[split],
                "value": percent(error["value"]),
                "interval": error_interval(error["lo"], error["hi"]),
            }
            for split in SPLITS
            if (error := one["splits"].get(split))
        ],
        "trouble": one["trouble"],
        "changed": _changed(one),
        "moved": [_moved(moved) for moved in one["moved"] if moved["name"] in ("dev", "test")],
        "paired": one["paired"],
        "reasons": [
            {"holds": reason.get("holds"), "sentence": str(reason.get("sentence", ""))}
            for reason in (one["report"] or {}).get("reasons") or ()
        ],
    }


def _roles(one: Mapping[str, Any]) -> list[str]:
    found = []
    if "champion" in one["aliases"]:
        found.append("champion")
    elif one["was_champion"]:
        found.append("was champion")
    if "challenger" in one["aliases"]:
        found.append("last challenger")
    return [*found, *(f"promoted {_minute(stamp)}" for stamp in one["promoted_at"])]


def _minute(stamp: str) -> str:
    """Shorten an ISO time to the minute, as the other times of the page."""
    return stamp[:16].replace("T", " ")


def _against(one: Mapping[str, Any]) -> str:
    if one["verdict"] is None:
        return ""
    number = one["judged_against"]
    return "the trivial predictor" if number is None else f"version {number}"


def _changed(one: Mapping[str, Any]) -> list[str]:
    if one["changed"] is None:
        return []
    found = [
        f"{name} changed" if name in ("data", "code") else f"{name}: {_was(old)} → {_was(new)}"
        for name, (old, new) in one["changed"].items()
    ]
    unknown = ["settings of training: not known"] if one["not_known"] else []
    return [*found, *unknown] or ["no setting, data or code"]


def _was(value: Any) -> str:
    return "unset" if value is None else str(value)


def _moved(moved: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "split": TITLES[moved["name"]],
        "change": signed(moved["change"]),
        "interval": gap_interval(moved["lo"], moved["hi"]),
        "beyond_doubt": moved["beyond_doubt"],
        "better": moved["change"] < 0,
    }
