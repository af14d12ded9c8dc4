"""Hold a group's present winner against its champion, and promote it if it is better for sure."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from foursplit.core import artifacts, paths, pipeline
from foursplit.core.errors import Refusal
from foursplit.core.experiment import Group, Params
from foursplit.core.params import load
from foursplit.core.seeds import generator
from foursplit.evaluation.collect import Entry, collect
from foursplit.evaluation.final import looks
from foursplit.evaluation.scores import scoring
from foursplit.gate.contender import Contender, difference, is_same, read
from foursplit.gate.judge import Judgement, OtherExamples, Reason, Rules, judge
from foursplit.tracking import provenance, registry, store
from foursplit.tracking.registry import Version

SCHEMA = "foursplit.gate/1"

CODES = {"PROMOTE": 0, "HOLD": 4, "REJECT": 5}
"""The command's exit codes; 2 is a refusal, 3 a full disk, as everywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """What the person asked for; with `why`, the winner is promoted whatever the verdict."""

    promote: bool = False
    why: str | None = None
    json_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bout:
    """Who was held against whom, and what came of it."""

    challenger: Version
    champion: Version | None  # None: there is none, or it cannot be read
    number: int | None  # the champion's
    judgement: Judgement

    @property
    def is_champion(self) -> bool:
        return self.challenger.number == self.number


def gate(name: str, how: How) -> int:
    """Store the winner of group `name` as challenger, judge it, tell; give the exit code."""
    params = load()
    group = params.group(name)
    present = _present(params, name)
    failures = store.failures()
    try:
        bout = _bout(params, name, group, present, forced=how.why is not None)
        told = _told(name, present, bout, how)
        _show(told)
        _settle(name, bout, told, how)
    except failures as error:
        if isinstance(error, OSError):
            raise  # a full disk or a missing right: the command line names the file
        raise Refusal(
            f"{store.shown()}: MLflow cannot use it: {str(error).splitlines()[0]}"
        ) from error
    return 0 if how.why is not None else CODES[bout.judgement.verdict]


def _present(params: Params, name: str) -> Entry:
    """Find the winner; one that params.yaml, or its models, have left behind is refused."""
    of = pipeline.of_group(paths.params_file(), name)
    found = [e for e in collect(params.of(of)) if e.winner and e.experiment.group == name]
    again = f"`foursplit repro {name}` makes it"
    if not found:
        raise Refusal(f"{paths.selected(name)}: group {name!r} has no winner yet; {again}")
    entry, locks = found[0], provenance.Locks()
    for seed, summary in entry.summaries.items():
        path = paths.seed_folder(entry.models, seed) / "manifest.json"
        if summary["manifest"] != artifacts.read_json(path) or locks.is_stale(entry, seed):
            folder = paths.seed_folder(entry.tables, seed)
            raise Refusal(f"{folder}: not the tables of {entry.key} as it is now; {again} anew")
    return entry


def _bout(params: Params, name: str, group: Group, present: Entry, *, forced: bool) -> _Bout:
    """Store the challenger, read the champion, judge."""
    number = registry.champion_number(name)
    champion = None
    trouble: Judgement | None = None
    try:
        champion = registry.champion(name)
    except Refusal as refusal:  # gone or altered: nothing to go on, unless somebody answers for it
        if not forced:
            raise
        trouble = _held("champion_unreadable", f"The champion cannot be read: {refusal}")
    challenger = registry.register(
        name, present.models, present.tables, _tags(group, present), click.echo
    )
    return _Bout(
        challenger=challenger,
        champion=champion,
        number=number,
        judgement=trouble or _judged(params, name, group, present, champion),
    )


def _tags(group: Group, present: Entry) -> dict[str, str]:
    """Say where a version comes from: commit, data, experiment."""
    git = provenance.git_tags()
    data = provenance.Locks().digests(group.source)
    found = {"foursplit.experiment": present.key, "foursplit.metric": group.metric}
    found |= {f"foursplit.data.{part}": digest for part, digest in data.items()}
    if git:
        found["foursplit.commit"] = git["mlflow.source.git.commit"]
        found["foursplit.git_dirty"] = git["foursplit.git_dirty"]
    return found


def _judged(
    params: Params, name: str, group: Group, present: Entry, champion: Version | None
) -> Judgement:
    column = scoring(group.task).METRICS[group.metric]
    now = read(present.tables, column)
    before = None if champion is None else read(champion.folder, column)
    if champion is not None and before is not None:
        found = _without_judging(champion, before, now)
        if found is not None:
            return found
    rules = Rules(
        min_gain=group.min_gain,
        direction=group.direction,
        bounds=group.bounds,
        confidence=params.strategy.confidence,
    )
    rng = generator("gate", params.strategy.seed, name)
    try:
        return judge(before.models if before else None, now.models, now.costs, rules, rng)
    except OtherExamples as refusal:  # in what `difference` does not look at, such as groups
        if champion is None:
            raise
        return _other(champion, str(refusal))


def _without_judging(champion: Version, before: Contender, now: Contender) -> Judgement | None:
    """Settle what no comparison is needed for, or possible for."""
    if is_same(before, now):
        told = f"It is the same model as the champion, version {champion.number}: equal weights."
        reason = Reason(code="same_model", holds=True, sentence=told, numbers={})
        return Judgement(verdict="PROMOTE", reasons=(reason,), needed=None)
    other = difference(before, now)
    return None if other is None else _other(champion, other)


def _other(champion: Version, what: str) -> Judgement:
    return _held(
        "other_examples",
        f"The champion, version {champion.number}, was scored on other examples ({what}): it must "
        "be scored on the present ones before the two can be compared.",
    )


def _held(code: str, sentence: str) -> Judgement:
    reason = Reason(code=code, holds=False, sentence=sentence, numbers={})
    return Judgement(verdict="HOLD", reasons=(reason,), needed=None)


def _told(name: str, present: Entry, bout: _Bout, how: How) -> dict[str, Any]:
    champion = None
    if bout.number is not None:
        known = bout.champion.tags.get("foursplit.experiment") if bout.champion else None
        champion = {"version": bout.number, "experiment": known}
    return {
        **bout.judgement.as_json(),
        "schema": SCHEMA,
        "group": name,
        "challenger": {"version": bout.challenger.number, "experiment": present.key},
        "champion": champion,
        "forced": how.why,
        "promoted": not bout.is_champion and _promotes(bout.judgement, how),
        "looks_at_test": _looks(name, present),
    }


def _promotes(judgement: Judgement, how: How) -> bool:
    return (how.promote and judgement.verdict == "PROMOTE") or how.why is not None


def _looks(name: str, present: Entry) -> int:
    """Count the models that the present test was opened for, as far as this folder knows."""
    hashes = {summary["manifest"]["model_hash"] for summary in present.summaries.values()}
    known = looks()
    tests = {look["test"] for look in known if look["group"] == name and look["model"] in hashes}
    return len({look["model"] for look in known if look["test"] in tests})


def _show(told: Mapping[str, Any]) -> None:
    one, other = told["challenger"], told["champion"]
    against = "no champion yet"
    if other is not None:
        against = f"the champion {other['experiment'] or ''} (version {other['version']})"
    click.echo(f"{told['group']}: {one['experiment']} (version {one['version']}) against {against}")
    click.echo(told["verdict"])
    for reason in told["reasons"]:
        click.echo(f"  {'+' if reason['holds'] else '-'} {reason['sentence']}")
    if told["needed"] is not None:
        click.echo(f"  To tell takes about {told['needed']:,} dev examples.")
    n = told["looks_at_test"]
    click.echo(f"Models that this test was opened for, as far as this folder knows: {n}")


def _settle(name: str, bout: _Bout, told: Mapping[str, Any], how: How) -> None:
    """Write the verdict, and last of all move the alias."""
    where = paths.reports(pipeline.of_group(paths.params_file(), name)) / "gate" / f"{name}.json"
    for path in (where, how.json_file):
        if path is not None:
            artifacts.write_json(path, told)
    version = bout.challenger
    if bout.is_champion:
        click.echo(f"Version {version.number} is the champion already.")
        return
    tags = {
        "foursplit.verdict": told["verdict"],
        "foursplit.judged_against": str(bout.number or "none"),
    }
    if how.why is not None:
        tags["foursplit.forced"] = how.why
    registry.mark(version, tags)
    if told["promoted"]:
        registry.promote(version, bout.number, click.echo)
        uri = f"{registry.SCHEME}{name}@{registry.CHAMPION}"
        click.echo(f'Version {version.number} is the champion now: foursplit.load_model("{uri}")')
    elif told["verdict"] == "PROMOTE":
        click.echo("Nothing was promoted: --promote does it.")
