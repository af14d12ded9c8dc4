"""Run the pipeline with DVC, so that a person can follow, and end with what came out."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import click

from foursplit.core import environment, paths
from foursplit.core.errors import Refusal
from foursplit.core.experiment import Params
from foursplit.core.params import load
from foursplit.doors import progress
from foursplit.doors.check import check
from foursplit.doors.heal import heal
from foursplit.doors.tidy import tidy
from foursplit.warm.start import warm


def repro(targets: Sequence[str], *, force: bool, dry: bool, cold: bool) -> None:
    """Run `dvc repro`, then track the runs and show the table."""
    params = load()
    check(params)
    for line in heal():
        click.echo(line)
    for path in tidy(params):
        click.echo(f"removed {path.relative_to(paths.root())}: no longer in params.yaml")
    start = time.monotonic()
    flags = ["--force"] * force + ["--dry"] * dry
    with _warmth(params, off=cold or dry) as warmth:
        code = dvc(["repro", *flags, *targets], params, warmth)
    if code:
        raise Refusal(
            f"the run stopped (dvc's exit code {code}); the lines above say where. What was "
            "finished is kept: run again to go on."
        )
    if not dry:
        _conclude(params, time.monotonic() - start)


def _warmth(params: Params, *, off: bool) -> AbstractContextManager[Mapping[str, str]]:
    return nullcontext({}) if off else warm(params)


def dvc(arguments: Sequence[str], params: Params, extra: Mapping[str, str]) -> int:
    """Call DVC as a process of its own in the project's root; Ctrl-C reaches it, and we wait."""
    with tempfile.TemporaryDirectory(prefix="foursplit-") as folder:
        counter = {
            progress.COUNTER: str(Path(folder) / "stages"),
            progress.TOTAL: str(count_stages(params)),
        }
        # The interpreter's own folder first, so that stages find `foursplit` in any shell.
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        process = subprocess.Popen(
            [sys.executable, "-m", "dvc", *arguments],
            cwd=paths.root(),
            env={**os.environ, **environment.QUIET, **counter, "PATH": path, **extra},
        )
        # A terminal's Ctrl-C goes to DVC as well, which ends its stage in order.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            return process.wait()
        finally:
            signal.signal(signal.SIGINT, before)


def count_stages(params: Params) -> int:
    """Count the stages of the whole pipeline: three a source, two an experiment, two a group."""
    n_experiments = sum(map(len, params.experiments.values()))
    n_groups = sum(map(len, params.groups.values()))
    return 3 * len(params.sources) + 2 * n_experiments + 2 * n_groups + 1


def _conclude(params: Params, seconds: float) -> None:
    from foursplit.doors.track import track
    from foursplit.evaluation.collect import collect
    from foursplit.reporting.terminal import show

    track()
    show(collect(params))
    click.echo(f"{seconds:.0f} s. Report: {paths.reports() / 'index.html'}")
    click.echo("Compare runs in MLflow: make ui (or foursplit ui)")
