"""What DVC's lock files at a commit say must come out, and what went in then."""

from collections.abc import Collection, Mapping
from typing import Any

from foursplit.core.errors import FoursplitError
from foursplit.history.past_runs import list_past
from foursplit.io import artifacts
from foursplit.reproduce import commit, dvc_cache
from foursplit.reproduce.commit import RunLocation
from foursplit.reproduce.recorded_inputs import RecordedRun, hash_name, training_environment

Stages = Mapping[str, Mapping[str, Any]]
"""Lock entries by the kind of their stage: fetch, validate, split, train, evaluate."""

COMPARED_STAGES = ("split", "train", "evaluate")
"""The stages whose inputs are compared: what went into data, weights and tables."""


def read_recorded(name: str) -> RecordedRun:
    """Read `<experiment>@<revision>`: what the lock files of that commit say of the experiment."""
    key, _, revision = name.partition("@")
    place = commit.find_experiment(commit.resolve_commit(revision), key)
    stages = commit.locked_stages(place)
    if "train" not in stages:
        raise FoursplitError(
            f"{name}: the lock files of commit {place.commit[:7]} know no train@{key}: it was not "
            "trained, or not committed, by then, so nothing says what must come out"
        )
    files = dvc_cache.cached_files(dvc_cache.output_hash(stages["train"], place.models)) or {}
    manifests = [path for name, path in files.items() if name.endswith("/manifest.json")]
    weights = {
        hash_name(name): artifacts.sha256_file(path)
        for name, path in files.items()
        if "/model." in name
    }
    return RecordedRun(
        name=name, kind="commit", experiment=key, group=place.group, commit=place.commit,
        hashes={**weights, **hashes(place, stages)},
        # The committed lock files are the CPU's.
        made_with=training_environment(artifacts.read_json(manifests[0])) if manifests else {"device": "cpu"},
    )  # fmt: skip


def hashes(place: RunLocation, stages: Stages) -> dict[str, str]:
    """Name DVC's hashes of data, models and tables, as far as the lock files have them."""
    split = f"{place.data}/split/{place.source}"
    found = {
        "data/seen": dvc_cache.output_hash(stages.get("split"), f"{split}/seen"),
        "data/sealed": dvc_cache.output_hash(stages.get("split"), f"{split}/sealed"),
        "models": dvc_cache.output_hash(stages.get("train"), place.models),
        "tables": dvc_cache.output_hash(stages.get("evaluate"), place.tables),
    }
    return {name: digest for name, digest in found.items() if digest is not None}


def changed_inputs(then: Stages, now: Stages) -> dict[str, tuple[str | None, str | None]]:
    """List the files and settings that the lock entries note otherwise, then and now.

    What an earlier one of the stages put out is left out: it is compared by itself.
    """
    found: dict[str, tuple[str | None, str | None]] = {}
    for stage in COMPARED_STAGES:
        if stage in then and stage in now:
            one, other = (_inputs(stages[stage]) for stages in (then, now))
            differing = (name for name in {**one, **other} if one.get(name) != other.get(name))
            found |= {name: (one.get(name), other.get(name)) for name in differing}
    return dict(sorted(found.items()))


def _inputs(entry: Mapping[str, Any]) -> dict[str, str]:
    made = ("data/split/", "data/models/", "data/valid/", "data/real/")
    found = {
        dep["path"]: str(dep.get("md5"))
        for dep in entry.get("deps") or ()
        if not dep["path"].startswith(made)
    }
    params = (entry.get("params") or {}).get("params.yaml") or {}
    return found | {f"params.yaml: {name}": str(value) for name, value in params.items()}


def find_commit(wanted: RecordedRun) -> str | None:
    """Find a commit whose lock files name these very weights; None where none does.

    A run is tracked before its lock files are committed, so most runs come from a folder with
    changes, all of which a commit may hold: the one on record, today's, or else the first.
    """
    versions: dict[str, str | None] = {}
    for run in list_past(wanted.group):
        name = f"weights/seed_{run.seed}"
        summary = run.summary() if name in wanted.hashes else None
        if summary and summary["manifest"].get("model_hash") == wanted.hashes[name]:
            versions[run.version] = run.commit
    for revision in filter(None, (wanted.commit, "HEAD") if versions else ()):
        if _lock_names(revision, wanted, versions):
            return commit.resolve_commit(revision)
    return next((sha for sha in versions.values() if sha is not None), None)


def _lock_names(revision: str, wanted: RecordedRun, versions: Collection[str]) -> bool:
    """Tell whether a commit's lock files name one of these folders of tables."""
    try:
        place = commit.find_experiment(commit.resolve_commit(revision), wanted.experiment)
    except FoursplitError:
        return False
    return (
        dvc_cache.output_hash(commit.locked_stages(place).get("evaluate"), place.tables) in versions
    )
