"""Make another version champion: the challenger found better, or one that a person names."""

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


def promote(name: str, number: int | None, why: str | None) -> int:
    """Promote the challenger, or version `number` for a reason; give the exit code."""
    load().group(name)
    with store_errors.explain_errors():
        return _chosen(name, number, why) if number is not None else _challenger(name)


def _challenger(name: str) -> int:
    """Promote what the gate found better than the champion of today."""
    version = registry.load_version(name, registry.CHALLENGER)
    champion = registry.champion_number(name)
    if champion == version.number:
        click.echo(f"{name}: version {champion} is the champion already.")
        return 0
    verdict = version.tags.get(registry.VERDICT)
    if verdict is None:
        raise FoursplitError(f"{version.uri}: not judged yet; `foursplit gate {name}` judges it")
    if verdict != "PROMOTE":
        click.echo(f"{version.uri}: the gate's verdict was {verdict}.")
        for said in _against(version.tags):
            click.echo(line(f"  - {said}"))
        return CODES[verdict]
    _require_committed(version)
    _require_merged(version)
    judged = version.tags.get(registry.AGAINST, "none")
    registry.promote(version, None if judged == "none" else int(judged), click.echo)
    _say(version)
    return 0


def _require_committed(version: StoredVersion) -> None:
    """Refuse a model of sources that no commit holds: nobody could make it again."""
    if version.tags.get(registry.DIRTY) == "true":
        commit = version.tags.get(registry.COMMIT, "")
        raise FoursplitError(
            f"{version.uri}: made in a folder with changes since commit {commit[:12]}, which "
            f"no commit holds: commit them and run `foursplit gate {version.group}` again, or say "
            f"why: --version {version.number} --why TEXT"
        )


def _require_merged(version: StoredVersion) -> None:
    """Refuse a model of a commit that this branch does not hold: a proposal, not yet merged."""
    commit = version.tags.get(registry.COMMIT)
    if commit is None or provenance.is_ancestor(commit):
        return
    raise FoursplitError(
        f"{version.uri}: made at commit {commit[:12]}, which is not in the history of what is "
        f"checked out here: merge it first, or say why: --version {version.number} --why TEXT"
    )


def _chosen(name: str, number: int, why: str | None) -> int:
    """Go to a version by its number, and keep why."""
    version = registry.load_version(name, str(number))
    champion = registry.champion_number(name)
    if champion == number:
        click.echo(f"{name}: version {number} is the champion already.")
        return 0
    registry.set_tags(version, {registry.FORCED: str(why)})
    registry.promote(version, champion, click.echo)
    _say(version)
    return 0


def _against(tags: Mapping[str, str]) -> list[str]:
    """Give the gate's reasons that did not hold."""
    told = json.loads(tags.get(registry.REPORT, "{}"))
    return [reason["sentence"] for reason in told.get("reasons", ()) if not reason["holds"]]


def _say(version: StoredVersion) -> None:
    uri = f"{registry.SCHEME}{version.group}@{registry.CHAMPION}"
    click.echo(f'Version {version.number} is the champion now: foursplit.load_model("{uri}")')
