"""The project at a past commit, and what differs now: files, parameters, results."""

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
from foursplit.runner.rerun_reasons import Change, parameter_changes

NO_COMMIT = "0" * 40
"""What a git host reports as the commit before the first push of a branch."""

PREVIOUS_COMMIT = "HEAD~1"

FULL_HASH = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCommit:
    """The project at `commit`; everything is empty without one."""

    commit: str | None

    def file(self, name: str) -> str | None:
        """Return a file's text at the commit; None if it did not exist."""
        return None if self.commit is None else git.query("show", f"{self.commit}:{name}")

    def metrics(self, pipeline: Pipeline) -> dict[str, dict[str, Any]]:
        """Return the metrics of a pipeline's report, by experiment."""
        text = self.file(str(paths.metrics(pipeline).relative_to(paths.root())))
        try:
            courses = json.loads(text or "{}")
        except ValueError:  # merge conflict, or torn
            return {}
        return {key: errors for course in courses.values() for key, errors in course.items()}

    def finals(self, home: str) -> dict[str, Any]:
        """Return the hash of each group's final tables in a course's lock file."""
        path = paths.pipeline_file(home).with_name("dvc.lock")
        return final_hashes(self.file(str(path.relative_to(paths.root()))))

    def files(self) -> list[str]:
        """List the tracked files that differ now, committed or not."""
        if self.commit is None:
            return []
        return (git.query("diff", "--name-only", self.commit) or "").splitlines()

    def parameters(self) -> list[Change]:
        """List the values of params.yaml that differ now."""
        text = self.file("params.yaml")
        if text is None:
            return []
        before, after = _yaml(text), pipelines.tree(paths.params_file())
        if not isinstance(before, Mapping):
            return []
        changes = [
            parameter_changes(name, before.get(name), after.get(name))
            for name in {**before, **after}
        ]
        return [change for differences in changes for change in differences]


def find_past_commit(commit: str | None) -> PastCommit:
    """Find a commit; by default the previous one, if any.

    The commit that a git host names may have been rewritten since; then the previous one is used.
    """
    if commit == NO_COMMIT:
        return PastCommit(commit=None)
    sha = _resolve(commit or PREVIOUS_COMMIT)
    if sha is None and commit is not None and FULL_HASH.fullmatch(commit):
        click.echo(f"--since {commit}: no such commit here; comparing with the previous one")
        sha = _resolve(PREVIOUS_COMMIT)
    elif sha is None and commit is not None:
        raise FoursplitError(
            f"--since {commit}: no such commit here. A shallow clone lacks history: "
            "run `git fetch --unshallow`"
        )
    return PastCommit(commit=sha)


def _resolve(name: str) -> str | None:
    output = git.query("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    return output.strip() if output else None


def head_commit() -> str | None:
    """Return the hash of the commit that is checked out."""
    return _resolve("HEAD")


def final_hashes(text: str | None) -> dict[str, Any]:
    """Read the hash of each group's final tables from a lock file's text."""
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
