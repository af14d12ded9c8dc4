"""Commit new lock files and metrics to a branch of their own, and push it; nothing here moves.

The commit is built in an index of its own: working tree, index and branch stay as they are.
"""

import os
import subprocess
import tempfile
from pathlib import Path

from foursplit.core import paths
from foursplit.core.errors import Refusal

PREFIX = "foursplit/"
"""What the branch's name begins with: it is overwritten each time, and must be nobody's."""

WHO = {
    "GIT_AUTHOR_NAME": "foursplit",
    "GIT_AUTHOR_EMAIL": "foursplit@localhost",
    "GIT_COMMITTER_NAME": "foursplit",
    "GIT_COMMITTER_EMAIL": "foursplit@localhost",
}


def require_name(branch: str) -> None:
    """Refuse a branch that a person may work on, before anything runs."""
    if not branch.startswith(PREFIX) or branch == PREFIX:
        raise Refusal(
            f"--branch {branch}: must begin with {PREFIX!r}, such as {PREFIX}retrained: it is "
            "overwritten without asking"
        )
    if _git("check-ref-format", f"refs/heads/{branch}").returncode:
        raise Refusal(f"--branch {branch}: git takes no such name for a branch")


def push(branch: str, message: str, remote: str = "origin") -> str | None:
    """Push the results on top of the present commit; give the new commit, None if none changed."""
    files = [str(p.relative_to(paths.root())) for p in (*paths.locks(), *_metrics()) if p.is_file()]
    with tempfile.TemporaryDirectory(prefix="foursplit-branch-") as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        _require("read-tree", "HEAD", **index)
        _require("add", "--", *files, **index)
        tree = _require("write-tree", **index)
    if tree == _require("rev-parse", "HEAD^{tree}"):
        return None
    known = _git("config", "user.email").returncode == 0
    who = {} if known or "GIT_AUTHOR_EMAIL" in os.environ else WHO
    commit = _require("commit-tree", tree, "-p", "HEAD", "-m", message, **who)
    _require("push", "--quiet", "--force", remote, f"{commit}:refs/heads/{branch}")
    return commit


def _metrics() -> list[Path]:
    return [paths.metrics(), paths.metrics("real")]


def _require(*arguments: str, **env: str) -> str:
    done = _git(*arguments, **env)
    if done.returncode:
        raise Refusal(f"git {arguments[0]}: {done.stderr.strip() or done.returncode}")
    return done.stdout.strip()


def _git(*arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["git", *arguments],
        cwd=paths.root(),
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )
