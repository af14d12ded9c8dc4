"""Hold a group's present winner against its champion, and promote it if it is better for sure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from foursplit import plugins
from foursplit.config import paths, pipelines
from foursplit.config.load import load
from foursplit.config.schema import Group, Params
from foursplit.core.errors import FoursplitError
from foursplit.core.terminal import line
from foursplit.evaluation.final import looks
from foursplit.evaluation.results import Entry, collect
from foursplit.io import artifacts, git
from foursplit.promotion.evaluate_challenger import Judged, held, judged
from foursplit.promotion.judge import Judgement
from foursplit.tracking import store_errors
from foursplit.tracking.registry import registry
from foursplit.tracking.registry import test_accesses as remembered
from foursplit.tracking.registry.registry import StoredVersion
from foursplit.tracking.runs import provenance

SCHEMA = "foursplit.gate/1"

CODES = {"PROMOTE": 0, "HOLD": 4, "REJECT": 5}
"""The command's exit codes; 2 is a refusal, 3 a full disk, as everywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """What the person asked for; with `why`, the winner is promoted whatever the verdict."""

    promote: bool = False
    store: bool = True  # False: the registry is read alone
    why: str | None = None
    json_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bout:
    """Who was held against whom, and what came of it."""

    challenger: StoredVersion | None  # None: it was not stored
    champion: StoredVersion | None  # None: there is none, or it cannot be read
    number: int | None  # the champion's
    found: Judged

    @property
    def judgement(self) -> Judgement:
        return self.found.judgement

    @property
    def is_champion(self) -> bool:
        return self.challenger is not None and self.challenger.number == self.number


def gate(name: str, how: How) -> int:
    """Store the winner of group `name` as challenger, judge it, tell; give the exit code."""
    told = decide(name, how)
    return 0 if how.why is not None else CODES[told["verdict"]]


def decide(name: str, how: How) -> dict[str, Any]:
    """Do the same; give what was told."""
    params = load()
    group = params.group(name)
    git.require_readable()  # or a version would be stored that nobody can make again
    if how.promote and how.why is None:
        git.require_committed("--promote", ", or overrule this with --force --why TEXT")
    present = _present(params, name)
    with store_errors.explain_errors():
        bout = _bout(params, name, group, present, how)
        told = _told(params, name, present, bout, how)
        _show(told)
        _settle(name, bout, told, how)
    return told


def _present(params: Params, name: str) -> Entry:
    """Find the winner; one that params.yaml, or its models, have left behind is refused."""
    of = pipelines.of_group(paths.params_file(), name)
    found = [e for e in collect(params.of(of)) if e.winner and e.experiment.group == name]
    again = f"`foursplit repro {name}` makes it"
    if not found:
        raise FoursplitError(f"{paths.selected(name)}: group {name!r} has no winner yet; {again}")
    entry, locks = found[0], provenance.LockFiles()
    for seed, summary in entry.summaries.items():
        path = paths.seed_folder(entry.models, seed) / "manifest.json"
        if summary["manifest"] != artifacts.read_json(path) or locks.is_stale(entry, seed):
            folder = paths.seed_folder(entry.tables, seed)
            raise FoursplitError(
                f"{folder}: not the tables of {entry.key} as it is now; {again} anew"
            )
    return entry


def _bout(params: Params, name: str, group: Group, present: Entry, how: How) -> _Bout:
    """Store the challenger if that is wanted, read the champion, judge."""
    number = registry.champion_number(name)
    champion = None
    trouble: Judged | None = None
    try:
        champion = registry.load_champion(name)
    except (
        FoursplitError
    ) as refusal:  # gone or altered: nothing to go on, unless somebody answers for it
        if how.why is None:
            raise
        told = f"The champion cannot be read: {refusal}"
        trouble = Judged(judgement=held("champion_unreadable", told))
    return _Bout(
        challenger=_stored(name, group, present) if how.store else None,
        champion=champion,
        number=number,
        found=trouble or judged(params, name, present, champion),
    )


def _stored(name: str, group: Group, present: Entry) -> StoredVersion:
    return registry.register(
        *(name, present.models, present.tables, _tags(group, present), click.echo),
        features=plugins.dataset(group.source).SOURCE.features,
    )


def _tags(group: Group, present: Entry) -> dict[str, str]:
    """Say where a version comes from: commit, data, experiment."""
    made_at = provenance.git_tags()
    data = provenance.LockFiles().digests(group.source)
    found = {"foursplit.experiment": present.key, "foursplit.metric": group.metric}
    found |= {f"foursplit.data.{part}": digest for part, digest in data.items()}
    if made_at:
        found[registry.COMMIT] = made_at["mlflow.source.git.commit"]
        found[registry.DIRTY] = made_at["foursplit.git_dirty"]
    return found


def _told(params: Params, name: str, present: Entry, bout: _Bout, how: How) -> dict[str, Any]:
    champion = None
    if bout.number is not None:
        known = bout.champion.tags.get("foursplit.experiment") if bout.champion else None
        champion = {"version": bout.number, "experiment": known}
    number = None if bout.challenger is None else bout.challenger.number
    return {
        **bout.judgement.as_json(),
        "schema": SCHEMA,
        "group": name,
        "challenger": {"version": number, "experiment": present.key},
        "champion": champion,
        "forced": how.why,
        "promoted": not bout.is_champion and _promotes(bout.judgement, how),
        "looks_at_test": _looks(params, name, present, bout, store=how.store),
    }


def _promotes(judgement: Judgement, how: How) -> bool:
    return (how.promote and judgement.verdict == "PROMOTE") or how.why is not None


def _looks(params: Params, name: str, present: Entry, bout: _Bout, *, store: bool) -> int:
    """Note who was asked the present test, and count all that ever were, in any group."""
    source = params.group(name).source
    test = artifacts.sha256_file(paths.split(source) / "sealed" / "test.parquet")
    asked = {summary["manifest"]["model_hash"] for summary in present.summaries.values()}
    if bout.champion is not None and bout.found.opened:
        asked |= registry.weight_hashes(bout.champion)
    if store:
        remembered.record_accesses(name, test, asked)
    here = asked | {look["model"] for look in looks() if look["test"] == test}
    every = (block.items() for section in params.sections().values()
             for block in section.groups.values())  # fmt: skip
    alike = [other for block in every for other, group in block if group.source == source]
    return len(here.union(*(remembered.accessed_models(other, test) for other in alike)))


def _show(told: Mapping[str, Any]) -> None:
    one, other = told["challenger"], told["champion"]
    against = "no champion yet"
    if other is not None:
        against = f"the champion {other['experiment'] or ''} (version {other['version']})"
    stored = "not stored" if one["version"] is None else f"version {one['version']}"
    click.echo(f"{told['group']}: {one['experiment']} ({stored}) against {against}")
    click.echo(told["verdict"])
    for reason in told["reasons"]:
        click.echo(line(f"  {'+' if reason['holds'] else '-'} {reason['sentence']}"))
    if told["needed"] is not None:
        click.echo(f"  To tell takes about {told['needed']:,} dev examples.")
    n = told["looks_at_test"]
    click.echo(f"Models that this test was opened for so far: {n}")


def _settle(name: str, bout: _Bout, told: Mapping[str, Any], how: How) -> None:
    """Write the verdict, and last of all move the alias."""
    where = paths.reports(pipelines.of_group(paths.params_file(), name)) / "gate" / f"{name}.json"
    for path in (where, how.json_file):
        if path is not None:
            artifacts.write_json(path, told)
    version = bout.challenger
    if version is None:
        return
    if bout.is_champion:
        click.echo(f"Version {version.number} is the champion already.")
        return
    tags = {
        registry.VERDICT: told["verdict"],
        registry.AGAINST: str(bout.number or "none"),
        registry.REPORT: _short(told),
    }
    if how.why is not None:
        tags[registry.FORCED] = how.why
    registry.set_tags(version, tags)
    if told["promoted"]:
        registry.promote(version, bout.number, click.echo)
        uri = f"{registry.SCHEME}{name}@{registry.CHAMPION}"
        click.echo(f'Version {version.number} is the champion now: foursplit.load_model("{uri}")')
    elif told["verdict"] == "PROMOTE":
        click.echo("Nothing was promoted: --promote does it.")


def _short(told: Mapping[str, Any]) -> str:
    """Give the report as a tag of the registry holds it: a very long one without its numbers."""
    whole = json.dumps(told, sort_keys=True)
    if len(whole) <= registry.TAG_LENGTH:
        return whole
    bare = [{**reason, "numbers": {}} for reason in told["reasons"]]
    return json.dumps({**told, "reasons": bare}, sort_keys=True)
