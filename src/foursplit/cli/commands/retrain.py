"""`foursplit retrain`: retrain what changed, compare new winners with champions, write a comment.

Continuous integration calls it; it works the same locally.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click

from foursplit.cli.commands import gate
from foursplit.cli.commands.repro import ReproOptions, repro
from foursplit.config import paths
from foursplit.config.load import load
from foursplit.config.pipelines import FULL, Pipeline, home
from foursplit.config.schema import Params
from foursplit.core.errors import FoursplitError
from foursplit.evaluation.results import collect
from foursplit.io import artifacts, dvc_remote, git, push_branch
from foursplit.reporting.pages.pull_request_comment import comment
from foursplit.reporting.tables import metrics
from foursplit.runner import changes_since_commit, run_log
from foursplit.runner.changes_since_commit import PastCommit

SCHEMA = "foursplit.retrain/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainOptions:
    """Options of the command."""

    since: str | None = None
    promote: bool = False
    read_only: bool = False  # decide, and write nothing to the registry
    branch: str | None = None
    push: bool = False
    full: bool = False


def retrain(targets: Sequence[str], options: RetrainOptions) -> None:
    """Update `targets`, run the gate for the groups that changed, and write the comment."""
    params = load()
    if options.promote and options.read_only:
        raise FoursplitError("--read-only and --promote exclude each other: pass only one.")
    git.require_readable()
    if options.branch is not None:
        push_branch.require_pushable(options.branch)
    if options.promote:
        git.require_committed("--promote")
    before = changes_since_commit.find_past_commit(options.since)
    of: Pipeline = FULL if options.full else ""
    last = paths.state() / "last_run.json"
    last.unlink(missing_ok=True)
    failure = None
    try:
        pull = dvc_remote.default_remote() is not None
        repro(targets, ReproOptions(full=options.full, pull=pull))
    except FoursplitError as error:  # the comment reports it, too
        failure = error
    changed = [] if failure else _changed(params.of(of), before, targets, promote=options.promote)
    verdicts = {name: _verdict(name, options) for name in changed}
    report = {
        "schema": SCHEMA,
        "since": before.commit,
        "commit": changes_since_commit.head_commit(),
        "files": before.files(),
        "parameters": [
            {"name": change.name, "before": change.before, "after": change.after}
            for change in before.parameters()
        ],
        "stages": _stages(artifacts.read_json(last) if last.is_file() else {}),
        "groups": _results(params.of(of), before, changed, verdicts),
        "failure": None if failure is None else str(failure),
    }
    _publish(report, options, of)
    if failure is not None:
        raise failure


def _publish(report: dict[str, Any], options: RetrainOptions, of: Pipeline) -> None:
    """Push results and branch, and write the comment."""
    if report["failure"] is None:
        if options.push:
            dvc_remote.push(of, click.echo)
        if options.branch is not None:
            names = ", ".join(report["groups"]) or "no group changed"
            commit = push_branch.push(options.branch, f"Retrain: {names}")
            report["branch"] = {"name": options.branch, "commit": commit}
            outcome = "no lock file changed" if commit is None else f"pushed as {commit[:12]}"
            click.echo(f"Branch {options.branch}: {outcome}")
    folder = paths.reports() / "retrain"
    folder.mkdir(parents=True, exist_ok=True)
    artifacts.write_json(folder / "retrain.json", report)
    artifacts.write_text(folder / "comment.md", comment(report))
    click.echo(f"Report: {folder / 'comment.md'}")


def _changed(
    params: Params, before: PastCommit, targets: Sequence[str], *, promote: bool
) -> list[str]:
    """Return the groups whose final tables changed since the commit, and those in `targets`.

    With `promote`, also groups without a champion.
    """
    from foursplit.tracking.registry import registry

    names = []
    for course, block in params.groups.items():
        address = home(params.pipeline, course)
        path = paths.pipeline_file(address).with_name("dvc.lock")
        now = (
            changes_since_commit.final_hashes(path.read_text(encoding="utf-8"))
            if path.is_file()
            else {}
        )
        then = before.finals(address)
        for name in block:
            has_changed = now.get(name) is not None and now[name] != then.get(name)
            needs_champion = promote and name in now and registry.champion_number(name) is None
            if has_changed or needs_champion or name in targets:
                names.append(name)
    return names


def _verdict(name: str, options: RetrainOptions) -> dict[str, Any]:
    """Run the gate for a group; an error does not stop the other groups."""
    try:
        return gate.run_gate(
            name, gate.GateOptions(promote=options.promote, store=not options.read_only)
        )
    except FoursplitError as error:
        click.secho(f"{name}: {error}", err=True, fg="red")
        return {"refused": str(error)}


def _stages(outcome: Mapping[str, Any]) -> dict[str, Any]:
    """Return the stages that ran, with duration and reasons."""
    return {
        "ran": [_stage(name) for name in outcome.get("ran", ())],
        "restored": [_stage(name) for name in outcome.get("restored", ())],
        "failed": [
            {**_stage(name), "how": error} for name, error in outcome.get("failed", {}).items()
        ],
        "unchanged": len(outcome.get("unchanged", ())),
        "seconds": outcome.get("seconds", 0.0),
    }


def _stage(name: str) -> dict[str, Any]:
    record = run_log.read(name)
    return {
        "stage": name.rpartition(":")[2],
        "seconds": record.seconds if record else None,
        "reasons": list(record.reasons) if record else [],
    }


def _results(
    params: Params,
    before: PastCommit,
    changed: Iterable[str],
    verdicts: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """Return the verdict of each changed group, with its metrics before and after."""
    entries = collect(params)
    tree = metrics.tree(entries)
    now = {key: values for course in tree.values() for key, values in course.items()}
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
