"""MLflow's record of a trained model: its commit, and hashes of its data, weights and tables.

Names of hashes: `weights/seed_1`, `data/seen`, `table/seed_1/dev`.
"""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from foursplit.core.errors import FoursplitError
from foursplit.core.splits import SEEN
from foursplit.io import artifacts
from foursplit.tracking import store
from foursplit.tracking.registry import model_versions, registry
from foursplit.tracking.runs.provenance import UNLOCKED
from foursplit.tracking.runs.run_data import MODEL_HASH

MAX_SHOWN_RUNS = 5  # runs in an error message

NOT_FOUND_CODES = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")
"""MLflow's error codes for an unknown run, or an invalid run id."""

ENVIRONMENT_KEYS = ("device", "instruction_set", "threads")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRun:
    """The record of a trained model."""

    name: str  # as requested
    kind: Literal["run", "version", "commit"]
    experiment: str
    group: str
    commit: str | None
    dirty: bool = False  # tracked files differed from the commit
    hashes: Mapping[str, str]
    environment: Mapping[str, str] = field(default_factory=dict)  # as far as known
    warnings: tuple[str, ...] = ()  # contradictions in the record


def read_recorded(name: str) -> RecordedRun:
    """Read a run by id, or a version by `models:/<group>@<alias>` or `models:/<group>/<n>`."""
    path = store.database_path()
    if path is not None and not path.is_file():
        raise FoursplitError(
            f"{name!r}: {path} does not exist, so there are no runs. Run `foursplit track`, or "
            "name EXPERIMENT@COMMIT"
        )
    return _version(name) if name.startswith(registry.SCHEME) else _run(name)


def _run(run_id: str) -> RecordedRun:
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")  # for two small files
    from mlflow.exceptions import MlflowException

    client = store.client()
    try:
        run = client.get_run(run_id)
    except MlflowException as error:
        if error.error_code in NOT_FOUND_CODES:
            raise _unknown_run(client, run_id) from error
        raise
    tags = run.data.tags
    if "foursplit.experiment" not in tags:
        message = "it stores a registered version. Name it as models:/GROUP/N"
        if "foursplit.group" not in tags:
            message = "a lesson or an unfinished training, which has no model"
        raise FoursplitError(f"run {run_id}: {message}")
    manifest, summary = (_artifact(client, run_id, f"{name}.json") for name in MANIFESTS)
    seed = f"seed_{manifest['seed']}"
    weights = tags.get(MODEL_HASH, manifest["model_hash"])
    hashes = {f"weights/{seed}": weights, **_data_hashes(manifest), **_dataset_digests(run)}
    for split in SEEN:
        if split in summary["metrics"]:
            message = artifacts.fingerprint(summary["metrics"][split])
            hashes[f"numbers/{seed}/{split}"] = message
    experiment_name = client.get_experiment(run.info.experiment_id).name
    return RecordedRun(
        name=run_id,
        kind="run",
        experiment=tags["foursplit.experiment"],
        group=experiment_name.rpartition("/")[2],
        commit=tags.get("mlflow.source.git.commit"),
        dirty=_is_dirty(tags),
        hashes=hashes,
        environment=training_environment(manifest),
        warnings=_contradictions(weights, manifest, summary),
    )


MANIFESTS = ("manifest", "summary")
"""The artifacts that describe a run; the second contains the first."""


def _unknown_run(client: Any, run_id: str) -> FoursplitError:
    """Return an error that lists the latest runs."""
    ids = [experiment.experiment_id for experiment in client.search_experiments()]
    runs = client.search_runs(
        ids,
        "tags.`foursplit.experiment` != ''",
        max_results=MAX_SHOWN_RUNS,
        order_by=["attributes.start_time DESC"],
    )
    lines = "".join(f"\n  {run.info.run_id}  {run.info.run_name}" for run in runs)
    return FoursplitError(
        f"unknown run {run_id!r} in {store.display_uri()}. Name a run's id, "
        f"models:/GROUP@champion, models:/GROUP/2 or EXPERIMENT@COMMIT. Its latest runs: "
        f"{lines or 'none'}"
    )


def _artifact(client: Any, run_id: str, name: str) -> Any:
    with tempfile.TemporaryDirectory(prefix="foursplit-run-") as folder:
        try:
            path = client.download_artifacts(run_id, name, folder)
        except store.error_types() as error:
            raise FoursplitError(
                f"run {run_id}: its {name} is missing, so there is nothing to compare with"
            ) from error
        return artifacts.read_json(Path(path))


def _data_hashes(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the hashes of the training data."""
    return {f"data/{name}": digest for name, digest in manifest["data"].items()}


def _dataset_digests(run: Any) -> dict[str, str]:
    """Return DVC's hashes of the examples, from the run's data sets."""
    digests = {}
    for dataset_input in run.inputs.dataset_inputs if run.inputs else ():
        folder = "sealed" if dataset_input.dataset.name.endswith("/test") else "seen"
        if dataset_input.dataset.digest != UNLOCKED:
            digests[f"data/{folder}"] = dataset_input.dataset.digest
    return digests


def training_environment(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the settings on which bytes depend, besides code and data."""
    return {name: str(manifest[name]) for name in ENVIRONMENT_KEYS if name in manifest}


def _contradictions(
    weights: str, manifest: Mapping[str, Any], summary: Mapping[str, Any]
) -> tuple[str, ...]:
    hashes_by_record = {
        f"tag {MODEL_HASH}": weights,
        "manifest.json": manifest["model_hash"],
        "summary.json": summary["manifest"]["model_hash"],
    }
    if len({*hashes_by_record.values()}) == 1:
        return ()
    listing = ", ".join(f"{name} {value[:12]}" for name, value in hashes_by_record.items())
    return (f"the hashes of the weights in the run's record disagree ({listing}): it was altered",)


def _is_dirty(tags: Mapping[str, str]) -> bool:
    return tags.get("foursplit.git_dirty") == "true"


def _version(uri: str) -> RecordedRun:
    version = model_versions.find_version(*registry.parse_uri(uri))
    tags = version.tags
    files: dict[str, str] = json.loads(tags.get(registry.FILES, "{}"))
    if not files or "foursplit.experiment" not in tags:
        raise FoursplitError(
            f"{uri}: not stored by `foursplit gate`, so there is nothing to compare with"
        )
    # Files outside of a seed's folder are MLflow's, and are not reproduced.
    hashes = {hash_name(name): digest for name, digest in files.items() if "/" in name}
    for folder in ("seen", "sealed"):
        digest = tags.get(f"foursplit.data.{folder}", UNLOCKED)
        if digest != UNLOCKED:
            hashes[f"data/{folder}"] = digest
    environment, warnings = _check_files(version.folder, files)
    return RecordedRun(
        name=uri,
        kind="version",
        experiment=tags["foursplit.experiment"],
        group=version.group,
        commit=tags.get("foursplit.commit"),
        dirty=_is_dirty(tags),
        hashes=hashes,
        environment=environment,
        warnings=warnings,
    )


def hash_name(path: str) -> str:
    """Return the name of a file's hash: `table/seed_1/dev` for `seed_1/dev.parquet`."""
    seed, _, name = path.partition("/")
    stem, _, ending = name.rpartition(".")
    if ending == "parquet":
        return f"table/{seed}/{stem}"
    return f"manifest/{seed}" if name == "manifest.json" else f"weights/{seed}"


def _check_files(
    folder: Path | None, files: Mapping[str, str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return a version's environment, and a warning for each file that differs from its tags."""
    if folder is None or not folder.is_dir():
        return {}, ()
    environment: dict[str, str] = {}
    warnings = []
    for name, digest in sorted(files.items()):
        path = folder / name
        if not path.is_file():
            warnings.append(f"{path} is missing")
        elif artifacts.sha256_file(path) != digest:
            warnings.append(f"{path} differs from its hash in the version's tags")
        elif path.name == "manifest.json":
            environment = training_environment(artifacts.read_json(path))
    return environment, tuple(warnings)
