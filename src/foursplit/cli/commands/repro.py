"""`foursplit repro`: run the pipeline with progress, and print the summary table."""

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
from foursplit.config.pipelines import FULL, Pipeline
from foursplit.config.schema import Params
from foursplit.core import reproducible_env
from foursplit.core.errors import FoursplitError
from foursplit.data.download import catalogue, licences
from foursplit.io import artifacts
from foursplit.io.artifacts import OUTPUT_LOG_VARIABLE
from foursplit.runner import leftover_processes, run_pipeline
from foursplit.runner.background_tracking import BackgroundTracking
from foursplit.runner.dvc_adapter.read_write_locks import remove_stale_entries
from foursplit.runner.removable_outputs import open_write_log, remove_write_log
from foursplit.runner.remove_orphans import remove_orphans, report_lines
from foursplit.runner.repair_dvc_locks import repair_locks
from foursplit.runner.run_pipeline import RunTargets
from foursplit.runner.targets import experiments_asked, resolve_target, stages_reading
from foursplit.runner.unchanged import RunWatch
from foursplit.runner.workers.start import warm_worker
from foursplit.scaffold import write_pipelines
from foursplit.scaffold.needed_files import needed_files


@dataclass(frozen=True, slots=True, kw_only=True)
class ReproOptions:
    """Options of the command."""

    jobs: int | None = None
    force: bool = False
    dry: bool = False
    plain_dvc: bool = False
    pull: bool = False
    full: bool = False


def repro(targets: Sequence[str], options: ReproOptions, watch: RunWatch | None = None) -> None:
    """Update `targets` (default: the whole pipeline), track the results and print the table.

    `watch`, made before anything is read, records what the next run need not look at again.

    With `plain_dvc`, and with an unsupported system or version of DVC, it runs plain `dvc repro`.
    """
    params = load()
    _offer_pipelines(params)
    check(params)
    wanted, waiting = _resolve(params, targets, options)
    of: Pipeline = FULL if options.full or any(map(_is_full, wanted.addresses)) else ""
    if waiting and len(waiting) == len(params.full.datasets):
        click.echo(skipped_stages(params, waiting))
        return
    if of == FULL:
        watch = None  # its licences are named after each run
    try:
        with BackgroundTracking(params) as tracking:
            _run(params, wanted, options, of, watch, tracking)
    finally:  # also if a stage failed
        if of == FULL and not options.dry:
            click.echo(accepted_licences(params), nl=False)
        if waiting:
            click.echo(skipped_stages(params, waiting))


def _offer_pipelines(params: Params) -> None:
    """Ask whether to update dvc.yaml files older than params.yaml; only on a terminal."""
    stale = write_pipelines.files_to_write(params)
    if not stale or not sys.stdin.isatty():
        return
    names = ", ".join(str(path.relative_to(paths.root())) for path in stale)
    if click.confirm(f"{names}: out of date with params.yaml. Write again?", default=True):
        write_pipelines.write(params)


def _run(
    params: Params,
    wanted: RunTargets,
    options: ReproOptions,
    of: Pipeline,
    watch: RunWatch | None,
    tracking: BackgroundTracking,
) -> None:
    force, dry = options.force, options.dry
    with _run_lock():
        if not dry:
            _clean_up_after_a_kill()
        for message in report_lines(remove_orphans(params, dry=dry), dry=dry):
            click.echo(message)
        start = time.monotonic()
        unsupported = "" if options.plain_dvc else run_pipeline.unsupported_reason()
        if unsupported:
            click.echo(f"{unsupported}: running plain dvc repro, one stage at a time")
        if options.plain_dvc or unsupported:
            _run_plain_dvc(params, wanted, options)
            changed = True
        elif dry:
            run_pipeline.preview(wanted, force=force)
        else:
            changed = run_pipeline.run(
                params,
                wanted,
                jobs=options.jobs,
                force=force,
                pull=options.pull,
                followers=run_pipeline.Followers(watch=watch, tracking=tracking),
            )
    if not dry:
        seconds = time.monotonic() - start
        asked = experiments_asked(params, wanted.addresses)
        printed = finish.finish_run(
            params.of(of), seconds, changed=changed, tracking=tracking, asked=asked, watch=watch
        )
        if watch is not None and not unsupported:
            watch.record(printed)


def _is_full(address: str) -> bool:
    return address.startswith(f"pipelines/{FULL}/")


def _resolve(
    params: Params, targets: Sequence[str], options: ReproOptions
) -> tuple[RunTargets, set[str]]:
    """Return the stages to run, and the datasets whose licence is not accepted yet."""
    of: Pipeline = FULL if options.full else ""
    if targets or not options.full:
        addresses = [
            address for target in targets for address in resolve_target(params, target, of)
        ]
        return RunTargets(addresses=addresses, files=needed_files(params, addresses)), set()
    accepted = licences.accepted_entries(params.run.accept_licences)
    waiting = {
        name
        for name in params.full.datasets
        if licences.unaccepted_entries(plugins.dataset(name).SPEC, accepted)
    }
    blocked = stages_reading(params.full, FULL, waiting)
    return RunTargets(
        addresses=[f"pipelines/{FULL}/dvc.yaml"], skipped_stages=frozenset(blocked)
    ), waiting


def skipped_stages(params: Params, waiting: set[str]) -> str:
    """List the datasets that did not run, their licences, and how to accept them."""
    accepted = licences.accepted_entries(params.run.accept_licences)
    missing = [
        licences.unaccepted_entries(plugins.dataset(name).SPEC, accepted)
        for name in sorted(waiting)
    ]
    entries = {name: entry for block in missing for name, entry in block.items()}
    return (
        f"Skipped, because a licence is not accepted: {', '.join(sorted(waiting))}\n"
        f"{licences.acceptance_instructions(entries)}"
    )


def accepted_licences(params: Params) -> str:
    """List the data sets used under licences that the user accepted."""
    accepted = licences.accepted_entries(params.run.accept_licences)
    used = {
        name: entry
        for key in params.full.datasets
        for name, entry in catalogue.entries_of(plugins.dataset(key).SPEC).items()
        if entry.terms == "ask" and name in accepted
    }
    if not used:
        return ""
    names = "; ".join(f"{name} ({entry.licence})" for name, entry in sorted(used.items()))
    return f"Used under licences that you accepted: {names}\n"


@contextmanager
def _run_lock() -> Iterator[None]:
    """Lock the project against a second run; the lock of a killed run is free."""
    paths.state().mkdir(exist_ok=True)
    lock = FileLock(paths.state() / "run.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        process = leftover_processes.describe_active_run(paths.state())
        raise FoursplitError(
            f"another foursplit repro is running in {paths.root()}"
            f"{f' ({process})' if process else ''}; wait for it, or stop it"
        ) from error
    try:
        yield
    finally:
        lock.release()


def _clean_up_after_a_kill() -> None:
    """End processes and repair locks that a killed run left behind."""
    n_ended = leftover_processes.end_leftovers(paths.state())
    if n_ended:
        click.echo(f"ended {n_ended} process(es) of a killed run")
    for message in remove_stale_entries(paths.root()):
        click.echo(message)


def _run_plain_dvc(params: Params, wanted: RunTargets, options: ReproOptions) -> None:
    """Run `dvc repro`; its stages use worker processes, except with `plain_dvc`."""
    runs: list[Sequence[str]] = [wanted.addresses]
    if wanted.skipped_stages:
        # DVC runs all dependencies of a stage, so the report, which depends on all, runs alone.
        accepted = (
            stages_reading(params.full, FULL, {*params.full.datasets}) - wanted.skipped_stages
        )
        runs = [sorted(accepted), ["--single-item", *wanted.addresses]]
    flags = ["--force"] * options.force + ["--dry"] * options.dry + ["--pull"] * options.pull
    workers: AbstractContextManager[Mapping[str, str]] = (
        nullcontext({}) if options.plain_dvc or options.dry else warm_worker(params)
    )
    log = {}
    if not options.dry:
        for message in [*repair_locks(), *run_pipeline.prepare_outputs(params, wanted)]:
            click.echo(message)
        log = {OUTPUT_LOG_VARIABLE: str(open_write_log("dvc repro", "run", truncate=False))}
    before = _hash_inputs()
    with workers as extra:
        codes = (dvc(["repro", *flags, *targets], {**extra, **log}) for targets in runs)
        code = next(filter(None, codes), 0)
    _require_unchanged(before, _hash_inputs())
    if code:
        raise FoursplitError(
            f"The run failed with dvc's exit code {code}; see the lines above. Finished stages are "
            "kept. Run the command again to continue."
        )
    remove_write_log("dvc repro", "run")


def _hash_inputs() -> dict[str, str]:
    """Hash the files that people may edit during a run: code, parameters and pipelines."""
    root = paths.root()
    files = [paths.params_file(), *root.glob("src/**/*.py"), *root.glob("pipelines/**/dvc.yaml")]
    return {str(path.relative_to(root)): artifacts.sha256_file(path) for path in files}


def _require_unchanged(before: Mapping[str, str], after: Mapping[str, str]) -> None:
    changed = sorted({path for path, _ in before.items() ^ after.items()})
    if changed:
        raise FoursplitError(
            f"{', '.join(changed)} changed during `dvc repro`, which records files when a stage "
            "ends. Its locks may be wrong. Run the stages that depend on these files "
            "again with --force."
        )


def dvc(arguments: Sequence[str], extra: Mapping[str, str]) -> int:
    """Run DVC as a process in the project's root; on Ctrl-C, wait until it ends."""
    # The folder of this interpreter first, so that stages find `foursplit` in any shell.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    process = subprocess.Popen(
        [sys.executable, "-m", "dvc", *arguments],
        cwd=paths.root(),
        env={**os.environ, **reproducible_env.QUIET, "PATH": path, **extra},
    )
    # Ctrl-C also reaches DVC, which ends its stage cleanly.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return process.wait()
    finally:
        signal.signal(signal.SIGINT, before)
