"""History of a group: what each run changed, and which gaps changed with it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit import plugins
from foursplit.config.fit import fit_settings
from foursplit.config.schema import Params
from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.decomposition import hyperparameter_gaps, ledger
from foursplit.diagnosis.decomposition.decompose import estimate_levels
from foursplit.diagnosis.decomposition.gap_changes import (
    GapChange,
    GapChanges,
    measure_gap_changes,
    sentence,
)
from foursplit.diagnosis.prediction_table import Model, validate
from foursplit.diagnosis.settings import Settings
from foursplit.diagnosis.stats.bootstrap import Estimate
from foursplit.evaluation.diagnose_experiment import settings
from foursplit.evaluation.human_level import human_level
from foursplit.history.lock_files import LockHistory
from foursplit.history.past_runs import DamagedObjectError, PastRun, list_past_runs
from foursplit.io import artifacts
from foursplit.io.disk_cache import cached_result

MOST = 40  # runs of a group that are listed: the latest

DATA, CODE = "data", "code"
"""What differs where no setting does."""


SPLITS = ("train", "train_dev", "dev")

NO_DRAWS = np.empty(0)


@dataclass(frozen=True, kw_only=True)
class RunVersion:
    """One run of an experiment, all its seeds; errors and gaps without their draws."""

    key: str
    version: str
    when: str
    place: str
    settings: Mapping[str, Any]
    marks: Mapping[str, Any]  # hashes of data and code
    runs: tuple[PastRun, ...]  # a seed each
    splits: Mapping[str, Estimate]
    gaps: Mapping[str, ledger.Gap]

    @cached_property
    def models(self) -> tuple[Model, ...]:
        """Read the tables, which only a comparison that was not made before needs."""
        return tuple(_model(run) for run in self.runs)

    @property
    def tables(self) -> list[Any]:
        """Name the tables by what they hold."""
        return [self.version, [_held(run) for run in self.runs]]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryStep:
    """A run beside the one that it differs least from."""

    version: RunVersion
    parent: RunVersion | None  # None: the first
    changed: Mapping[str, tuple[Any, Any]]
    own: tuple[str, ...]  # gaps that the change was meant for
    movement: GapChanges | None
    sentence: str

    def as_json(self) -> dict[str, Any]:
        found, moved = self.version, self.movement
        return {
            "key": found.key,
            "version": found.version,
            "when": found.when,
            "place": found.place,
            "splits": {name: error.as_json() for name, error in found.splits.items()},
            "gaps": {name: gap.interval() for name, gap in found.gaps.items()},
            "parent": None
            if self.parent is None
            else {"key": self.parent.key, "version": self.parent.version},
            "changed": {name: list(pair) for name, pair in self.changed.items()},
            "meant_for": list(self.own),
            "paired": None if moved is None else moved.paired,
            "moved": []
            if moved is None
            else [one.as_json() for one in (*moved.splits, *moved.gaps)],
            "sentence": self.sentence,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The runs of a group, oldest first, and those whose tables are gone."""

    group: str
    steps: tuple[HistoryStep, ...]
    gone: tuple[str, ...]
    n_earlier: int  # runs before the oldest that is listed


class IncompleteRunError(FoursplitError):
    """A table of the past that cannot be read."""


def history(
    params: Params, name: str, most: int = MOST, commits: LockHistory | None = None
) -> History:
    """Follow the gaps of a group's experiments from run to run."""
    gone: list[str] = []
    versions: dict[str, RunVersion] = {}
    for runs in _by_version(list_past_runs(name, commits)):
        read = _read(params, name, runs)
        if read is None:
            gone.append(f"{runs[0].key}, {runs[0].place}")
        else:
            mark = artifacts.fingerprint([read.key, read.settings, read.marks])
            versions[mark] = _fuller(versions.get(mark), read)
    order = {key: place for block in params.experiments.values() for place, key in enumerate(block)}
    ordered = sorted(
        _distinct(versions.values()), key=lambda v: (v.when, order.get(v.key, len(order)), v.key)
    )
    listed = ordered[-most:]
    given = settings(
        params.group(name), plugins.dataset(params.group(name).dataset).SPEC, params.diagnosis
    )
    steps = [_step(version, listed[:index], given) for index, version in enumerate(listed)]
    return History(
        group=name, steps=tuple(steps), gone=tuple(gone), n_earlier=len(ordered) - len(listed)
    )


def histories(params: Params, names: Iterable[str], most: int = MOST) -> list[History]:
    """Follow several groups, asking git once for all."""
    commits = LockHistory()
    return [history(params, name, most, commits) for name in names]


def _by_version(runs: Iterable[PastRun]) -> list[list[PastRun]]:
    """Group the seeds of a run together."""
    found: dict[tuple[str, str], list[PastRun]] = {}
    for run in runs:
        found.setdefault((run.key, run.version), []).append(run)
    return list(found.values())


def _read(params: Params, group: str, runs: Sequence[PastRun]) -> RunVersion | None:
    """Read a run's tables; None where one of them is gone."""
    first = runs[0]
    summary = first.summary()
    if summary is None or any("dev.parquet" not in run.files for run in runs):
        return None
    block, dataset = params.group(group), plugins.dataset(params.group(group).dataset).SPEC
    given = settings(block, dataset, params.diagnosis)
    human = human_level(block, dataset.reference)
    depends = [first.version, [_held(run) for run in runs], asdict(given), human]
    try:
        result = cached_result("errors", depends, lambda: _errors(runs, given, human))
    except IncompleteRunError:
        result = None  # not cached: an incomplete run may be fetched again
    if result is None:
        return None
    manifest = summary["manifest"]
    return RunVersion(
        key=first.key,
        version=first.version,
        when=f"{first.when:%Y-%m-%d %H:%M}",
        place=first.place,
        settings=_settings(params, first, manifest),
        marks={DATA: manifest.get("data"), CODE: manifest.get("code")},
        runs=tuple(runs),
        splits={n: Estimate(**row, replicates=NO_DRAWS) for n, row in result["splits"].items()},
        gaps={n: ledger.Gap(gap=n, **row, replicates=None) for n, row in result["gaps"].items()},
    )


def _errors(
    runs: Sequence[PastRun], given: Settings, human: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    """Estimate a run's errors and gaps; None where another version of the project made it."""
    try:
        errors = estimate_levels(
            [_model(run) for run in runs], given, same_distribution=given.same_distribution
        )
    except (IncompleteRunError, DamagedObjectError):
        raise
    except FoursplitError:
        return None
    known = ({"human": ledger.fixed(human["error"])} if human else {}) | errors
    found = ledger.gaps(known, given.confidence, same_distribution=given.same_distribution)
    return {
        "splits": {n: error.as_json() for n, error in errors.items() if n != ledger.UNSEEN},
        "gaps": {gap.gap: gap.interval() for gap in found},
    }


def _held(run: PastRun) -> tuple[int | None, list[str]]:
    """Name the tables of a seed that are still here."""
    return run.seed, [split for split in SPLITS if f"{split}.parquet" in run.files]


def _model(run: PastRun) -> Model:
    tables = {}
    for split in SPLITS:
        if f"{split}.parquet" in run.files:
            path = run.file(f"{split}.parquet")
            tables[split] = validate(_frame(path), split, str(path))
    return Model(tables=tables, name=f"seed_{run.seed}")


def _frame(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise IncompleteRunError(
            f"{path}: not readable as a table ({reason}); move it away, and history omits it."
        ) from error


def _settings(params: Params, run: PastRun, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Name every setting of the training as params.yaml nests it; seeds change no model."""
    fit = next((v for name, v in run.params.items() if name.endswith(f".{run.key}.fit")), None)
    if fit is None and run.present:
        fit = fit_settings(params.experiment(run.key).fit)
    found = _flat({"model": manifest["model"], "model_args": manifest["model_args"], "fit": fit})
    return {name: value for name, value in found.items() if name != "fit.seeds"}


def _flat(block: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in block.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{name}.")
        elif value is not None:  # what is not set may as well not stand there
            found[f"{prefix}{name}"] = list(value) if isinstance(value, tuple) else value
    return found


def _distinct(versions: Iterable[RunVersion]) -> list[RunVersion]:
    """Leave out runs that other code made with the very same errors: nothing changed but text."""
    found: dict[str, RunVersion] = {}
    for version in versions:
        errors = {split: error.value for split, error in version.splits.items()}
        mark = artifacts.fingerprint([version.key, version.settings, version.marks[DATA], errors])
        known = found.get(mark)
        found[mark] = version if known is None else replace(version, when=known.when)
    return list(found.values())


def _fuller(known: RunVersion | None, later: RunVersion) -> RunVersion:
    """Keep one of two runs of the same settings, data and code: the latest with the most seeds."""
    if known is None or len(later.runs) >= len(known.runs):
        return later if known is None else replace(later, when=known.when)
    return known


def _step(version: RunVersion, earlier: Sequence[RunVersion], given: Settings) -> HistoryStep:
    """Compare a run with the earlier one that it differs least from, the latest of those."""
    if not earlier:
        return HistoryStep(
            version=version,
            parent=None,
            changed={},
            own=(),
            movement=None,
            sentence="The first run.",
        )
    parent = min(reversed(earlier), key=lambda v: (len(_changed(v, version)), v.key != version.key))
    changed = _changed(parent, version)
    own, undeclared = hyperparameter_gaps.links(changed)
    moved = _movement(parent, version, given)
    return HistoryStep(
        version=version,
        parent=parent,
        changed=changed,
        own=own,
        movement=moved,
        sentence=sentence(moved, own, undeclared),
    )


def _movement(before: RunVersion, after: RunVersion, given: Settings) -> GapChanges:
    def make() -> dict[str, Any]:
        return asdict(measure_gap_changes(before.models, after.models, given))

    result = cached_result("movements", [before.tables, after.tables, asdict(given)], make)
    splits, gaps = (tuple(GapChange(**row) for row in result[of]) for of in ("splits", "gaps"))
    return GapChanges(splits=splits, gaps=gaps, paired=result["paired"])


def _changed(before: RunVersion, after: RunVersion) -> dict[str, tuple[Any, Any]]:
    """List what differs; data and code by their names alone, for a hash says nothing."""
    found = hyperparameter_gaps.changes(before.settings, after.settings)
    if before.marks[DATA] != after.marks[DATA]:
        found[DATA] = ("before", "after")
    same_model = before.settings["model"] == after.settings["model"]
    if same_model and before.marks[CODE] != after.marks[CODE]:
        found[CODE] = ("before", "after")
    return found
