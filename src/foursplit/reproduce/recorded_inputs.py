"""What MLflow has on record of a trained model: the commit it came from, and hashes of its bytes.

A hash is named as what it is of: `weights/seed_1`, `data/seen`, `table/seed_1/dev`.
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

MAX_SHOWN_RUNS = 5  # valid runs that a refusal names

NOT_FOUND_CODES = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")
"""What MLflow says of a run that is not there, or of what cannot be a run's id."""

ENVIRONMENT_KEYS = ("device", "kernels", "threads")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRun:
    """A model that was trained once."""

    name: str  # as it was asked for
    kind: Literal["run", "version", "commit"]
    experiment: str
    group: str
    commit: str | None
    dirty: bool = False  # tracked files differed from the commit
    hashes: Mapping[str, str]
    made_with: Mapping[str, str] = field(default_factory=dict)  # where it is known
    warnings: tuple[str, ...] = ()  # what on record contradicts itself


def read_recorded(name: str) -> RecordedRun:
    """Read a run by its id, or a version as `models:/<group>@<alias>` or `models:/<group>/<n>`."""
    path = store.database_path()
    if path is not None and not path.is_file():
        raise FoursplitError(
            f"{name!r}: {path} is not there, so there are no runs; `foursplit track` writes them. "
            "EXPERIMENT@COMMIT needs none"
        )
    return _version(name) if name.startswith(registry.SCHEME) else _run(name)


def _run(run_id: str) -> RecordedRun:
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")  # of two small files
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
        told = "it stores a version of the registry: name it as models:/GROUP/N"
        if "foursplit.group" not in tags:
            told = "a study, or a training that was not finished: it has no model"
        raise FoursplitError(f"run {run_id}: {told}")
    manifest, summary = (_artifact(client, run_id, f"{name}.json") for name in MANIFESTS)
    seed = f"seed_{manifest['seed']}"
    weights = tags.get(MODEL_HASH, manifest["model_hash"])
    hashes = {f"weights/{seed}": weights, **_data_hashes(manifest), **_dataset_digests(run)}
    for split in SEEN:
        if split in summary["metrics"]:
            told = artifacts.fingerprint(summary["metrics"][split])
            hashes[f"numbers/{seed}/{split}"] = told
    home = client.get_experiment(run.info.experiment_id).name
    return RecordedRun(
        name=run_id,
        kind="run",
        experiment=tags["foursplit.experiment"],
        group=home.rpartition("/")[2],
        commit=tags.get("mlflow.source.git.commit"),
        dirty=_is_dirty(tags),
        hashes=hashes,
        made_with=training_environment(manifest),
        warnings=_contradictions(weights, manifest, summary),
    )


MANIFESTS = ("manifest", "summary")
"""The artifacts of a run that say what it is: the second repeats the first."""


def _unknown_run(client: Any, run_id: str) -> FoursplitError:
    """Say which runs there are, the latest of them."""
    ids = [experiment.experiment_id for experiment in client.search_experiments()]
    found = client.search_runs(
        ids, "tags.`foursplit.experiment` != ''", max_results=MAX_SHOWN_RUNS,
        order_by=["attributes.start_time DESC"],
    )  # fmt: skip
    some = "".join(f"\n  {run.info.run_id}  {run.info.run_name}" for run in found)
    return FoursplitError(
        f"unknown run {run_id!r} in {store.display_uri()}. Name a run's id, models:/GROUP@champion, "
        f"models:/GROUP/2 or EXPERIMENT@COMMIT. Its latest runs: {some or 'none'}"
    )


def _artifact(client: Any, run_id: str, name: str) -> Any:
    with tempfile.TemporaryDirectory(prefix="foursplit-run-") as folder:
        try:
            path = client.download_artifacts(run_id, name, folder)
        except store.error_types() as error:
            raise FoursplitError(
                f"run {run_id}: its {name} is gone, so nothing says what must come out"
            ) from error
        return artifacts.read_json(Path(path))


def _data_hashes(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Give the hashes of the files that the model was trained on."""
    return {f"data/{name}": digest for name, digest in manifest["data"].items()}


def _dataset_digests(run: Any) -> dict[str, str]:
    """Give DVC's hashes of the examples, as the run's data sets bear them."""
    found = {}
    for given in run.inputs.dataset_inputs if run.inputs else ():
        part = "sealed" if given.dataset.name.endswith("/test") else "seen"
        if given.dataset.digest != UNLOCKED:
            found[f"data/{part}"] = given.dataset.digest
    return found


def training_environment(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Give what bytes depend on beside code and data."""
    return {name: str(manifest[name]) for name in ENVIRONMENT_KEYS if name in manifest}


def _contradictions(
    weights: str, manifest: Mapping[str, Any], summary: Mapping[str, Any]
) -> tuple[str, ...]:
    said = {
        f"tag {MODEL_HASH}": weights,
        "manifest.json": manifest["model_hash"],
        "summary.json": summary["manifest"]["model_hash"],
    }
    if len({*said.values()}) == 1:
        return ()
    told = ", ".join(f"{name} {value[:12]}" for name, value in said.items())
    return (f"the run's own record disagrees on the weights ({told}): it was altered",)


def _is_dirty(tags: Mapping[str, str]) -> bool:
    return tags.get("foursplit.git_dirty") == "true"


def _version(uri: str) -> RecordedRun:
    found = model_versions.find_version(*registry.parse_uri(uri))
    tags = found.tags
    files: dict[str, str] = json.loads(tags.get(registry.FILES, "{}"))
    if not files or "foursplit.experiment" not in tags:
        raise FoursplitError(
            f"{uri}: not stored by `foursplit gate`, so nothing says what it must hold"
        )
    # What lies in no seed's folder is MLflow's, and no part of what is made again.
    hashes = {hash_name(name): digest for name, digest in files.items() if "/" in name}
    for part in ("seen", "sealed"):
        digest = tags.get(f"foursplit.data.{part}", UNLOCKED)
        if digest != UNLOCKED:
            hashes[f"data/{part}"] = digest
    known, doubts = _check_files(found.folder, files)
    return RecordedRun(
        name=uri, kind="version", experiment=tags["foursplit.experiment"], group=found.group,
        commit=tags.get("foursplit.commit"), dirty=_is_dirty(tags), hashes=hashes,
        made_with=known, warnings=doubts,
    )  # fmt: skip


def hash_name(path: str) -> str:
    """Name a file of a model or its tables: `seed_1/dev.parquet` is `table/seed_1/dev`."""
    seed, _, name = path.partition("/")
    stem, _, ending = name.rpartition(".")
    if ending == "parquet":
        return f"table/{seed}/{stem}"
    return f"manifest/{seed}" if name == "manifest.json" else f"weights/{seed}"


def _check_files(
    folder: Path | None, files: Mapping[str, str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Say what a version was made with, and which of its files are not those its tags speak of."""
    if folder is None or not folder.is_dir():
        return {}, ()
    known: dict[str, str] = {}
    doubts = []
    for name, digest in sorted(files.items()):
        path = folder / name
        if not path.is_file():
            doubts.append(f"{path} is gone")
        elif artifacts.sha256_file(path) != digest:
            doubts.append(f"{path} is not the file that the version's tags speak of")
        elif path.name == "manifest.json":
            known = training_environment(artifacts.read_json(path))
    return known, tuple(doubts)
