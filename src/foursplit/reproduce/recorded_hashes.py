"""Expected hashes and inputs of an experiment, from DVC's lock files at a commit."""

from collections.abc import Collection, Mapping
from typing import Any

from foursplit.core.errors import FoursplitError
from foursplit.history.past_runs import list_past_runs
from foursplit.io import artifacts
from foursplit.reproduce import commit, dvc_cache
from foursplit.reproduce.commit import RunLocation
from foursplit.reproduce.recorded_inputs import RecordedRun, hash_name, training_environment

Stages = Mapping[str, Mapping[str, Any]]
"""Lock entries by stage: fetch, validate, split, train, evaluate."""

COMPARED_STAGES = ("split", "train", "evaluate")
"""The stages whose inputs are compared: those of data, weights and tables."""


def read_recorded(name: str) -> RecordedRun:
    """Read `<experiment>@<revision>` from the lock files of that commit."""
    key, _, revision = name.partition("@")
    location = commit.find_experiment(commit.resolve_commit(revision), key)
    stages = commit.locked_stages(location)
    if "train" not in stages:
        raise FoursplitError(
            f"{name}: no train@{key} in the lock files of commit {location.commit[:7]}. It was not "
            "trained or not committed then, so there is nothing to compare with"
        )
    files = dvc_cache.cached_files(dvc_cache.output_hash(stages["train"], location.models)) or {}
    manifests = [path for name, path in files.items() if name.endswith("/manifest.json")]
    weights = {
        hash_name(name): artifacts.sha256_file(path)
        for name, path in files.items()
        if "/model." in name
    }
    return RecordedRun(
        name=name,
        kind="commit",
        experiment=key,
        group=location.group,
        commit=location.commit,
        hashes={**weights, **hashes(location, stages)},
        # The committed lock files are the CPU's.
        environment=(
            training_environment(artifacts.read_json(manifests[0]))
            if manifests
            else {"device": "cpu"}
        ),
    )


def hashes(location: RunLocation, stages: Stages) -> dict[str, str]:
    """Return DVC's hashes of data, models and tables that the lock files have."""
    split = f"{location.data}/split/{location.dataset}"
    hashes_by_name = {
        "data/seen": dvc_cache.output_hash(stages.get("split"), f"{split}/seen"),
        "data/sealed": dvc_cache.output_hash(stages.get("split"), f"{split}/sealed"),
        "models": dvc_cache.output_hash(stages.get("train"), location.models),
        "tables": dvc_cache.output_hash(stages.get("evaluate"), location.tables),
    }
    return {name: digest for name, digest in hashes_by_name.items() if digest is not None}


def changed_inputs(before: Stages, after: Stages) -> dict[str, tuple[str | None, str | None]]:
    """List the files and settings that differ between two sets of lock entries.

    Outputs of earlier stages are left out: they are compared separately.
    """
    changes: dict[str, tuple[str | None, str | None]] = {}
    for stage in COMPARED_STAGES:
        if stage in before and stage in after:
            inputs_before, inputs_after = (_inputs(stages[stage]) for stages in (before, after))
            differing = (
                name
                for name in {**inputs_before, **inputs_after}
                if inputs_before.get(name) != inputs_after.get(name)
            )
            changes |= {
                name: (inputs_before.get(name), inputs_after.get(name)) for name in differing
            }
    return dict(sorted(changes.items()))


def _inputs(entry: Mapping[str, Any]) -> dict[str, str]:
    output_folders = ("data/split/", "data/models/", "data/valid/", "data/full/")
    result = {
        dep["path"]: str(dep.get("md5"))
        for dep in entry.get("deps") or ()
        if not dep["path"].startswith(output_folders)
    }
    params = (entry.get("params") or {}).get("params.yaml") or {}
    return result | {f"params.yaml: {name}": str(value) for name, value in params.items()}


def find_commit(run: RecordedRun) -> str | None:
    """Find a commit whose lock files have exactly these weights; None if there is none.

    A run is tracked before its lock files are committed, so most runs come from a dirty work tree
    whose changes were committed later.  Try the recorded commit, HEAD, then the first match.
    """
    versions: dict[str, str | None] = {}
    for past_run in list_past_runs(run.group):
        name = f"weights/seed_{past_run.seed}"
        summary = past_run.summary() if name in run.hashes else None
        if summary and summary["manifest"].get("model_hash") == run.hashes[name]:
            versions[past_run.version] = past_run.commit
    for revision in filter(None, (run.commit, "HEAD") if versions else ()):
        if _lock_names(revision, run, versions):
            return commit.resolve_commit(revision)
    return next((sha for sha in versions.values() if sha is not None), None)


def _lock_names(revision: str, run: RecordedRun, versions: Collection[str]) -> bool:
    """Return whether a commit's lock files have one of these versions of the tables."""
    try:
        location = commit.find_experiment(commit.resolve_commit(revision), run.experiment)
    except FoursplitError:
        return False
    return (
        dvc_cache.output_hash(commit.locked_stages(location).get("evaluate"), location.tables)
        in versions
    )
