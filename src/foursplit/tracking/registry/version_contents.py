"""The contents of a stored version: its settings, its tables, and its run."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.prediction_table import Model, PredictionTable, validate
from foursplit.history.gap_history import CODE, DATA, HistoryStep, RunVersion
from foursplit.io import artifacts
from foursplit.tracking import store
from foursplit.tracking.registry import registry
from foursplit.tracking.registry.model_versions import RegisteredVersion
from foursplit.tracking.runs.run_data import MODEL_HASH, flatten

STORED_SPLITS = ("dev", "test")
"""The splits whose tables a version has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionContents:
    """The known contents of a version; `is_complete` if its training settings are known."""

    settings: Mapping[str, str]
    marks: Mapping[str, Any]  # hashes of data and code
    models: tuple[Model, ...]  # one per seed, with a table per split
    is_complete: bool
    error: str | None = None  # why its tables were not read


SETTINGS = ("model", "model_args")
"""The settings in a manifest; those of training are not included."""

COLUMNS = ("example_id", "group_id", "domain", "loss", "weight", "is_error", "y")
"""The columns needed for errors and their changes: others take longer to check."""


class StoreSnapshot:
    """The runs of a group in its history and in MLflow, to look up versions."""

    def __init__(self, steps: Sequence[HistoryStep]) -> None:
        self._steps = steps

    def run(self, files: Mapping[str, str]) -> RunVersion | None:
        """Find the run of the history with the same dev tables, byte for byte."""
        dev_hashes = {
            name: digest for name, digest in files.items() if name.endswith("/dev.parquet")
        }
        return self._by_dev.get(frozenset(dev_hashes.items()))

    @cached_property
    def _by_dev(self) -> dict[frozenset[tuple[str, str]], RunVersion]:
        return {
            frozenset(
                (f"seed_{run.seed}/dev.parquet", artifacts.sha256_file(run.files["dev.parquet"]))
                for run in step.version.runs
            ): step.version
            for step in self._steps
        }

    def fit(self, digest: object) -> dict[str, str] | None:
        """Return the training settings of MLflow's run with these weights; None without one."""
        if not isinstance(digest, str) or not digest.isalnum():
            return None
        runs = self._client.search_runs(
            self._experiments, f"tags.`{MODEL_HASH}` = '{digest}'", max_results=1
        )
        if not runs:
            return None
        params = runs[0].data.params.items()
        return {
            name: value for name, value in params if name.startswith("fit.") and value != "null"
        }

    @cached_property
    def _client(self) -> Any:
        return store.client()

    @cached_property
    def _experiments(self) -> list[str]:
        return [experiment.experiment_id for experiment in self._client.search_experiments()]


def read_contents(version: RegisteredVersion, snapshot: StoreSnapshot) -> VersionContents:
    """Read a version's files, and join the run of the history with the same dev tables.

    The run has what the registry does not store: the tables of train and train-dev, and the
    training settings.  If its tables are gone, MLflow's run with these weights has the latter.
    """
    files: dict[str, str] = _files(version)
    run = snapshot.run(files)
    try:
        models, manifest = _read_files(version, files)
        error = None
    except FoursplitError as damage:
        models, manifest, error = (), {}, str(damage)
    if run is not None:
        tables = {model.name: model.tables for model in models}
        joined = (
            Model(tables={**m.tables, **tables.get(m.name, {})}, name=m.name) for m in run.models
        )
        return VersionContents(
            settings=_as_params(run.settings),
            marks=run.marks,
            models=tuple(joined),
            is_complete=True,
            error=error,
        )
    settings: dict[str, Any] = {name: manifest[name] for name in SETTINGS if name in manifest}
    fit = snapshot.fit(manifest.get("model_hash"))
    return VersionContents(
        settings=_as_params(settings) | (fit or {}),
        marks={DATA: manifest.get("data"), CODE: manifest.get("code")},
        models=models,
        is_complete=fit is not None,
        error=error,
    )


def _files(version: RegisteredVersion) -> dict[str, str]:
    try:
        files = json.loads(version.tags.get(registry.FILES, "{}"))
    except json.JSONDecodeError:
        return {}
    return files if isinstance(files, dict) else {}


def _read_files(
    version: RegisteredVersion, files: Mapping[str, str]
) -> tuple[tuple[Model, ...], dict[str, Any]]:
    """Read a version's tables and a manifest; raise if a file has changed."""
    if version.folder is None:
        raise FoursplitError("its files are outside of this project's store")
    tables_by_seed: dict[str, dict[str, PredictionTable]] = {}
    manifest: dict[str, Any] = {}
    for name, digest in sorted(files.items()):
        seed, _, file = name.partition("/")
        split = file.removesuffix(".parquet")
        if file != "manifest.json" and split not in STORED_SPLITS:
            continue  # weights are not read
        path = version.folder / name
        if not path.is_file():
            raise FoursplitError(f"{name} is missing")
        if artifacts.sha256_file(path) != digest:
            raise FoursplitError(f"{name} was altered since it was stored")
        if file == "manifest.json":
            manifest = manifest or artifacts.read_json(path)
        else:
            tables_by_seed.setdefault(seed, {})[split] = _table(path, split)
    return tuple(
        Model(tables=tables, name=seed) for seed, tables in tables_by_seed.items()
    ), manifest


def _table(path: Path, split: str) -> PredictionTable:
    from pyarrow.parquet import read_schema

    columns = {*read_schema(path).names}
    frame = pd.read_parquet(path, columns=[name for name in COLUMNS if name in columns])
    return validate(frame, split, str(path))


def _as_params(settings: Mapping[str, Any]) -> dict[str, str]:
    """Format settings as in MLflow's runs, without those that are not set."""
    return {name: value for name, value in flatten(settings).items() if value != "null"}
