"""Champions over time as lines for a terminal: who, when, by which verdict, and what changed."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from foursplit.core.splits import SPLITS, TITLES

Champion = Mapping[str, Any]
"""A version as `foursplit.tracking.registry.champions` gives it for other programs."""


def lines(champions: Sequence[Champion]) -> Iterator[str]:
    """Tell a group's versions, a line each; nothing where there is none."""
    if champions:
        yield "champions and challengers:"
        if champions[0]["version"] > 1:
            yield f"  those before version {champions[0]['version']} are not shown (--last)"
    for one in champions:
        yield f"  version {one['version']}, {_role(one)}: {one['experiment']}{_errors(one)}"
        yield f"    {_judged(one)}{_changed(one)}"
        if one["trouble"]:
            yield f"    its own tables were not read: {one['trouble']}"


def _role(one: Champion) -> str:
    """Say what a version is or was, and since when as far as that was noted."""
    if "champion" in one["aliases"]:
        since = one["promoted_at"][-1] if one["promoted_at"] else ""
        return f"champion since {since}" if since else "the champion"
    if one["was_champion"]:
        times = ", ".join(one["promoted_at"])
        return f"was champion (promoted {times})" if times else "was champion"
    return f"challenger of {one['stored']}"


def _errors(one: Champion) -> str:
    told = [
        f"{TITLES[split]} {error['value']:.1%} ({error['lo']:.1%} to {error['hi']:.1%})"
        for split in SPLITS
        if (error := one["splits"].get(split))
    ]
    return f", {', '.join(told)}" if told else ""


def _judged(one: Champion) -> str:
    against = one["judged_against"]
    whom = "the trivial predictor" if against is None else f"version {against}"
    verdict = f"{one['verdict']} against {whom}" if one["verdict"] else "not judged"
    return f"{verdict}; forced: {one['forced']}" if one["forced"] else verdict


def _changed(one: Champion) -> str:
    if one["changed"] is None:
        return ""
    unknown = " (settings of training not known)" * bool(one["not_known"])
    dev = next((moved for moved in one["moved"] if moved["name"] == "dev"), None)
    moved = f"; dev error {dev['change']:+.1%}" if dev else ""
    return f"; changed: {', '.join(one['changed']) or 'no setting'}{unknown}{moved}"
