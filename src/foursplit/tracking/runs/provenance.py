"""Provenance of a run: git's commit, and data and settings in DVC's lock files."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from foursplit.config import paths
from foursplit.config.load import parse
from foursplit.config.pipelines import FileVersion, home, key, of_dataset, version
from foursplit.core.errors import FoursplitError
from foursplit.evaluation.results import ExperimentResult
from foursplit.io import git

UNLOCKED = "not in dvc.lock"
"""Digest of the output of a stage run by hand: DVC knows no hash of it."""


Entries = Mapping[str, Mapping[str, Any]]
"""Lock entries by the address of their stage, such as `pipelines/data/dvc.yaml:split@wine`."""


class LockFiles:
    """DVC's lock files, each read once.

    Entries in `unwritten`, of stages that ended during a run, are newer than the files.
    """

    def __init__(self, unwritten: Entries | None = None) -> None:
        self._unwritten = unwritten or {}
        self._stages: dict[str, Mapping[str, Any]] = {}

    def digests(self, dataset: str) -> dict[str, str]:
        """Return DVC's hashes of a dataset's `seen` and `sealed` examples."""
        outs = self._stage(
            home(of_dataset(paths.params_file(), dataset), "data"), f"split@{dataset}"
        ).get("outs", [])
        digests = {Path(out["path"]).name: out.get("md5", UNLOCKED) for out in outs}
        return {name: digests.get(name, UNLOCKED) for name in ("seen", "sealed")}

    def is_stale(self, entry: ExperimentResult, seed: int) -> bool:
        """Return whether params.yaml has changed since `entry` was trained."""
        experiment, manifest = entry.experiment, entry.summaries[seed]["manifest"]
        trained = (manifest["model"], _tuples_as_lists(manifest["model_args"]))
        if trained != (experiment.model, _tuples_as_lists(experiment.model_args)):
            return True
        locked = self._stage(entry.home, f"train@{entry.key}").get("params", {})
        key_path = key(entry.pipeline, f"experiments.{entry.course}.{entry.key}.fit")
        fit = locked.get("params.yaml", {}).get(key_path)
        return fit is not None and parse(type(experiment.fit), fit, key_path) != experiment.fit

    def _stage(self, home: str, name: str) -> Mapping[str, Any]:
        address = f"pipelines/{home}/dvc.yaml:{name}"
        if address in self._unwritten:
            return self._unwritten[address]
        if home not in self._stages:
            path = paths.pipeline_file(home).with_name("dvc.lock")
            self._stages[home] = _read_lock(path, version(path)) if path.is_file() else {}
        return self._stages[home].get(name, {})


@lru_cache(maxsize=32)  # of a run's process, which syncs group after group: parsing takes longest
def _read_lock(path: Path, _version: FileVersion) -> Mapping[str, Any]:
    """Return the entries of a lock file's stages."""
    try:
        return (YAML(typ="safe").load(path) or {}).get("stages", {})
    except (YAMLError, UnicodeDecodeError) as error:
        raise FoursplitError(
            f"{path}: not readable: half-written, or with merge conflict markers. Run "
            "`foursplit repro`: it repairs the first and explains how to resolve the second"
        ) from error


def git_tags() -> dict[str, str]:
    """Return tags with the commit that is checked out, and whether its datasets were changed."""
    commit = git.query("rev-parse", "--verify", "--quiet", "HEAD")
    if not commit:
        return {}
    return {
        "mlflow.source.git.commit": commit.strip(),
        "foursplit.git_dirty": str(bool(git.changed_inputs())).lower(),
    }


def is_ancestor(commit: str) -> bool:
    """Return whether HEAD descends from a commit; true without git."""
    git.require_readable()
    if not git.is_repository():
        return True
    return git.query("merge-base", "--is-ancestor", commit, "HEAD") is not None


def _tuples_as_lists(value: Any) -> Any:
    """Turn tuples into lists, as JSON does."""
    if isinstance(value, Mapping):
        return {name: _tuples_as_lists(item) for name, item in value.items()}
    return [_tuples_as_lists(item) for item in value] if isinstance(value, list | tuple) else value
