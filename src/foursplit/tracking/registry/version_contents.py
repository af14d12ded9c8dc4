"""What a stored version was made of: its settings, its tables, and the run that it came from."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.prediction_table import Model, Table, check
from foursplit.history.gap_history import CODE, DATA, Step, Version
from foursplit.io import artifacts
from foursplit.tracking import store
from foursplit.tracking.registry import registry
from foursplit.tracking.registry.model_versions import RegisteredVersion
from foursplit.tracking.runs.run_data import MODEL_HASH, flatten

STORED_SPLITS = ("dev", "test")
"""The tables that a version holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionContents:
    """What is still known of a version; `whole` where its settings of training are, too."""

    settings: Mapping[str, str]
    marks: Mapping[str, Any]  # hashes of data and code
    models: tuple[Model, ...]  # a table a split, of each seed
    whole: bool
    trouble: str | None = None  # why its tables are not shown


SETTINGS = ("model", "model_args")
"""What a manifest says of the settings; those of training are not among it."""

COLUMNS = ("example_id", "group_id", "domain", "loss", "weight", "is_error", "y")
"""Of a table, what an error and its change are measured from: others take longer to check."""


class StoreSnapshot:
    """What else is known of a group's models: the runs of its history, and MLflow's."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = steps

    def run(self, files: Mapping[str, str]) -> Version | None:
        """Find the run of the history whose tables of dev are byte for byte a version's."""
        wanted = {name: digest for name, digest in files.items() if name.endswith("/dev.parquet")}
        return self._by_dev.get(frozenset(wanted.items()))

    @cached_property
    def _by_dev(self) -> dict[frozenset[tuple[str, str]], Version]:
        return {
            frozenset(
                (f"seed_{run.seed}/dev.parquet", artifacts.sha256_file(run.files["dev.parquet"]))
                for run in step.version.runs
            ): step.version
            for step in self._steps
        }

    def fit(self, digest: object) -> dict[str, str] | None:
        """Give the settings of training of MLflow's run of these weights; None if it has none."""
        if not isinstance(digest, str) or not digest.isalnum():
            return None
        found = self._client.search_runs(
            self._experiments, f"tags.`{MODEL_HASH}` = '{digest}'", max_results=1
        )
        if not found:
            return None
        given = found[0].data.params.items()
        return {name: value for name, value in given if name.startswith("fit.") and value != "null"}

    @cached_property
    def _client(self) -> Any:
        return store.client()

    @cached_property
    def _experiments(self) -> list[str]:
        return [one.experiment_id for one in self._client.search_experiments()]


def read_contents(version: RegisteredVersion, known: StoreSnapshot) -> VersionContents:
    """Read a version's own files, joined with the run of the history that has the same dev tables.

    The run has what the registry does not keep: the tables of train and train-dev, and the
    settings of training.  Where its tables are gone, MLflow's run of these weights has the latter.
    """
    files: dict[str, str] = _files(version)
    run = known.run(files)
    try:
        models, manifest = _read_files(version, files)
        trouble = None
    except FoursplitError as refusal:
        models, manifest, trouble = (), {}, str(refusal)
    if run is not None:
        tables = {model.name: model.tables for model in models}
        joined = (
            Model(tables={**m.tables, **tables.get(m.name, {})}, name=m.name) for m in run.models
        )
        return VersionContents(
            settings=_as_params(run.settings), marks=run.marks, models=tuple(joined), whole=True,
            trouble=trouble,
        )  # fmt: skip
    own: dict[str, Any] = {name: manifest[name] for name in SETTINGS if name in manifest}
    fit = known.fit(manifest.get("model_hash"))
    return VersionContents(
        settings=_as_params(own) | (fit or {}),
        marks={DATA: manifest.get("data"), CODE: manifest.get("code")},
        models=models,
        whole=fit is not None,
        trouble=trouble,
    )


def _files(version: RegisteredVersion) -> dict[str, str]:
    try:
        found = json.loads(version.tags.get(registry.FILES, "{}"))
    except json.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _read_files(
    version: RegisteredVersion, files: Mapping[str, str]
) -> tuple[tuple[Model, ...], dict[str, Any]]:
    """Read a version's tables and a manifest; what is not as it was stored is refused."""
    if version.folder is None:
        raise FoursplitError("its files lie outside of this project's store")
    made: dict[str, dict[str, Table]] = {}
    manifest: dict[str, Any] = {}
    for name, digest in sorted(files.items()):
        seed, _, file = name.partition("/")
        split = file.removesuffix(".parquet")
        if file != "manifest.json" and split not in STORED_SPLITS:
            continue  # weights are not read
        path = version.folder / name
        if not path.is_file():
            raise FoursplitError(f"{name} is gone")
        if artifacts.sha256_file(path) != digest:
            raise FoursplitError(f"{name} was altered since it was stored")
        if file == "manifest.json":
            manifest = manifest or artifacts.read_json(path)
        else:
            made.setdefault(seed, {})[split] = _table(path, split)
    return tuple(Model(tables=tables, name=seed) for seed, tables in made.items()), manifest


def _table(path: Path, split: str) -> Table:
    from pyarrow.parquet import read_schema

    there = {*read_schema(path).names}
    frame = pd.read_parquet(path, columns=[name for name in COLUMNS if name in there])
    return check(frame, split, str(path))


def _as_params(settings: Mapping[str, Any]) -> dict[str, str]:
    """Spell settings as MLflow's runs do; what is not set may as well not stand there."""
    return {name: value for name, value in flatten(settings).items() if value != "null"}
