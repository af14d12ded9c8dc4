"""What the project was at a commit, and what differs from it now: files, parameters, results."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from foursplit.config import paths, pipelines
from foursplit.config.pipelines import Pipeline
from foursplit.core.errors import FoursplitError
from foursplit.io import git
from foursplit.runner.stage_changes import Change, parameter_changes

NO_COMMIT = "0" * 40
"""What a forge names as the commit before the first push of a branch."""

PREVIOUS_COMMIT = "HEAD~1"

FULL_HASH = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCommit:
    """The project at `commit`; everything is empty where there is no such commit."""

    commit: str | None

    def file(self, name: str) -> str | None:
        """Give a file's text at the commit; None where it was not there."""
        return None if self.commit is None else git.ask("show", f"{self.commit}:{name}")

    def metrics(self, of: Pipeline) -> dict[str, dict[str, Any]]:
        """Give what the report of a pipeline measured, by experiment."""
        text = self.file(str(paths.metrics(of).relative_to(paths.root())))
        try:
            courses = json.loads(text or "{}")
        except ValueError:  # in conflict, or torn
            return {}
        return {key: found for course in courses.values() for key, found in course.items()}

    def finals(self, home: str) -> dict[str, Any]:
        """Give the hash of each group's final tables that the lock file of a course names."""
        path = paths.pipeline_file(home).with_name("dvc.lock")
        return final_hashes(self.file(str(path.relative_to(paths.root()))))

    def files(self) -> list[str]:
        """Name the tracked files that differ now, committed or not."""
        if self.commit is None:
            return []
        return (git.ask("diff", "--name-only", self.commit) or "").splitlines()

    def parameters(self) -> list[Change]:
        """List the values of params.yaml that differ now."""
        text = self.file("params.yaml")
        if text is None:
            return []
        before, now = _yaml(text), pipelines.tree(paths.params_file())
        if not isinstance(before, Mapping):
            return []
        changes = [
            parameter_changes(name, before.get(name), now.get(name)) for name in {**before, **now}
        ]
        return [change for part in changes for change in part]


def find_past_commit(commit: str | None) -> PastCommit:
    """Find a commit; without one named, the last before this, if there is any.

    What a forge names may have been rewritten since; then the last before stands in.
    """
    if commit == NO_COMMIT:
        return PastCommit(commit=None)
    found = _resolve(commit or PREVIOUS_COMMIT)
    if found is None and commit is not None and FULL_HASH.fullmatch(commit):
        click.echo(f"--since {commit}: no such commit here; comparing with the one before this")
        found = _resolve(PREVIOUS_COMMIT)
    elif found is None and commit is not None:
        raise FoursplitError(
            f"--since {commit}: no such commit here; a shallow clone lacks history: "
            "`git fetch --unshallow` brings it"
        )
    return PastCommit(commit=found)


def _resolve(name: str) -> str | None:
    found = git.ask("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    return found.strip() if found else None


def head_commit() -> str | None:
    """Name the commit that is checked out."""
    return _resolve("HEAD")


def final_hashes(text: str | None) -> dict[str, Any]:
    """Read from a lock file's text the hash of each group's final tables."""
    stages = (_yaml(text or "") or {}).get("stages") or {}
    return {
        name.partition("@")[2]: stage["outs"][0].get("md5")
        for name, stage in stages.items()
        if name.startswith("final@") and stage.get("outs")
    }


def _yaml(text: str) -> Any:
    try:
        return YAML(typ="safe").load(text)
    except YAMLError:
        return None
