"""Push results to DVC's remote."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from foursplit.config import paths
from foursplit.config.pipelines import Pipeline
from foursplit.core import reproducible_env

Report = Callable[[str], None]


def default_remote() -> str | None:
    """Return the name of the default remote; None if there is none."""
    process = _dvc("config", "core.remote")
    return process.stdout.strip() or None if process.returncode == 0 else None


def push(pipeline: Pipeline, report: Report) -> bool:
    """Push the outputs in the lock files and the run cache; return whether it succeeded."""
    remote = default_remote()
    if remote is None:
        return False
    files = [str(path.with_name("dvc.yaml").relative_to(paths.root())) for path in _locks(pipeline)]
    # A remote over HTTP has no run cache: the second try is without it.
    for cache in (["--run-cache"], []):
        process = _dvc("push", *cache, *files)
        if process.returncode == 0:
            report(f"dvc push: {_last_line(process.stdout) or 'done'} (remote {remote!r})")
            return True
    report(f"dvc push: remote {remote!r}: {_last_line(process.stderr)}; nothing was pushed")
    return False


def _locks(pipeline: Pipeline) -> list[Path]:
    """Return the lock files of one pipeline; data of the other may be gigabytes."""
    full = paths.root() / "pipelines" / "full"
    return [p for p in paths.locks() if p.is_file() and p.is_relative_to(full) == bool(pipeline)]


def _dvc(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "dvc", *arguments],
        cwd=paths.root(),
        env={**os.environ, **reproducible_env.QUIET},
        capture_output=True,
        text=True,
        check=False,
    )


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
