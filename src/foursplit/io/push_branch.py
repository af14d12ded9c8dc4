"""Commit new lock files and metrics to a branch of their own, and push it; nothing here moves.

The commit is built in an index of its own: working tree, index and branch stay as they are.
"""

import os
import tempfile
from pathlib import Path

from foursplit.config import paths
from foursplit.core.errors import FoursplitError
from foursplit.io import git

BRANCH_PREFIX = "foursplit/"
"""What the branch's name begins with: it is overwritten each time, and must be nobody's."""

DEFAULT_AUTHOR = {
    "GIT_AUTHOR_NAME": "foursplit",
    "GIT_AUTHOR_EMAIL": "foursplit@localhost",
    "GIT_COMMITTER_NAME": "foursplit",
    "GIT_COMMITTER_EMAIL": "foursplit@localhost",
}


def require(branch: str) -> None:
    """Refuse a branch that a person may work on, or one whose results nobody could make again."""
    if not branch.startswith(BRANCH_PREFIX) or branch == BRANCH_PREFIX:
        raise FoursplitError(
            f"--branch {branch}: must begin with {BRANCH_PREFIX!r}, such as {BRANCH_PREFIX}retrained: it is "
            "overwritten without asking"
        )
    if git.ask("check-ref-format", f"refs/heads/{branch}") is None:
        raise FoursplitError(f"--branch {branch}: git takes no such name for a branch")
    require_committed(branch)


def require_committed(branch: str) -> None:
    """Refuse to publish lock files of sources that the branch will not hold."""
    git.require_readable()
    git.require_committed(f"--branch {branch}")


def push(branch: str, message: str, remote: str = "origin") -> str | None:
    """Push the results on top of the present commit; give the new commit, None if none changed."""
    require_committed(branch)
    files = [str(p.relative_to(paths.root())) for p in (*paths.locks(), *_metrics()) if p.is_file()]
    with tempfile.TemporaryDirectory(prefix="foursplit-branch-") as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        git.require("read-tree", "HEAD", env=index)
        git.require("add", "--", *files, env=index)
        tree = git.require("write-tree", env=index)
    if tree == git.require("rev-parse", "HEAD^{tree}"):
        return None
    known = git.ask("config", "user.email") is not None
    who = {} if known or "GIT_AUTHOR_EMAIL" in os.environ else DEFAULT_AUTHOR
    commit = git.require("commit-tree", tree, "-p", "HEAD", "-m", message, env=who)
    git.require("push", "--quiet", "--force", remote, f"{commit}:refs/heads/{branch}")
    return commit


def _metrics() -> list[Path]:
    return [paths.metrics(), paths.metrics("real")]
