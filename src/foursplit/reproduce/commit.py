"""Contents of a commit, read from git without a checkout."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from foursplit.config import paths
from foursplit.config.pipelines import FULL, Pipeline, home
from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.io import git

Stages = Mapping[str, Mapping[str, Any]]
"""Entries of a lock file by stage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLocation:
    """The location of an experiment at a commit: its pipeline, course, group and dataset."""

    key: str
    commit: str
    group: str
    dataset: str
    pipeline: Pipeline
    course: str

    @property
    def data(self) -> str:
        """Return the folder of its pipeline's outputs, relative to the root."""
        return f"data/{self.pipeline}" if self.pipeline else "data"

    @property
    def models(self) -> str:
        return f"{self.data}/models/{self.group}/{self.key}"

    @property
    def tables(self) -> str:
        return f"{self.data}/predictions/{self.group}/{self.key}"

    def of_data(self, stage: str) -> str:
        """Return DVC's address of a stage of its dataset."""
        return f"pipelines/{home(self.pipeline, 'data')}/dvc.yaml:{stage}@{self.dataset}"

    def of_model(self, stage: str) -> str:
        return f"pipelines/{home(self.pipeline, self.course)}/dvc.yaml:{stage}@{self.key}"


def resolve_commit(revision: str) -> str:
    """Return the full hash of a commit; raise with the command to fetch it if it is missing."""
    arguments = ("--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    output = git.query("rev-parse", *arguments)
    if output is not None:
        return output.strip()
    git.require_readable()
    if not git.is_repository():
        raise FoursplitError(
            f"{paths.root()}: no git repository, so no commit can be reproduced. Record one: "
            "git init && git add -A && git commit -m 'First runs'"
        )
    shallow = (git.query("rev-parse", "--is-shallow-repository") or "").strip() == "true"
    fetch = "git fetch --unshallow" if shallow else "git fetch --all"
    reason = "which is shallow, without the whole history" if shallow else "which may be outdated"
    raise FoursplitError(f"commit {revision!r} is not in this clone, {reason}. Run `{fetch}`")


def find_experiment(commit: str, key: str) -> RunLocation:
    """Find an experiment in params.yaml as it was at a commit."""
    tree = _yaml(file_text(commit, "params.yaml"))
    experiments: list[str] = []
    sections: dict[Pipeline, Any] = {"": tree, FULL: tree.get(FULL) or {}}
    for pipeline, section in sections.items():
        for course, block in (section.get("experiments") or {}).items():
            experiments += block
            if key in block:
                experiment = block[key]
                _require_current_format(experiment, key, commit)
                return RunLocation(
                    key=key,
                    commit=commit,
                    group=experiment["group"],
                    dataset=experiment["dataset"],
                    pipeline=pipeline,
                    course=course,
                )
    raise unknown_name("experiment", key, experiments, f"params.yaml at {commit[:7]}")


def _require_current_format(experiment: object, key: str, commit: str) -> None:
    missing = [
        name
        for name in ("group", "dataset")
        if not (isinstance(experiment, dict) and isinstance(experiment.get(name), str))
    ]
    if missing:
        raise FoursplitError(
            f"{key}: params.yaml at {commit[:7]} gives it no {' and no '.join(missing)}, so "
            "another version of Foursplit wrote it. Reproduce it with its own code: `git worktree "
            f"add ../foursplit-{commit[:7]} {commit[:7]}`, then `make repro` in that folder"
        )


def locked_stages(location: RunLocation) -> dict[str, Mapping[str, Any]]:
    """Read the commit's lock entries of the stages that lead to an experiment's tables."""
    addresses = [location.of_data(stage) for stage in ("fetch", "validate", "split")]
    addresses += [location.of_model(stage) for stage in ("train", "evaluate")]
    result = {}
    for address in addresses:
        file, _, name = address.partition(":")
        stages = _stages(file_text(location.commit, file.replace("dvc.yaml", "dvc.lock")))
        if name in stages:
            result[name.partition("@")[0]] = stages[name]
    return result


def _stages(content: str | None) -> Stages:
    stages: Stages = _yaml(content).get("stages") or {}
    return stages


def file_text(commit: str, path: str) -> str | None:
    """Return a file's text at a commit; None if it did not exist."""
    return git.query("show", f"{commit}:{path}")


def _yaml(content: str | None) -> dict[str, Any]:
    try:
        tree = YAML(typ="safe").load(content or "")
    except YAMLError:
        return {}
    return tree if isinstance(tree, dict) else {}
