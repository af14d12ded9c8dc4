"""`foursplit reproduce`: train a past model again from its commit, and compare the hashes."""

import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from foursplit.cli.render.reproduction import SHORT_HASH, show
from foursplit.core.errors import FoursplitError
from foursplit.io import artifacts
from foursplit.reproduce import (
    clone,
    commit,
    comparison,
    dvc_cache,
    recorded_hashes,
    requirements_diff,
    subprocesses,
)
from foursplit.reproduce.commit import RunLocation
from foursplit.reproduce.outputs import ReproducedRun, read_outputs
from foursplit.reproduce.recorded_inputs import RecordedRun, read_recorded
from foursplit.reproduce.requirements_diff import Pin
from foursplit.tracking import store_errors
from foursplit.tracking.registry import registry

SCHEMA = "foursplit.reproduce/1"

EQUAL, DIFFERING = 0, 6
"""Exit codes; as in every command, 2 is an error and 3 a full disk."""

DVC = ("repro", "--single-item", "--force", "--no-run-cache", "--no-commit")
"""Run each stage alone, from its inputs, without any cache of earlier runs."""

ACCELERATOR_VARIABLE = "FOURSPLIT_ACCELERATOR"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReproduceOptions:
    """Options of the command; `ignore_differences` ignores differences of code and packages."""

    ignore_differences: bool = False
    keep_clone: Path | None = None
    json_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pins:
    numeric: list[Pin]
    others: list[Pin]


def reproduce(name: str, options: ReproduceOptions) -> int:
    """Reproduce the model `name` in a clean clone, compare, and return the exit code."""
    _require_empty(options.keep_clone)
    run = _require_code(_recorded(name), options)
    assert run.commit is not None
    location = commit.find_experiment(commit.resolve_commit(run.commit), run.experiment)
    click.secho(f"{run.experiment} at commit {location.commit[:SHORT_HASH]}", bold=True)
    pins = _check_pins(location.commit, options)
    locked = commit.locked_stages(location)
    start = time.monotonic()
    with subprocesses.stop_on_signals(), _folder(options.keep_clone) as folder:
        click.echo(f"clean clone in {folder}")
        clone.clone(folder, location.commit)
        data_origin = _run_stages(folder, location, locked, _environment(folder, run))
        outputs = read_outputs(folder, location)
    report = _report(run, location, pins, locked, outputs)
    report |= {"data_from": data_origin, "seconds": round(time.monotonic() - start, 1)}
    if options.keep_clone is not None:
        report["folder"] = str(options.keep_clone)
    if options.json_file is not None:
        artifacts.write_json(options.json_file, report)
    show(report)
    return EQUAL if report["equal"] else DIFFERING


def _require_empty(keep: Path | None) -> None:
    if keep is not None and keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
        raise FoursplitError(
            f"--keep-clone {keep} already exists. Choose a new or an empty folder."
        )


def _recorded(name: str) -> RecordedRun:
    if not name.startswith(registry.SCHEME) and "@" in name:
        return recorded_hashes.read_recorded(name)
    with store_errors.explain_errors():
        return read_recorded(name)


def _require_code(run: RecordedRun, options: ReproduceOptions) -> RecordedRun:
    """Raise if no commit has the code of the run, unless `options.ignore_differences`."""
    if run.commit is None:
        raise FoursplitError(
            f"{run.name}: no commit is recorded, because it ran outside of git. Pass "
            f"{run.experiment}@COMMIT to reproduce a commit."
        )
    if not run.dirty:
        return run
    holder = recorded_hashes.find_commit(run)
    if holder is not None:
        click.echo(
            f"The run was made from a dirty work tree on commit {run.commit[:SHORT_HASH]}; the "
            f"lock files of commit {holder[:SHORT_HASH]} have the same weights. "
            "Reproducing that commit."
        )
        return replace(run, commit=holder, dirty=False)
    if options.ignore_differences:
        return run
    raise FoursplitError(
        f"{run.name}: the run was made from a dirty work tree on commit {run.commit[:SHORT_HASH]}; "
        "its exact code is not in git. Pass --ignore-differences to reproduce the commit itself."
    )


def _check_pins(sha: str, options: ReproduceOptions) -> _Pins:
    """Return the packages whose installed version differs from the pin of the commit."""
    numeric, every = (
        requirements_diff.unmet_pins(commit.file_text(sha, name))
        for name in (requirements_diff.NUMERIC, requirements_diff.ALL)
    )
    pins = _Pins(numeric=numeric, others=[pin for pin in every if pin not in numeric])
    if pins.others:
        click.echo(f"installed versions differ from pins: {'; '.join(map(str, pins.others))}")
    if not numeric:
        return pins
    names = "; ".join(map(str, numeric))
    if not options.ignore_differences:
        raise FoursplitError(
            f"Installed versions differ from {requirements_diff.NUMERIC} at commit "
            f"{sha[:SHORT_HASH]}, and these packages affect the bytes: {names}. Install the pinned "
            "versions in a virtual environment, or pass --ignore-differences."
        )
    click.secho(f"bytes may differ, because installed versions differ: {names}", fg="yellow")
    return pins


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """Yield the folder to clone into: a temporary one, or `keep`."""
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.resolve()
        return
    temporary = tempfile.TemporaryDirectory(prefix="foursplit-reproduce-")
    try:
        yield Path(temporary.name).resolve()
    finally:
        with subprocesses.ignore_signals():
            temporary.cleanup()


def _environment(folder: Path, run: RecordedRun) -> dict[str, str]:
    """Return the environment variables, with the device type of the recorded run."""
    device = run.environment.get("device", "")
    device_type = device.partition(":")[0]
    if device_type == "gpu":
        from torch import cuda

        device_type = "gpu" if cuda.is_available() else "auto"
    return clone.clone_environment(folder) | (
        {ACCELERATOR_VARIABLE: device_type} if device_type else {}
    )


CODE = "pipelines/code/dvc.yaml:code"
"""The stage that writes the digests of the code."""


def _run_stages(
    folder: Path,
    location: RunLocation,
    locked: recorded_hashes.Stages,
    environment: Mapping[str, str],
) -> str:
    """Run the stages in the clone, and return where the data came from."""
    raw, seen = (
        f"{location.data}/{name}"
        for name in (f"raw/{location.dataset}", f"split/{location.dataset}/seen")
    )
    origin, first = "raw files, downloaded from the dataset", ["fetch"]
    if dvc_cache.restore_folder(dvc_cache.output_hash(locked.get("fetch"), raw), folder / raw):
        origin, first = "raw files of this project's DVC cache", []
    click.echo(f"data: {origin}")
    if (folder / CODE.partition(":")[0]).is_file():  # a dependency of all stages
        _dvc([CODE], folder, environment)
    stages = [location.of_data(stage) for stage in (*first, "validate", "split")]
    if _dvc(stages, folder, environment):
        if not dvc_cache.restore_folder(
            dvc_cache.output_hash(locked.get("split"), seen), folder / seen
        ):
            raise FoursplitError(
                f"{location.dataset}: the data stages failed at commit "
                f"{location.commit[:SHORT_HASH]} (see the lines above), and its examples are "
                "not in DVC's cache. Run `dvc fetch` if a remote has them."
            )
        origin = "examples of this project's DVC cache, because the data stages failed"
        click.echo(f"data: {origin}")
    stages = [location.of_model(stage) for stage in ("train", "evaluate")]
    if _dvc(stages, folder, environment):
        raise FoursplitError(
            f"{location.key}: a stage failed at commit {location.commit[:SHORT_HASH]}; see the "
            "lines above. Pass --keep-clone FOLDER to inspect the clone."
        )
    return origin


def _dvc(stages: Sequence[str], folder: Path, environment: Mapping[str, str]) -> int:
    return subprocesses.run([sys.executable, "-m", "dvc", *DVC, *stages], folder, environment)


def _report(
    run: RecordedRun,
    location: RunLocation,
    pins: _Pins,
    locked: recorded_hashes.Stages,
    outputs: ReproducedRun,
) -> dict[str, Any]:
    """Return the report of the comparison."""
    locked_inputs = recorded_hashes.changed_inputs(locked, outputs.stages)
    expected = dict(run.hashes)
    stale: list[str] = []
    if run.kind != "commit" and not run.dirty:
        # A lock file with other inputs than its commit does not describe the run.
        lock_hashes = recorded_hashes.hashes(location, locked)
        stale = sorted(locked_inputs)
        expected = expected if stale else {**lock_hashes, **expected}
    rows = comparison.compare_hashes(expected, outputs.hashes)
    inputs = comparison.compare_inputs(
        run.environment, outputs.environment, pins.numeric, {} if stale else locked_inputs
    )
    return {
        "schema": SCHEMA,
        "asked": run.name,
        "kind": run.kind,
        "experiment": run.experiment,
        "commit": location.commit,
        "equal": all(row.equal for row in rows),
        **comparison.as_json(rows, inputs),
        "not_made": comparison.unopened_test_hashes(expected, outputs.hashes),
        "lock_left_behind_by": stale,
        "other_pins": [str(pin) for pin in pins.others],
        "doubts": [*run.warnings],
        "causes": comparison.likely_causes(rows, inputs, run.warnings, dirty=run.dirty),
    }
