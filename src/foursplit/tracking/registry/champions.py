"""The champions of a group over time: versions, verdicts, and changes."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foursplit import plugins
from foursplit.config import paths, pipelines
from foursplit.config.schema import Params
from foursplit.diagnosis.decomposition import hyperparameter_gaps, ledger
from foursplit.diagnosis.decomposition.decompose import estimate_levels
from foursplit.diagnosis.decomposition.gap_changes import GapChanges, measure_gap_changes
from foursplit.diagnosis.settings import Settings
from foursplit.diagnosis.stats.bootstrap import Estimate
from foursplit.evaluation.diagnose_experiment import settings
from foursplit.evaluation.human_level import human_level
from foursplit.history.gap_history import CODE, DATA, HistoryStep
from foursplit.tracking import store
from foursplit.tracking.registry import model_versions, registry
from foursplit.tracking.registry.model_versions import RegisteredVersion
from foursplit.tracking.registry.version_contents import (
    StoreSnapshot,
    VersionContents,
    read_contents,
)

PROMOTED_AT, REPORT = "foursplit.promoted_at", "foursplit.report"

TIME_FORMAT = "%Y-%m-%d %H:%M"  # UTC, as in a history


@dataclass(frozen=True, slots=True, kw_only=True)
class Champion:
    """A version that was champion, or a challenger that was not promoted."""

    version: RegisteredVersion
    was_champion: bool
    promoted_at: tuple[str, ...]
    judged_against: int | None
    report: Mapping[str, Any] | None  # of the gate, if available
    contents: VersionContents
    splits: Mapping[str, Estimate]
    gaps: Mapping[str, ledger.Gap]
    # Compared with the champion that it was judged against; None without one:
    setting_changes: Mapping[str, tuple[Any, Any]] | None
    gap_changes: GapChanges | None

    def as_json(self) -> dict[str, Any]:
        tags, changes = self.version.tags, self.gap_changes
        return {
            "version": self.version.number,
            "aliases": [*self.version.aliases],
            "stored": f"{self.version.stored:{TIME_FORMAT}}",
            "was_champion": self.was_champion,
            "promoted_at": [*self.promoted_at],
            "experiment": tags.get("foursplit.experiment"),
            "commit": tags.get("foursplit.commit"),
            "git_dirty": tags.get("foursplit.git_dirty") == "true",
            "data": {name: tags.get(f"foursplit.data.{name}") for name in ("seen", "sealed")},
            "verdict": tags.get("foursplit.verdict"),
            "judged_against": self.judged_against,
            "forced": tags.get("foursplit.forced"),
            "splits": {name: error.as_json() for name, error in self.splits.items()},
            "gaps": {name: gap.interval() for name, gap in self.gaps.items()},
            "changed": None
            if self.setting_changes is None
            else {name: list(pair) for name, pair in self.setting_changes.items()},
            "not_known": [] if self.contents.is_complete else ["fit"],
            "paired": None if changes is None else changes.paired,
            "moved": []
            if changes is None
            else [change.as_json() for change in (*changes.splits, *changes.gaps)],
            "report": self.report,
            "trouble": self.contents.error,
        }


def list_champions(
    params: Params, group: str, steps: Sequence[HistoryStep], max_versions: int | None = None
) -> list[Champion]:
    """List a group's latest `max_versions`, oldest first; `steps` are its history."""
    versions = model_versions.list_versions(group)
    shown = versions[-max_versions:] if max_versions else versions
    judged_against = {version.number: _judged_against(version.tags) for version in versions}
    needed = {version.number for version in shown} | {
        judged_against[version.number] for version in shown
    }
    snapshot, last_report = StoreSnapshot(steps), _last_report(group)
    contents = {
        version.number: read_contents(version, snapshot)
        for version in versions
        if version.number in needed
    }
    return [
        Champion(
            version=version,
            was_champion=_was_champion(version, judged_against.values()),
            promoted_at=_promotion_times(version.tags.get(PROMOTED_AT)),
            judged_against=judged_against[version.number],
            report=_json(version.tags.get(REPORT)) or last_report.get(version.number),
            contents=contents[version.number],
            **_errors_and_gaps(params, group, contents[version.number]),
            **_compare_with_champion(
                params,
                group,
                contents.get(judged_against[version.number] or 0),
                contents[version.number],
            ),
        )
        for version in shown
    ]


def champions_by_group(
    params: Params, histories: Mapping[str, Sequence[HistoryStep]], max_versions: int | None = None
) -> dict[str, list[Champion]]:
    """Return the champions of each group that has any."""
    registered = {*registry.model_names(store.client())}
    return {
        group: list_champions(params, group, steps, max_versions)
        for group, steps in histories.items()
        if group in registered
    }


def _was_champion(version: RegisteredVersion, against: Iterable[int | None]) -> bool:
    """Return whether a version ever was champion, or others were judged against it."""
    promoted = registry.CHAMPION in version.aliases or PROMOTED_AT in version.tags
    return promoted or version.number in against


def _judged_against(tags: Mapping[str, str]) -> int | None:
    number = tags.get("foursplit.judged_against", "")
    return int(number) if number.isdigit() else None


def _promotion_times(text: str | None) -> tuple[str, ...]:
    times = _json(text)
    if isinstance(times, list):
        return tuple(map(str, times))
    return () if text is None else (text,)


def _json(text: str | None) -> Any:
    """Parse a tag; None if it is not JSON."""
    try:
        return None if text is None else json.loads(text)
    except json.JSONDecodeError:
        return None


def _last_report(group: str) -> dict[int, Mapping[str, Any]]:
    """Return the gate's last report of a group, by the challenger's version."""
    path = _reports(group) / "gate" / f"{group}.json"
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        return {int(report["challenger"]["version"]): report}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _reports(group: str) -> Path:
    return paths.reports(pipelines.of_group(paths.params_file(), group))


def _errors_and_gaps(params: Params, group: str, contents: VersionContents) -> dict[str, Any]:
    """Estimate a version's errors and gaps, if its tables are available."""
    if not contents.models:
        return {"splits": {}, "gaps": {}}
    settings = _settings(params, group)
    errors = estimate_levels(
        contents.models, settings, same_distribution=settings.same_distribution
    )
    block = params.group(group)
    human = human_level(block, plugins.dataset(block.dataset).SPEC.reference)
    errors_by_name = ({"human": ledger.fixed(human["error"])} if human else {}) | errors
    gaps = ledger.gaps(
        errors_by_name, settings.confidence, same_distribution=settings.same_distribution
    )
    splits = {name: error for name, error in errors.items() if name != ledger.UNSEEN}
    return {"splits": splits, "gaps": {gap.gap: gap for gap in gaps}}


def _settings(params: Params, group: str) -> Settings:
    block = params.group(group)
    return settings(block, plugins.dataset(block.dataset).SPEC, params.diagnosis)


def _compare_with_champion(
    params: Params, group: str, before: VersionContents | None, after: VersionContents
) -> dict[str, Any]:
    """Compare settings and errors with those of the champion."""
    if before is None:
        return {"setting_changes": None, "gap_changes": None}
    first, second = before.settings, after.settings
    if not (before.is_complete and after.is_complete):
        first, second = (_without_fit(settings) for settings in (first, second))
    setting_changes: dict[str, tuple[Any, Any]] = hyperparameter_gaps.changes(first, second)
    for name in (DATA, CODE):
        same = name == DATA or first.get("model") == second.get("model")
        if same and before.marks.get(name) != after.marks.get(name):
            setting_changes[name] = ("before", "after")
    gap_changes = None
    if before.models and after.models:
        gap_changes = measure_gap_changes(before.models, after.models, _settings(params, group))
    return {"setting_changes": setting_changes, "gap_changes": gap_changes}


def _without_fit(settings: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in settings.items() if not name.startswith("fit.")}
