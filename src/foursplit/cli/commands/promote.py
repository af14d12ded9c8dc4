"""`foursplit promote`: promote the challenger, or a given version, to champion."""

import json
from collections.abc import Mapping

import click

from foursplit.cli.commands.gate import CODES
from foursplit.config.load import load
from foursplit.core.errors import FoursplitError
from foursplit.core.terminal import line
from foursplit.tracking import store_errors
from foursplit.tracking.registry import registry
from foursplit.tracking.registry.registry import StoredVersion
from foursplit.tracking.runs import provenance


def promote(name: str, number: int | None, reason: str | None) -> int:
    """Promote the challenger, or version `number` for a `reason`; return the exit code."""
    load().group(name)
    with store_errors.explain_errors():
        if number is None:
            return _promote_challenger(name)
        return _promote_version(name, number, str(reason))


def _promote_challenger(name: str) -> int:
    """Promote the challenger if the gate's verdict was PROMOTE."""
    version = registry.load_version(name, registry.CHALLENGER)
    champion = registry.champion_number(name)
    if champion == version.number:
        click.echo(f"{name}: version {champion} is already the champion.")
        return 0
    verdict = version.tags.get(registry.VERDICT)
    if verdict is None:
        raise FoursplitError(f"{version.uri} has no verdict yet. Run `foursplit gate {name}`.")
    if verdict != "PROMOTE":
        click.echo(f"{version.uri}: the gate's verdict was {verdict}.")
        for sentence in _failed_checks(version.tags):
            click.echo(line(f"  - {sentence}"))
        return CODES[verdict]
    _require_committed(version)
    _require_merged(version)
    opponent = version.tags.get(registry.AGAINST, "none")
    registry.promote(version, None if opponent == "none" else int(opponent), click.echo)
    _print_promoted(version)
    return 0


def _require_committed(version: StoredVersion) -> None:
    """Raise if the version was trained from uncommitted changes: it cannot be reproduced."""
    if version.tags.get(registry.DIRTY) == "true":
        commit = version.tags.get(registry.COMMIT, "")
        raise FoursplitError(
            f"{version.uri} was trained with uncommitted changes on commit {commit[:12]}. Commit "
            f"them and run `foursplit gate {version.group}` again, or pass --version "
            f"{version.number} --reason TEXT."
        )


def _require_merged(version: StoredVersion) -> None:
    """Raise if this branch does not contain the version's commit: it is not merged yet."""
    commit = version.tags.get(registry.COMMIT)
    if commit is None or provenance.is_ancestor(commit):
        return
    raise FoursplitError(
        f"{version.uri} was trained at commit {commit[:12]}, which is not in the history of the "
        f"current branch. Merge it first, or pass --version {version.number} --reason TEXT."
    )


def _promote_version(name: str, number: int, reason: str) -> int:
    """Promote a version by its number, and store the reason."""
    version = registry.load_version(name, str(number))
    champion = registry.champion_number(name)
    if champion == number:
        click.echo(f"{name}: version {number} is already the champion.")
        return 0
    registry.set_tags(version, {registry.FORCED: reason})
    registry.promote(version, champion, click.echo)
    _print_promoted(version)
    return 0


def _failed_checks(tags: Mapping[str, str]) -> list[str]:
    """Return the sentences of the checks that failed."""
    report = json.loads(tags.get(registry.REPORT, "{}"))
    return [reason["sentence"] for reason in report.get("reasons", ()) if not reason["holds"]]


def _print_promoted(version: StoredVersion) -> None:
    uri = f"{registry.SCHEME}{version.group}@{registry.CHAMPION}"
    click.echo(f'Version {version.number} is now the champion: foursplit.load_model("{uri}")')
