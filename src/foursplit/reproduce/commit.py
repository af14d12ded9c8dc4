"""What a commit holds, read from git without checking it out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from foursplit.config import paths
from foursplit.config.pipelines import REAL, Pipeline, home
from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.io import git

Stages = Mapping[str, Mapping[str, Any]]
"""A lock file's entries by the names of their stages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLocation:
    """Where an experiment stands at a commit."""

    key: str
    commit: str
    group: str
    source: str
    pipeline: Pipeline
    course: str

    @property
    def data(self) -> str:
        """Name the folder of its pipeline's outputs, from the root."""
        return f"data/{self.pipeline}" if self.pipeline else "data"

    @property
    def models(self) -> str:
        return f"{self.data}/models/{self.group}/{self.key}"

    @property
    def tables(self) -> str:
        return f"{self.data}/predictions/{self.group}/{self.key}"

    def of_data(self, stage: str) -> str:
        """Give DVC's address of a stage of its source."""
        return f"pipelines/{home(self.pipeline, 'data')}/dvc.yaml:{stage}@{self.source}"

    def of_model(self, stage: str) -> str:
        return f"pipelines/{home(self.pipeline, self.course)}/dvc.yaml:{stage}@{self.key}"


def resolve_commit(revision: str) -> str:
    """Give the full hash of a commit; one that this clone lacks is refused with what brings it."""
    words = ("--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    found = git.ask("rev-parse", *words)
    if found is not None:
        return found.strip()
    git.require_readable()
    if not git.is_repository():
        raise FoursplitError(f"{paths.root()}: no git repository, so no commit can be made again")
    shallow = (git.ask("rev-parse", "--is-shallow-repository") or "").strip() == "true"
    fetch = "git fetch --unshallow" if shallow else "git fetch --all"
    why = "a shallow one, without its whole history" if shallow else "which may be behind"
    raise FoursplitError(
        f"commit {revision!r} is not in this clone, {why}: `{fetch}` brings it if a remote has it"
    )


def find_experiment(commit: str, key: str) -> RunLocation:
    """Find an experiment in params.yaml as it was at a commit."""
    tree = _yaml(file_text(commit, "params.yaml"))
    known: list[str] = []
    sections: dict[Pipeline, Any] = {"": tree, REAL: tree.get(REAL) or {}}
    for of, section in sections.items():
        for course, block in (section.get("experiments") or {}).items():
            known += block
            if key in block:
                found = block[key]
                return RunLocation(
                    key=key, commit=commit, group=found["group"], source=found["source"],
                    pipeline=of, course=course,
                )  # fmt: skip
    raise unknown_name("experiment", key, known, f"params.yaml at {commit[:7]}")


def locked_stages(place: RunLocation) -> dict[str, Mapping[str, Any]]:
    """Read what the commit's lock files say of the stages that lead to an experiment's tables."""
    wanted = [place.of_data(stage) for stage in ("fetch", "validate", "split")]
    wanted += [place.of_model(stage) for stage in ("train", "evaluate")]
    found = {}
    for address in wanted:
        file, _, name = address.partition(":")
        stages = _stages(file_text(place.commit, file.replace("dvc.yaml", "dvc.lock")))
        if name in stages:
            found[name.partition("@")[0]] = stages[name]
    return found


def _stages(content: str | None) -> Stages:
    found: Stages = _yaml(content).get("stages") or {}
    return found


def file_text(commit: str, path: str) -> str | None:
    """Give a file as it was at a commit; None where it was not."""
    return git.ask("show", f"{commit}:{path}")


def _yaml(content: str | None) -> dict[str, Any]:
    try:
        found = YAML(typ="safe").load(content or "")
    except YAMLError:
        return {}
    return found if isinstance(found, dict) else {}
