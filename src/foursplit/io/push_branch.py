"""Commit new lock files and metrics to a separate branch, and push it.

The commit is built in a temporary index: working tree, index and branch stay as they are.
"""

import os
import tempfile
from pathlib import Path

from foursplit.config import paths
from foursplit.core.errors import FoursplitError
from foursplit.io import git

BRANCH_PREFIX = "foursplit/"
"""Required prefix of the branch, which is overwritten each time."""

DEFAULT_AUTHOR = {
    "GIT_AUTHOR_NAME": "foursplit",
    "GIT_AUTHOR_EMAIL": "foursplit@localhost",
    "GIT_COMMITTER_NAME": "foursplit",
    "GIT_COMMITTER_EMAIL": "foursplit@localhost",
}


def require_pushable(branch: str) -> None:
    """Raise for a branch without the prefix, an invalid name, or uncommitted inputs."""
    if not branch.startswith(BRANCH_PREFIX) or branch == BRANCH_PREFIX:
        raise FoursplitError(
            f"--branch {branch}: must begin with {BRANCH_PREFIX!r}, because the branch is "
            f"overwritten. Use e.g. {BRANCH_PREFIX}retrained"
        )
    if git.query("check-ref-format", f"refs/heads/{branch}") is None:
        raise FoursplitError(f"--branch {branch}: not a valid git branch name")
    require_committed(branch)


def require_committed(branch: str) -> None:
    """Raise if inputs of the results are not committed, so that the branch would lack them."""
    git.require_readable()
    git.require_committed(f"--branch {branch}")


def push(branch: str, message: str, remote: str = "origin") -> str | None:
    """Push the results on top of HEAD; return the new commit, None if nothing changed."""
    require_committed(branch)
    files = [str(p.relative_to(paths.root())) for p in (*paths.locks(), *_metrics()) if p.is_file()]
    with tempfile.TemporaryDirectory(prefix="foursplit-branch-") as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        git.check_output("read-tree", "HEAD", env=index)
        git.check_output("add", "--", *files, env=index)
        tree = git.check_output("write-tree", env=index)
    if tree == git.check_output("rev-parse", "HEAD^{tree}"):
        return None
    has_author = git.query("config", "user.email") is not None
    has_author = has_author or "GIT_AUTHOR_EMAIL" in os.environ
    author = {} if has_author else DEFAULT_AUTHOR
    commit = git.check_output("commit-tree", tree, "-p", "HEAD", "-m", message, env=author)
    git.check_output("push", "--quiet", "--force", remote, f"{commit}:refs/heads/{branch}")
    return commit


def _metrics() -> list[Path]:
    return [paths.metrics(), paths.metrics("full")]
