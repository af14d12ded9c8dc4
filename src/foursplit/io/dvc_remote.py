"""DVC's remote: give others what was computed here."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from foursplit.config import paths
from foursplit.config.pipelines import Pipeline
from foursplit.core import reproducible_env

Say = Callable[[str], None]


def configured() -> str | None:
    """Name the default remote; None where there is none."""
    done = _dvc("config", "core.remote")
    return done.stdout.strip() or None if done.returncode == 0 else None


def push(of: Pipeline, say: Say) -> bool:
    """Give the remote what the locks name, and the run-cache; tell whether it took them."""
    remote = configured()
    if remote is None:
        return False
    files = [str(path.with_name("dvc.yaml").relative_to(paths.root())) for path in _locks(of)]
    # A remote over HTTP has no run-cache: the second try goes without.
    for cache in (["--run-cache"], []):
        done = _dvc("push", *cache, *files)
        if done.returncode == 0:
            say(f"dvc push: {_last(done.stdout) or 'done'} (remote {remote!r})")
            return True
    say(f"dvc push: remote {remote!r}: {_last(done.stderr)}; nothing was pushed")
    return False


def _locks(of: Pipeline) -> list[Path]:
    """List the lock files of one pipeline: the other one's data may be gigabytes."""
    real = paths.root() / "pipelines" / "real"
    return [p for p in paths.locks() if p.is_file() and p.is_relative_to(real) == bool(of)]


def _dvc(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "dvc", *arguments],
        cwd=paths.root(),
        env={**os.environ, **reproducible_env.QUIET},
        capture_output=True,
        text=True,
        check=False,
    )


def _last(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
