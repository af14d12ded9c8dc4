"""`foursplit gate`: compare a group's current winner with its champion, and promote it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from foursplit import plugins
from foursplit.config import paths, pipelines
from foursplit.config.load import load
from foursplit.config.schema import ComparisonGroup, Params
from foursplit.core.errors import FoursplitError
from foursplit.core.terminal import line
from foursplit.evaluation import final, threshold
from foursplit.evaluation.results import ExperimentResult, collect
from foursplit.evaluation.threshold import DecisionThreshold
from foursplit.io import artifacts, git
from foursplit.promotion.evaluate_challenger import Evaluation, evaluate_challenger, hold
from foursplit.promotion.judge import Judgement
from foursplit.tracking import store_errors
from foursplit.tracking.registry import registry, test_accesses
from foursplit.tracking.registry.registry import StoredVersion
from foursplit.tracking.runs import provenance

SCHEMA = "foursplit.gate/1"

CODES = {"PROMOTE": 0, "HOLD": 4, "REJECT": 5}
"""Exit codes by verdict; as in every command, 2 is an error and 3 a full disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateOptions:
    """Options of the command; with a `reason` the winner is promoted whatever the verdict."""

    promote: bool = False
    store: bool = True  # False: the registry is only read
    reason: str | None = None
    json_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Comparison:
    """Challenger, champion and the result of their comparison."""

    challenger: StoredVersion | None  # None: not registered
    champion: StoredVersion | None  # None: there is none, or it cannot be read
    champion_number: int | None
    evaluation: Evaluation

    @property
    def judgement(self) -> Judgement:
        return self.evaluation.judgement

    @property
    def is_champion(self) -> bool:
        return self.challenger is not None and self.challenger.number == self.champion_number


def gate(name: str, options: GateOptions) -> int:
    """Run the gate for group `name`, and return the exit code."""
    report = run_gate(name, options)
    return 0 if options.reason is not None else CODES[report["verdict"]]


def run_gate(name: str, options: GateOptions) -> dict[str, Any]:
    """Register the winner as challenger, compare it with the champion, and return the report."""
    params = load()
    group = params.group(name)
    git.require_readable()  # or the registered version could not be reproduced
    if options.promote and options.reason is None:
        git.require_committed("--promote", ", or override this with --force --reason TEXT")
    winner = _current_winner(params, name)
    with store_errors.explain_errors():
        comparison = _compare(params, name, group, winner, options)
        report = _report(params, name, winner, comparison, options)
        _show(report)
        _save(name, comparison, report, options)
    return report


def _current_winner(params: Params, name: str) -> ExperimentResult:
    """Return the winner; raise if its tables are older than params.yaml or its models."""
    of = pipelines.of_group(paths.params_file(), name)
    winners = [
        entry for entry in collect(params.of(of)) if entry.winner and entry.experiment.group == name
    ]
    if not winners:
        raise FoursplitError(
            f"{paths.selected(name)}: group {name!r} has no winner yet. "
            f"Run `foursplit repro {name}`."
        )
    entry, locks = winners[0], provenance.LockFiles()
    for seed, summary in entry.summaries.items():
        path = paths.seed_folder(entry.models, seed) / "manifest.json"
        if summary["manifest"] != artifacts.read_json(path) or locks.is_stale(entry, seed):
            folder = paths.seed_folder(entry.tables, seed)
            raise FoursplitError(
                f"{folder}: the prediction tables were made by an earlier version of {entry.key}. "
                f"Run `foursplit repro {name}`."
            )
    return entry


def _compare(
    params: Params,
    name: str,
    group: ComparisonGroup,
    winner: ExperimentResult,
    options: GateOptions,
) -> _Comparison:
    """Register the challenger, if `options.store`, and compare it with the champion."""
    number = registry.champion_number(name)
    champion = None
    unreadable: Evaluation | None = None
    try:
        champion = registry.load_champion(name)
    except FoursplitError as error:  # deleted or modified: only --force may replace it
        if options.reason is None:
            raise
        sentence = f"The champion cannot be read: {error}"
        unreadable = Evaluation(judgement=hold("champion_unreadable", sentence))
    return _Comparison(
        challenger=_register(name, group, winner) if options.store else None,
        champion=champion,
        champion_number=number,
        evaluation=unreadable or evaluate_challenger(params, name, winner, champion),
    )


def _register(name: str, group: ComparisonGroup, winner: ExperimentResult) -> StoredVersion:
    return registry.register(
        *(name, winner.models, winner.tables, _tags(group, winner), click.echo),
        features=plugins.dataset(group.dataset).SPEC.features,
        thresholds=_thresholds(group, winner),
    )


def _thresholds(group: ComparisonGroup, winner: ExperimentResult) -> dict[str, DecisionThreshold]:
    """Return the threshold of each seed that was frozen before test was opened."""
    classes = winner.manifest["shape"]["classes"]
    found = {
        paths.seed_folder(winner.models, seed).name: threshold.of_summary(summary, group, classes)
        for seed, summary in winner.summaries.items()
    }
    return {seed: one for seed, one in found.items() if one is not None}


def _tags(group: ComparisonGroup, winner: ExperimentResult) -> dict[str, str]:
    """Return the provenance of a version: commit, data, experiment."""
    git_tags = provenance.git_tags()
    data = provenance.LockFiles().digests(group.dataset)
    tags = {"foursplit.experiment": winner.key, "foursplit.metric": group.metric}
    tags |= {f"foursplit.data.{name}": digest for name, digest in data.items()}
    if git_tags:
        tags[registry.COMMIT] = git_tags["mlflow.source.git.commit"]
        tags[registry.DIRTY] = git_tags["foursplit.git_dirty"]
    return tags


def _report(
    params: Params,
    name: str,
    winner: ExperimentResult,
    comparison: _Comparison,
    options: GateOptions,
) -> dict[str, Any]:
    champion = None
    if comparison.champion_number is not None:
        tags = comparison.champion.tags if comparison.champion else {}
        champion = {
            "version": comparison.champion_number,
            "experiment": tags.get("foursplit.experiment"),
        }
    challenger = comparison.challenger
    return {
        **comparison.judgement.as_json(),
        "schema": SCHEMA,
        "group": name,
        "challenger": {
            "version": None if challenger is None else challenger.number,
            "experiment": winner.key,
        },
        "champion": champion,
        "forced": options.reason,
        "promoted": not comparison.is_champion and _promotes(comparison.judgement, options),
        "looks_at_test": _count_test_accesses(
            params, name, winner, comparison, store=options.store
        ),
    }


def _promotes(judgement: Judgement, options: GateOptions) -> bool:
    return (options.promote and judgement.verdict == "PROMOTE") or options.reason is not None


def _count_test_accesses(
    params: Params, name: str, winner: ExperimentResult, comparison: _Comparison, *, store: bool
) -> int:
    """Record the models evaluated on the current test set; count them over all groups."""
    dataset = params.group(name).dataset
    test = artifacts.sha256_file(paths.split(dataset) / "sealed" / "test.parquet")
    models = {summary["manifest"]["model_hash"] for summary in winner.summaries.values()}
    if comparison.champion is not None and comparison.evaluation.opened:
        models |= registry.weight_hashes(comparison.champion)
    if store:
        test_accesses.record_accesses(name, test, models)
    local = models | {access["model"] for access in final.test_accesses() if access["test"] == test}
    groups = (
        block.items() for section in params.sections().values() for block in section.groups.values()
    )
    same_source = [other for block in groups for other, group in block if group.dataset == dataset]
    return len(local.union(*(test_accesses.accessed_models(other, test) for other in same_source)))


def _show(report: Mapping[str, Any]) -> None:
    challenger, champion = report["challenger"], report["champion"]
    opponent = "no champion yet"
    if champion is not None:
        opponent = f"the champion {champion['experiment'] or ''} (version {champion['version']})"
    number = challenger["version"]
    version = "not registered" if number is None else f"version {number}"
    click.echo(f"{report['group']}: {challenger['experiment']} ({version}) against {opponent}")
    click.echo(report["verdict"])
    for reason in report["reasons"]:
        click.echo(line(f"  {'+' if reason['holds'] else '-'} {reason['sentence']}"))
    if report["needed"] is not None:
        click.echo(f"  About {report['needed']:,} dev examples are needed to decide.")
    click.echo(f"Models evaluated on this test set so far: {report['looks_at_test']}")


def _save(
    name: str, comparison: _Comparison, report: Mapping[str, Any], options: GateOptions
) -> None:
    """Write the report and the tags, and move the champion alias last."""
    file = paths.reports(pipelines.of_group(paths.params_file(), name)) / "gate" / f"{name}.json"
    for path in (file, options.json_file):
        if path is not None:
            artifacts.write_json(path, report)
    version = comparison.challenger
    if version is None:
        return
    if comparison.is_champion:
        click.echo(f"Version {version.number} is already the champion.")
        return
    tags = {
        registry.VERDICT: report["verdict"],
        registry.AGAINST: str(comparison.champion_number or "none"),
        registry.REPORT: _shortened(report),
    }
    if options.reason is not None:
        tags[registry.FORCED] = options.reason
    registry.set_tags(version, tags)
    if report["promoted"]:
        registry.promote(version, comparison.champion_number, click.echo)
        uri = f"{registry.SCHEME}{name}@{registry.CHAMPION}"
        click.echo(f'Version {version.number} is now the champion: foursplit.load_model("{uri}")')
    elif report["verdict"] == "PROMOTE":
        click.echo("Not promoted. Pass --promote to promote it.")


def _shortened(report: Mapping[str, Any]) -> str:
    """Return the report as a registry tag; a report that is too long loses its numbers."""
    text = json.dumps(report, sort_keys=True)
    if len(text) <= registry.TAG_LENGTH:
        return text
    reasons = [{**reason, "numbers": {}} for reason in report["reasons"]]
    return json.dumps({**report, "reasons": reasons}, sort_keys=True)
