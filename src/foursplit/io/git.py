"""Run git in the project's folder; errors contain git's own message."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from foursplit.config import paths
from foursplit.core.errors import FoursplitError
from foursplit.core.redact import without_passwords

NO_REPOSITORY_MESSAGE = "not a git repository (or any"
"""git's message outside any repository; for a broken repository it differs."""

INPUTS = ("params.yaml", "dvc.yaml", "pipelines", "src", "data", "requirements*.lock")
"""Inputs of results; lock files and metrics are results themselves."""

RESULTS = (":(exclude,glob)**/dvc.lock",)

UNTRACKED = ("src", "pipelines")
"""Folders in which even an untracked file takes part in a run."""

MAX_LISTED = 5  # files in an error message


class GitError(FoursplitError):
    """git failed; the message is its own."""


def run(
    *arguments: str,
    folder: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes | None = None,
) -> "subprocess.CompletedProcess[bytes]":
    """Run git in the project's root or in `folder`; raise GitError if git is not installed."""
    base = os.environ if folder is None else environment_without_git()
    try:
        return subprocess.run(
            ["git", *arguments],
            cwd=folder or paths.root(),
            env={**base, **(env or {}), "LC_ALL": "C"},
            input=stdin,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise GitError("git is not installed or not on PATH; install git") from error


def environment_without_git() -> dict[str, str]:
    """Return the environment without GIT_* variables, which a git hook sets for its own folder."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


def query(*arguments: str) -> str | None:
    """Return git's output; None if it fails or is not installed."""
    output = query_bytes(*arguments)
    return None if output is None else output.decode("utf-8", "replace")


def query_bytes(*arguments: str, stdin: bytes | None = None) -> bytes | None:
    """Return git's output as bytes; None if it fails or is not installed."""
    try:
        process = run(*arguments, stdin=stdin)
    except GitError:
        return None
    return process.stdout if process.returncode == 0 else None


def check_output(
    *arguments: str, folder: Path | None = None, env: Mapping[str, str] | None = None
) -> str:
    """Return git's output; raise GitError if it fails."""
    return check_output_bytes(*arguments, folder=folder, env=env).decode("utf-8", "replace").strip()


def check_output_bytes(
    *arguments: str,
    folder: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes | None = None,
) -> bytes:
    """Return git's output as bytes; raise GitError if it fails."""
    process = run(*arguments, folder=folder, env=env, stdin=stdin)
    if process.returncode:
        words = (word for word in arguments if not word.startswith("-") and "=" not in word)
        command = next(words, "")
        raise GitError(f"git {command}: {_reason(process) or f'exit code {process.returncode}'}")
    return process.stdout


def unreadable_reason() -> str | None:
    """Return why git cannot read the repository; None if it can, or if there is none.

    An example is a folder that belongs to another user, as in many containers.
    """
    try:
        process = run("rev-parse", "--git-dir")
    except GitError as error:
        return str(error) if _has_repository() else None
    reason = _reason(process)
    return None if process.returncode == 0 or NO_REPOSITORY_MESSAGE in reason else reason


def require_readable() -> None:
    """Raise GitError if there is a repository that git cannot read."""
    reason = unreadable_reason()
    if reason is not None:
        raise GitError(f"{paths.root()}: git cannot read its repository: {reason}")


def is_repository() -> bool:
    """Check whether the project is in a repository that git can read."""
    return query("rev-parse", "--git-dir") is not None


def changed_inputs() -> list[str]:
    """Return the input files of results that differ from the checked-out commit."""
    if query("rev-parse", "--verify", "--quiet", "HEAD") is None:
        return []
    tracked = check_output(
        "diff", "--name-only", "--no-renames", "-z", "HEAD", "--", *INPUTS, *RESULTS
    )
    untracked = ("ls-files", "--others", "--exclude-standard", "-z", "--", *UNTRACKED, *RESULTS)
    return sorted({*filter(None, f"{tracked}\0{check_output(*untracked)}".split("\0"))})


def require_committed(action: str, alternative: str = "") -> None:
    """Raise if inputs of results are not committed, so that `action` could not be reproduced."""
    files = changed_inputs()
    if files:
        shown = ", ".join(files[:MAX_LISTED]) + (
            f" and {len(files) - MAX_LISTED} more" * (len(files) > MAX_LISTED)
        )
        raise FoursplitError(
            f"{action}: {shown}: not as in the commit that is checked out, so the results could "
            "not be reproduced. Commit (`git add -A && git commit`) or stash them"
            f"{alternative}"
        )


def _has_repository() -> bool:
    root = paths.root()
    return any((folder / ".git").exists() for folder in (root, *root.parents))


def _reason(process: "subprocess.CompletedProcess[bytes]") -> str:
    """Return git's error message in one line, without the password of a remote's URL."""
    text = process.stderr.decode("utf-8", "replace")
    return without_passwords(" ".join(text.split()))
