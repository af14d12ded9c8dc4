"""Format champions and challengers for a terminal: dates, verdicts and changes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from foursplit.core.splits import SPLITS, TITLES

Champion = Mapping[str, Any]
"""A registered version as JSON of `foursplit.tracking.registry.champions`."""


def lines(champions: Sequence[Champion]) -> Iterator[str]:
    """Yield lines for the versions of a group; none without versions."""
    if champions:
        yield "champions and challengers:"
        if champions[0]["version"] > 1:
            yield f"  versions before {champions[0]['version']} are not shown (--last)"
    for version in champions:
        name = f"version {version['version']}, {_role(version)}"
        yield f"  {name}: {version['experiment']}{_errors(version)}"
        yield f"    {_verdict(version)}{_changes(version)}"
        if version["trouble"]:
            yield f"    its prediction tables could not be read: {version['trouble']}"


def _role(version: Champion) -> str:
    """Return the role of a version, with dates if they are recorded."""
    if "champion" in version["aliases"]:
        since = version["promoted_at"][-1] if version["promoted_at"] else ""
        return f"champion since {since}" if since else "the champion"
    if version["was_champion"]:
        times = ", ".join(version["promoted_at"])
        return f"was champion (promoted {times})" if times else "was champion"
    return f"challenger since {version['stored']}"


def _errors(version: Champion) -> str:
    errors = [
        f"{TITLES[split]} {error['value']:.1%} ({error['lo']:.1%} to {error['hi']:.1%})"
        for split in SPLITS
        if (error := version["splits"].get(split))
    ]
    return f", {', '.join(errors)}" if errors else ""


def _verdict(version: Champion) -> str:
    against = version["judged_against"]
    opponent = "the baseline" if against is None else f"version {against}"
    verdict = f"{version['verdict']} against {opponent}" if version["verdict"] else "no verdict"
    return f"{verdict}; forced: {version['forced']}" if version["forced"] else verdict


def _changes(version: Champion) -> str:
    if version["changed"] is None:
        return ""
    unknown = " (training settings unknown)" * bool(version["not_known"])
    change = next((row for row in version["moved"] if row["name"] == "dev"), None)
    dev_change = f"; dev error {change['change']:+.1%}" if change else ""
    return f"; changed: {', '.join(version['changed']) or 'no setting'}{unknown}{dev_change}"
