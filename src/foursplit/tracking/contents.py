"""What a stored version was made of: its settings, its tables, and the run that it came from."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from foursplit.core import artifacts
from foursplit.core.errors import Refusal
from foursplit.evaluation.history import CODE, DATA, Step, Version
from foursplit.strategy.tables import Model, Table, check
from foursplit.tracking import registry, store
from foursplit.tracking.record import MODEL_HASH, flat
from foursplit.tracking.versions import Listed

JUDGED = ("dev", "test")
"""The tables that a version holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What is still known of a version; `whole` where its settings of training are, too."""

    settings: Mapping[str, str]
    marks: Mapping[str, Any]  # hashes of data and code
    models: tuple[Model, ...]  # a table a split, of each seed
    whole: bool
    trouble: str | None = None  # why its tables are not shown


def contents(version: Listed, steps: Sequence[Step]) -> Contents:
    """Read a version's own files, joined with the run among `steps` that has the same dev tables.

    The run has what the registry does not keep: the tables of train and train-dev, and the
    settings of training.  Where its tables are gone, MLflow's run of these weights has the latter.
    """
    files: dict[str, str] = _files(version)
    run = _run_of(files, steps)
    try:
        models, manifest = _own(version, files)
        trouble = None
    except Refusal as refusal:
        models, manifest, trouble = (), {}, str(refusal)
    if run is not None:
        tables = {model.name: model.tables for model in models}
        joined = (
            Model(tables={**m.tables, **tables.get(m.name, {})}, name=m.name) for m in run.models
        )
        return Contents(
            settings=_text(run.settings), marks=run.marks, models=tuple(joined), whole=True,
            trouble=trouble,
        )  # fmt: skip
    named = ("model", "model_args")
    known: dict[str, Any] = {name: manifest[name] for name in named if name in manifest}
    fit = _tracked_fit(manifest)
    return Contents(
        settings=_text(known) | (fit or {}),
        marks={DATA: manifest.get("data"), CODE: manifest.get("code")},
        models=models,
        whole=fit is not None,
        trouble=trouble,
    )


def _files(version: Listed) -> dict[str, str]:
    try:
        found = json.loads(version.tags.get(registry.FILES, "{}"))
    except json.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _run_of(files: Mapping[str, str], steps: Sequence[Step]) -> Version | None:
    """Find the run whose tables of dev are byte for byte the version's."""
    wanted = {name: digest for name, digest in files.items() if name.endswith("/dev.parquet")}
    for step in steps:
        found = {
            f"{model.name}/dev.parquet": artifacts.sha256_file(Path(model.tables["dev"].path))
            for model in step.version.models
        }
        if found == wanted:
            return step.version
    return None


def _own(version: Listed, files: Mapping[str, str]) -> tuple[tuple[Model, ...], dict[str, Any]]:
    """Read a version's tables and a manifest; what is not as it was stored is refused."""
    if version.folder is None:
        raise Refusal("its files lie on a server")
    made: dict[str, dict[str, Table]] = {}
    manifest: dict[str, Any] = {}
    for name, digest in sorted(files.items()):
        seed, _, file = name.partition("/")
        split = file.removesuffix(".parquet")
        if file != "manifest.json" and split not in JUDGED:
            continue  # weights are not read
        path = version.folder / name
        if not path.is_file():
            raise Refusal(f"{name} is gone")
        if artifacts.sha256_file(path) != digest:
            raise Refusal(f"{name} was altered since it was stored")
        if file == "manifest.json":
            manifest = manifest or artifacts.read_json(path)
        else:
            made.setdefault(seed, {})[split] = check(pd.read_parquet(path), split, str(path))
    return tuple(Model(tables=tables, name=seed) for seed, tables in made.items()), manifest


def _tracked_fit(manifest: Mapping[str, Any]) -> dict[str, str] | None:
    """Give the settings of training from MLflow's run of the same weights; None if it has none."""
    digest = manifest.get("model_hash")
    if not isinstance(digest, str) or not digest.isalnum():
        return None
    client = store.client()
    ids = [experiment.experiment_id for experiment in client.search_experiments()]
    found = client.search_runs(ids, f"tags.`{MODEL_HASH}` = '{digest}'", max_results=1)
    if not found:
        return None
    given = found[0].data.params.items()
    return {name: value for name, value in given if name.startswith("fit.") and value != "null"}


def _text(settings: Mapping[str, Any]) -> dict[str, str]:
    """Spell settings as MLflow's runs do; what is not set may as well not stand there."""
    return {name: value for name, value in flat(settings).items() if value != "null"}
