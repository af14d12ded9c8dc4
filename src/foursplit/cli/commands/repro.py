"""Run the pipeline so that a person can follow, and end with what came out."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import click
from filelock import FileLock, Timeout

from foursplit import plugins
from foursplit.cli.commands.check import check
from foursplit.cli.render import finish
from foursplit.config import paths
from foursplit.config.load import load
from foursplit.config.pipelines import REAL, Pipeline
from foursplit.config.schema import Params
from foursplit.core import reproducible_env
from foursplit.core.errors import FoursplitError
from foursplit.data.download import catalogue, licences
from foursplit.io import artifacts
from foursplit.io.artifacts import BOOK
from foursplit.runner import leftover_processes, run_pipeline
from foursplit.runner.dvc_adapter.read_write_locks import remove_stale_entries
from foursplit.runner.removable_outputs import remove_write_log, open_write_log
from foursplit.runner.remove_orphans import report_lines, remove_orphans
from foursplit.runner.repair_dvc_locks import repair_locks
from foursplit.runner.run_pipeline import RunTargets
from foursplit.runner.targets import stages_reading, resolve_target
from foursplit.runner.workers.start import warm_worker
from foursplit.scaffold import write_pipelines


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """The ways in which a run can be asked for."""

    jobs: int | None = None
    force: bool = False
    dry: bool = False
    cold: bool = False
    pull: bool = False
    real: bool = False


def repro(targets: Sequence[str], how: How) -> None:
    """Bring `targets` (the whole pipeline where none is given) up to date, track, show the table.

    `cold` means DVC's own command; so does a system or a DVC that we do not know inside out.
    """
    params = load()
    _offer_pipelines(params)
    check(params)
    wanted, waiting = _wanted(params, targets, how)
    of: Pipeline = REAL if how.real or any(map(_is_real, wanted.addresses)) else ""
    if waiting and len(waiting) == len(params.real.sources):
        click.echo(left_out(params, waiting))
        return
    try:
        _run(params, wanted, how, of)
    finally:  # whatever became of the others
        if of == REAL and not how.dry:
            click.echo(by_acceptance(params), nl=False)
        if waiting:
            click.echo(left_out(params, waiting))


def _offer_pipelines(params: Params) -> None:
    """Ask whether to write the dvc.yaml files that params.yaml has outgrown; only at a terminal."""
    stale = write_pipelines.outgrown(params)
    if not stale or not sys.stdin.isatty():
        return
    names = ", ".join(str(path.relative_to(paths.root())) for path in stale)
    if click.confirm(f"{names}: not what params.yaml asks for. Write anew?", default=True):
        write_pipelines.write(params)


def _run(params: Params, wanted: RunTargets, how: How, of: Pipeline) -> None:
    force, dry = how.force, how.dry
    with _alone():
        if not dry:
            _after_a_kill()
        for line in report_lines(remove_orphans(params, dry=dry), dry=dry):
            click.echo(line)
        start = time.monotonic()
        why_plain = "" if how.cold else run_pipeline.unsupported_reason()
        if why_plain:
            click.echo(f"{why_plain}: leaving the order to dvc repro, one stage at a time")
        if how.cold or why_plain:
            _plain(params, wanted, how)
            changed = True
        elif dry:
            run_pipeline.preview(wanted, force=force)
        else:
            changed = run_pipeline.run(params, wanted, jobs=how.jobs, force=force, pull=how.pull)
    if not dry:
        finish.conclude(params.of(of), time.monotonic() - start, changed=changed)


def _is_real(address: str) -> bool:
    return address.startswith(f"pipelines/{REAL}/")


def _wanted(params: Params, targets: Sequence[str], how: How) -> tuple[RunTargets, set[str]]:
    """Say what is to run, and which remote sources wait for their licence to be accepted."""
    of: Pipeline = REAL if how.real else ""
    if targets or not how.real:
        found = [address for target in targets for address in resolve_target(params, target, of)]
        return RunTargets(addresses=found), set()
    yes = licences.accepted(params.run.accept_licences)
    waiting = {
        name for name in params.real.sources if licences.missing(plugins.dataset(name).SOURCE, yes)
    }
    blocked = stages_reading(params.real, REAL, waiting)
    return RunTargets(addresses=[f"pipelines/{REAL}/dvc.yaml"], skipped_stages=frozenset(blocked)), waiting


def left_out(params: Params, waiting: set[str]) -> str:
    """Say what did not run, under which licence it is, and in which words that is accepted."""
    yes = licences.accepted(params.run.accept_licences)
    found = [licences.missing(plugins.dataset(name).SOURCE, yes) for name in sorted(waiting)]
    entries = {name: entry for block in found for name, entry in block.items()}
    return (
        f"Left out, since a licence waits for you: {', '.join(sorted(waiting))}\n"
        f"{licences.words(entries)}"
    )


def by_acceptance(params: Params) -> str:
    """Name the data sets that figures rest on because their licence was accepted."""
    yes = licences.accepted(params.run.accept_licences)
    used = {
        name: entry
        for key in params.real.sources
        for name, entry in catalogue.entries(plugins.dataset(key).SOURCE).items()
        if entry.terms == "ask" and name in yes
    }
    if not used:
        return ""
    listed = "; ".join(f"{name} ({entry.licence})" for name, entry in sorted(used.items()))
    return f"Under licences that you accepted: {listed}\n"


@contextmanager
def _alone() -> Iterator[None]:
    """Keep a second run of this project out; one that is killed lets it in."""
    paths.state().mkdir(exist_ok=True)
    lock = FileLock(paths.state() / "run.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        who = leftover_processes.describe_active_run(paths.state())
        raise FoursplitError(
            f"another foursplit repro is at work in {paths.root()}{f' ({who})' if who else ''}; "
            "wait for it, or end it"
        ) from error
    try:
        yield
    finally:
        lock.release()


def _after_a_kill() -> None:
    """Put right what a run that was killed has left behind, now that no other is at work."""
    ended = leftover_processes.end_leftovers(paths.state())
    if ended:
        click.echo(f"ended {ended} process(es) that a killed run had left at work")
    for line in remove_stale_entries(paths.root()):
        click.echo(line)


def _plain(params: Params, wanted: RunTargets, how: How) -> None:
    """Run DVC's own command; its stages start warm unless they are to start cold."""
    runs: list[Sequence[str]] = [wanted.addresses]
    if wanted.skipped_stages:
        # DVC runs all that a stage reads, so the report, which reads all, runs by itself.
        mine = stages_reading(params.real, REAL, {*params.real.sources}) - wanted.skipped_stages
        runs = [sorted(mine), ["--single-item", *wanted.addresses]]
    flags = ["--force"] * how.force + ["--dry"] * how.dry + ["--pull"] * how.pull
    warmth: AbstractContextManager[Mapping[str, str]] = (
        nullcontext({}) if how.cold or how.dry else warm_worker(params)
    )
    book = {}
    if not how.dry:
        for line in [*repair_locks(), *run_pipeline.prepare_outputs(params, wanted)]:
            click.echo(line)
        book = {BOOK: str(open_write_log("dvc repro", "run", truncate=False))}
    before = _written()
    with warmth as extra:
        codes = (dvc(["repro", *flags, *targets], {**extra, **book}) for targets in runs)
        code = next(filter(None, codes), 0)
    _require_same(before, _written())
    if code:
        raise FoursplitError(
            f"the run stopped (dvc's exit code {code}); the lines above say where. What was "
            "finished is kept: run again to go on."
        )
    remove_write_log("dvc repro", "run")


def _written() -> dict[str, str]:
    """Hash what people edit while DVC runs: code, parameters and pipelines."""
    root = paths.root()
    files = [paths.params_file(), *root.glob("src/**/*.py"), *root.glob("pipelines/**/dvc.yaml")]
    return {str(path.relative_to(root)): artifacts.sha256_file(path) for path in files}


def _require_same(before: Mapping[str, str], after: Mapping[str, str]) -> None:
    changed = sorted({path for path, _ in before.items() ^ after.items()})
    if changed:
        raise FoursplitError(
            f"{', '.join(changed)} changed while `dvc repro` ran, which records each file as it is "
            "when a stage ends: its locks may name what never ran. Run again, with --force, what "
            "reads it."
        )


def dvc(arguments: Sequence[str], extra: Mapping[str, str]) -> int:
    """Call DVC as a process of its own in the project's root; Ctrl-C reaches it, and we wait."""
    # The interpreter's own folder first, so that stages find `foursplit` in any shell.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    process = subprocess.Popen(
        [sys.executable, "-m", "dvc", *arguments],
        cwd=paths.root(),
        env={**os.environ, **reproducible_env.QUIET, "PATH": path, **extra},
    )
    # A terminal's Ctrl-C goes to DVC as well, which ends its stage in order.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return process.wait()
    finally:
        signal.signal(signal.SIGINT, before)
