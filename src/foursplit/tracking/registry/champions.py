"""Who was champion of a group and when: each stored version, how it was judged, what it changed."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foursplit import plugins
from foursplit.config import paths, pipelines
from foursplit.config.schema import Params
from foursplit.diagnosis import steps
from foursplit.diagnosis.decomposition import hyperparameter_gaps, ledger
from foursplit.diagnosis.decomposition.gap_changes import Movement, movement
from foursplit.diagnosis.stats.bootstrap import Estimate
from foursplit.evaluation.diagnose import settings
from foursplit.evaluation.human_level import human_level
from foursplit.history.gap_history import CODE, DATA, Step
from foursplit.tracking import store
from foursplit.tracking.registry import model_versions, registry
from foursplit.tracking.registry.model_versions import RegisteredVersion
from foursplit.tracking.registry.version_contents import (
    StoreSnapshot,
    VersionContents,
    read_contents,
)

PROMOTED_AT, REPORT = "foursplit.promoted_at", "foursplit.report"

TIME_FORMAT = "%Y-%m-%d %H:%M"  # UTC, as the runs of a history


@dataclass(frozen=True, slots=True, kw_only=True)
class Champion:
    """A version that was champion, or a challenger that did not become it."""

    listed: RegisteredVersion
    was_champion: bool
    promoted_at: tuple[str, ...]
    judged_against: int | None
    report: Mapping[str, Any] | None  # of the gate, where it was kept
    held: VersionContents
    splits: Mapping[str, Estimate]
    gaps: Mapping[str, ledger.Gap]
    # Against the champion that it was judged against; None where there was none:
    changed: Mapping[str, tuple[Any, Any]] | None
    moved: Movement | None

    def as_json(self) -> dict[str, Any]:
        tags, moved = self.listed.tags, self.moved
        return {
            "version": self.listed.number,
            "aliases": [*self.listed.aliases],
            "stored": f"{self.listed.stored:{TIME_FORMAT}}",
            "was_champion": self.was_champion,
            "promoted_at": [*self.promoted_at],
            "experiment": tags.get("foursplit.experiment"),
            "commit": tags.get("foursplit.commit"),
            "git_dirty": tags.get("foursplit.git_dirty") == "true",
            "data": {part: tags.get(f"foursplit.data.{part}") for part in ("seen", "sealed")},
            "verdict": tags.get("foursplit.verdict"),
            "judged_against": self.judged_against,
            "forced": tags.get("foursplit.forced"),
            "splits": {name: error.as_json() for name, error in self.splits.items()},
            "gaps": {name: {"value": gap.value, "lo": gap.lo, "hi": gap.hi}
                     for name, gap in self.gaps.items()},
            "changed": None if self.changed is None else
            {name: list(pair) for name, pair in self.changed.items()},
            "not_known": [] if self.held.whole else ["fit"],
            "paired": None if moved is None else moved.paired,
            "moved": [] if moved is None else
            [one.as_json() for one in (*moved.splits, *moved.gaps)],
            "report": self.report,
            "trouble": self.held.trouble,
        }  # fmt: skip


def list_champions(
    params: Params, group: str, steps: Sequence[Step], most: int | None = None
) -> list[Champion]:
    """List a group's versions, oldest first, at `most` the latest; `steps` are its history's."""
    every = model_versions.list_versions(group)
    found = every[-most:] if most else every
    against = {version.number: _judged_against(version.tags) for version in every}
    needed = {version.number for version in found} | {against[one.number] for one in found}
    known, kept = StoreSnapshot(steps), _last_report(group)
    held = {one.number: read_contents(one, known) for one in every if one.number in needed}
    return [
        Champion(
            listed=version,
            was_champion=_was_champion(version, against.values()),
            promoted_at=_promotion_times(version.tags.get(PROMOTED_AT)),
            judged_against=against[version.number],
            report=_json(version.tags.get(REPORT)) or kept.get(version.number),
            held=held[version.number],
            **_errors_and_gaps(params, group, held[version.number]),
            **_compare_with_champion(params, group, held.get(against[version.number] or 0),
                       held[version.number]),
        )
        for version in found
    ]  # fmt: skip


def champions_by_group(
    params: Params, told: Mapping[str, Sequence[Step]], most: int | None = None
) -> dict[str, list[Champion]]:
    """Give the champions of the groups that have any."""
    registered = {*registry.model_names(store.client())}
    return {
        group: list_champions(params, group, steps, most)
        for group, steps in told.items()
        if group in registered
    }


def _was_champion(version: RegisteredVersion, against: Iterable[int | None]) -> bool:
    """Tell whether a version ever was in use; that others were judged against it says so too."""
    promoted = registry.CHAMPION in version.aliases or PROMOTED_AT in version.tags
    return promoted or version.number in against


def _judged_against(tags: Mapping[str, str]) -> int | None:
    given = tags.get("foursplit.judged_against", "")
    return int(given) if given.isdigit() else None


def _promotion_times(given: str | None) -> tuple[str, ...]:
    found = _json(given)
    if isinstance(found, list):
        return tuple(map(str, found))
    return () if given is None else (given,)


def _json(given: str | None) -> Any:
    """Read what a tag holds; what is no JSON counts as nothing."""
    try:
        return None if given is None else json.loads(given)
    except json.JSONDecodeError:
        return None


def _last_report(group: str) -> dict[int, Mapping[str, Any]]:
    """Give what the gate wrote last of a group, by the challenger's version."""
    path = _reports(group) / "gate" / f"{group}.json"
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return {int(told["challenger"]["version"]): told}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _reports(group: str) -> Path:
    return paths.reports(pipelines.of_group(paths.params_file(), group))


def _errors_and_gaps(params: Params, group: str, held: VersionContents) -> dict[str, Any]:
    """Estimate a version's errors and gaps, as far as its tables are still held."""
    if not held.models:
        return {"splits": {}, "gaps": {}}
    given = _settings(params, group)
    errors = steps.estimates(held.models, given)
    block = params.group(group)
    human = human_level(block, plugins.dataset(block.source).SOURCE.reference)
    known = ({"human": ledger.fixed(human["error"])} if human else {}) | errors
    found = ledger.gaps(known, given.confidence, same_distribution=given.same_distribution)
    return {"splits": errors, "gaps": {gap.gap: gap for gap in found}}


def _settings(params: Params, group: str) -> steps.Settings:
    block = params.group(group)
    return settings(block, plugins.dataset(block.source).SOURCE, params.strategy)


def _compare_with_champion(
    params: Params, group: str, before: VersionContents | None, after: VersionContents
) -> dict[str, Any]:
    """Say what differs from the champion, and how the errors moved."""
    if before is None:
        return {"changed": None, "moved": None}
    first, second = before.settings, after.settings
    if not (before.whole and after.whole):
        first, second = (_without_fit(one) for one in (first, second))
    changed: dict[str, tuple[Any, Any]] = hyperparameter_gaps.changes(first, second)
    for mark in (DATA, CODE):
        same = mark == DATA or first.get("model") == second.get("model")
        if same and before.marks.get(mark) != after.marks.get(mark):
            changed[mark] = ("before", "after")
    moved = None
    if before.models and after.models:
        moved = movement(before.models, after.models, _settings(params, group))
    return {"changed": changed, "moved": moved}


def _without_fit(given: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in given.items() if not name.startswith("fit.")}
