"""Calls to git in the project's folder, and git's own words where it refuses."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from foursplit.config import paths
from foursplit.core.errors import FoursplitError
from foursplit.core.redact import without_passwords

NO_REPOSITORY_MESSAGE = "not a git repository (or any"
"""What git says outside of any; of a repository that is broken it says something else."""

INPUTS = ("params.yaml", "dvc.yaml", "pipelines", "src", "data", "requirements*.lock")
"""What results rest on; lock files and metrics are results themselves."""

RESULTS = (":(exclude,glob)**/dvc.lock",)

UNTRACKED = ("src", "pipelines")
"""Where a file that git does not know yet takes part in a run all the same."""


MAX_LISTED = 5  # files that a refusal names


class GitError(FoursplitError):
    """What git refused, in its own words."""


def run(
    *arguments: str,
    folder: Path | None = None,
    env: Mapping[str, str] | None = None,
    given: bytes | None = None,
) -> "subprocess.CompletedProcess[bytes]":
    """Call git in the project's root, or in `folder`; a git that is not installed is refused."""
    own = os.environ if folder is None else without_hook()
    try:
        return subprocess.run(
            ["git", *arguments],
            cwd=folder or paths.root(),
            env={**own, **(env or {}), "LC_ALL": "C"},
            input=given,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise GitError("git: no such program; install git, or add it to PATH") from error


def without_hook() -> dict[str, str]:
    """Give the environment without what a git hook sets, which would lead back to its folder."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


def ask(*arguments: str) -> str | None:
    """Give git's answer; None where it has none, or is not there."""
    found = ask_bytes(*arguments)
    return None if found is None else found.decode("utf-8", "replace")


def ask_bytes(*arguments: str, given: bytes | None = None) -> bytes | None:
    """Give git's answer as bytes; None where it has none, or is not there."""
    try:
        done = run(*arguments, given=given)
    except GitError:
        return None
    return done.stdout if done.returncode == 0 else None


def require(
    *arguments: str, folder: Path | None = None, env: Mapping[str, str] | None = None
) -> str:
    """Give git's answer; raise what it says where it refuses."""
    done = run(*arguments, folder=folder, env=env)
    if done.returncode:
        command = next((word for word in arguments if not word.startswith("-")), "")
        raise GitError(f"git {command}: {_reason(done) or f'exit code {done.returncode}'}")
    return done.stdout.decode("utf-8", "replace").strip()


def trouble() -> str | None:
    """Say why git does not read the repository that is here; None if it does, or none is here.

    A folder that belongs to another user, as in many containers, is such a case.
    """
    try:
        done = run("rev-parse", "--git-dir")
    except GitError as error:
        return str(error) if _has_repository() else None
    reason = _reason(done)
    return None if done.returncode == 0 or NO_REPOSITORY_MESSAGE in reason else reason


def require_readable() -> None:
    """Raise git's reason where it does not read the repository that is here."""
    reason = trouble()
    if reason is not None:
        raise GitError(f"{paths.root()}: git cannot read its repository: {reason}")


def is_repository() -> bool:
    """Tell whether the project lies in a repository that git reads."""
    return ask("rev-parse", "--git-dir") is not None


def changed_sources() -> list[str]:
    """Name the files that results rest on and that differ from the commit that is checked out."""
    if ask("rev-parse", "--verify", "--quiet", "HEAD") is None:
        return []
    tracked = require("diff", "--name-only", "--no-renames", "-z", "HEAD", "--", *INPUTS, *RESULTS)
    others = ("ls-files", "--others", "--exclude-standard", "-z", "--", *UNTRACKED, *RESULTS)
    return sorted({*filter(None, f"{tracked}\0{require(*others)}".split("\0"))})


def require_committed(what: str, way_out: str = "") -> None:
    """Refuse `what`, which others will rely on, if no commit holds the sources it rests on."""
    files = changed_sources()
    if files:
        shown = ", ".join(files[:MAX_LISTED]) + (
            f" and {len(files) - MAX_LISTED} more" * (len(files) > MAX_LISTED)
        )
        raise FoursplitError(
            f"{what}: {shown}: not as in the commit that is checked out, so nobody else could make "
            f"the same again. Commit (`git add -A && git commit`) or stash them{way_out}"
        )


def _has_repository() -> bool:
    root = paths.root()
    return any((folder / ".git").exists() for folder in (root, *root.parents))


def _reason(done: "subprocess.CompletedProcess[bytes]") -> str:
    """Give what git said, in one line and without the password of a remote's address."""
    text = done.stderr.decode("utf-8", "replace")
    return without_passwords(" ".join(text.split()))
