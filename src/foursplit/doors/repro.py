"""Run the pipeline so that a person can follow, and end with what came out."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import click
from filelock import FileLock, Timeout

from foursplit.core import environment, paths
from foursplit.core.errors import Refusal
from foursplit.core.experiment import Params
from foursplit.core.params import load
from foursplit.doors import conclude, scheduled
from foursplit.doors.check import check
from foursplit.doors.heal import heal
from foursplit.doors.tidy import tidy
from foursplit.schedule.targets import resolve
from foursplit.warm.start import warm


def repro(targets: Sequence[str], *, jobs: int | None, force: bool, dry: bool, cold: bool) -> None:
    """Bring `targets` (the whole pipeline where none is given) up to date, track, show the table.

    `cold` means DVC's own command; so does a system or a DVC that we do not know inside out.
    """
    params = load()
    check(params)
    addresses = [address for target in targets for address in resolve(params, target)]
    with _alone():
        for path in tidy(params):
            click.echo(f"removed {path.relative_to(paths.root())}: no longer in params.yaml")
        start = time.monotonic()
        why_plain = "" if cold else scheduled.unsupported()
        if why_plain:
            click.echo(f"{why_plain}: leaving the order to dvc repro, one stage at a time")
        if cold or why_plain:
            _plain(params, addresses, force=force, dry=dry, cold=cold)
            changed = True
        elif dry:
            scheduled.preview(addresses, force=force)
            return
        else:
            changed = scheduled.run(params, addresses, jobs=jobs, force=force)
    if not dry:
        conclude.conclude(params, time.monotonic() - start, changed=changed)


@contextmanager
def _alone() -> Iterator[None]:
    """Keep a second run of this project out; one that is killed lets it in."""
    paths.state().mkdir(exist_ok=True)
    lock = FileLock(paths.state() / "run.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise Refusal(
            f"another foursplit repro is at work in {paths.root()}; wait for it, or end it"
        ) from error
    try:
        yield
    finally:
        lock.release()


def _plain(params: Params, targets: Sequence[str], *, force: bool, dry: bool, cold: bool) -> None:
    """Run DVC's own command; its stages start warm unless they are to start cold."""
    flags = ["--force"] * force + ["--dry"] * dry
    warmth: AbstractContextManager[Mapping[str, str]] = (
        nullcontext({}) if cold or dry else warm(params)
    )
    for line in heal():
        click.echo(line)
    with warmth as extra:
        code = dvc(["repro", *flags, *targets], extra)
    if code:
        raise Refusal(
            f"the run stopped (dvc's exit code {code}); the lines above say where. What was "
            "finished is kept: run again to go on."
        )


def dvc(arguments: Sequence[str], extra: Mapping[str, str]) -> int:
    """Call DVC as a process of its own in the project's root; Ctrl-C reaches it, and we wait."""
    # The interpreter's own folder first, so that stages find `foursplit` in any shell.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    process = subprocess.Popen(
        [sys.executable, "-m", "dvc", *arguments],
        cwd=paths.root(),
        env={**os.environ, **environment.QUIET, "PATH": path, **extra},
    )
    # A terminal's Ctrl-C goes to DVC as well, which ends its stage in order.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return process.wait()
    finally:
        signal.signal(signal.SIGINT, before)
