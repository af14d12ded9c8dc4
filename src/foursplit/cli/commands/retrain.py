"""Retrain what a change touches, hold new winners against their champions, tell what came of it.

This is what continuous integration calls; it works alike at a desk.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click

from foursplit.cli.commands import gate
from foursplit.cli.commands import repro as run
from foursplit.config import paths
from foursplit.config.load import load
from foursplit.config.pipelines import REAL, Pipeline, home
from foursplit.config.schema import Params
from foursplit.core.errors import FoursplitError
from foursplit.evaluation.results import collect
from foursplit.io import artifacts, dvc_remote, git, push_branch
from foursplit.reporting.pages.pull_request_comment import comment
from foursplit.reporting.tables import metrics
from foursplit.runner import changes_since, run_log
from foursplit.runner.changes_since import PastCommit

SCHEMA = "foursplit.retrain/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """What is asked for besides training."""

    since: str | None = None
    promote: bool = False
    read_only: bool = False  # judge, and leave the registry as it is
    branch: str | None = None
    push: bool = False
    real: bool = False


def retrain(targets: Sequence[str], how: How) -> None:
    """Bring `targets` up to date, gate the groups that changed, write the comment."""
    params = load()
    if how.promote and how.read_only:
        raise FoursplitError(
            "--read-only leaves the registry as it is, and --promote does not: drop one"
        )
    git.require_readable()
    if how.branch is not None:
        push_branch.require(how.branch)
    if how.promote:
        git.require_committed("--promote")
    before = changes_since.find_past_commit(how.since)
    of: Pipeline = REAL if how.real else ""
    last = paths.state() / "last_run.json"
    last.unlink(missing_ok=True)
    failure = None
    try:
        run.repro(targets, run.How(real=how.real, pull=dvc_remote.configured() is not None))
    except FoursplitError as refusal:  # the comment says so too
        failure = refusal
    changed = [] if failure else _changed(params.of(of), before, targets, promote=how.promote)
    verdicts = {name: _verdict(name, how) for name in changed}
    told = {
        "schema": SCHEMA,
        "since": before.commit,
        "commit": changes_since.head_commit(),
        "files": before.files(),
        "parameters": [
            {"name": change.name, "before": change.before, "after": change.after}
            for change in before.parameters()
        ],
        "stages": _stages(artifacts.read_json(last) if last.is_file() else {}),
        "groups": _results(params.of(of), before, changed, verdicts),
        "failure": None if failure is None else str(failure),
    }
    _publish(told, how, of)
    if failure is not None:
        raise failure


def _publish(told: dict[str, Any], how: How, of: Pipeline) -> None:
    """Write the comment, last of all where others see it."""
    if told["failure"] is None:
        if how.push:
            dvc_remote.push(of, click.echo)
        if how.branch is not None:
            names = ", ".join(told["groups"]) or "no group changed"
            commit = push_branch.push(how.branch, f"Retrain: {names}")
            told["branch"] = {"name": how.branch, "commit": commit}
            what = "no lock file changed" if commit is None else f"pushed as {commit[:12]}"
            click.echo(f"Branch {how.branch}: {what}")
    folder = paths.reports() / "retrain"
    folder.mkdir(parents=True, exist_ok=True)
    artifacts.write_json(folder / "retrain.json", told)
    artifacts.write_text(folder / "comment.md", comment(told))
    click.echo(f"What came of it: {folder / 'comment.md'}")


def _changed(params: Params, before: PastCommit, targets: Sequence[str], *, promote: bool) -> list[str]:
    """Name the groups whose final tables are others than at the commit, or that were asked for.

    With `promote` also those that have no champion yet.
    """
    from foursplit.tracking.registry import registry

    found = []
    for course, block in params.groups.items():
        at = home(params.pipeline, course)
        path = paths.pipeline_file(at).with_name("dvc.lock")
        now = changes_since.final_hashes(path.read_text(encoding="utf-8")) if path.is_file() else {}
        then = before.finals(at)
        for name in block:
            is_new = now.get(name) is not None and now[name] != then.get(name)
            first = promote and name in now and registry.champion_number(name) is None
            if is_new or first or name in targets:
                found.append(name)
    return found


def _verdict(name: str, how: How) -> dict[str, Any]:
    """Ask the gate; a group that it refuses keeps no other from being judged."""
    try:
        return gate.decide(name, gate.How(promote=how.promote, store=not how.read_only))
    except FoursplitError as refusal:
        click.secho(f"{name}: {refusal}", err=True, fg="red")
        return {"refused": str(refusal)}


def _stages(outcome: Mapping[str, Any]) -> dict[str, Any]:
    """Say of each stage that did anything how long it took, and why."""
    return {
        "ran": [_stage(name) for name in outcome.get("ran", ())],
        "restored": [_stage(name) for name in outcome.get("restored", ())],
        "failed": [{**_stage(name), "how": how} for name, how in outcome.get("failed", {}).items()],
        "unchanged": len(outcome.get("unchanged", ())),
        "seconds": outcome.get("seconds", 0.0),
    }


def _stage(name: str) -> dict[str, Any]:
    kept = run_log.read(name)
    return {
        "stage": name.rpartition(":")[2],
        "seconds": kept.seconds if kept else None,
        "reasons": list(kept.reasons) if kept else [],
    }


def _results(
    params: Params,
    before: PastCommit,
    changed: Iterable[str],
    verdicts: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """Put each changed group's experiments before and after beside its verdict."""
    entries = collect(params)
    tree = metrics.tree(entries)
    now = {key: found for course in tree.values() for key, found in course.items()}
    then = before.metrics(params.pipeline)
    winners = {entry.experiment.group: entry.key for entry in entries if entry.winner}
    return {
        name: {
            "winner": winners.get(name),
            "gate": verdicts[name],
            "experiments": {
                key: {"before": then.get(key), "after": now.get(key)}
                for key in params.members(name)
            },
        }
        for name in changed
    }
