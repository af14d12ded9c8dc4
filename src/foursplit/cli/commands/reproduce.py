"""Train a past model again from its commit, and say whether the same bytes come out."""

import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from foursplit.cli.render.reproduction import SHOWN, show
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
"""The command's exit codes; 2 is a refusal, 3 a full disk, as everywhere."""

DVC = ("repro", "--single-item", "--force", "--no-run-cache", "--no-commit")
"""Each stage by itself, from its inputs: nothing is taken from what was kept of earlier runs."""

VARIABLE = "FOURSPLIT_ACCELERATOR"


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """What the person asked for; `anyway` goes on where the outcome cannot be held against us."""

    anyway: bool = False
    keep: Path | None = None
    json_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pins:
    numeric: list[Pin]
    others: list[Pin]


def reproduce(name: str, how: How) -> int:
    """Make the model that `name` names again in a clean clone, and compare; give the exit code."""
    _require_empty(how.keep)
    wanted = _with_its_code(_recorded(name), how)
    assert wanted.commit is not None
    place = commit.find_experiment(commit.resolve_commit(wanted.commit), wanted.experiment)
    click.secho(f"{wanted.experiment} at commit {place.commit[:SHOWN]}", bold=True)
    unmet = _pins(place.commit, how)
    then = commit.locked_stages(place)
    start = time.monotonic()
    with subprocesses.stop_on_signals(), _folder(how.keep) as folder:
        click.echo(f"a clean clone, in {folder}")
        clone.clone(folder, place.commit)
        taken = _run(folder, place, then, _surroundings(folder, wanted))
        found = read_outputs(folder, place)
    told = _told(wanted, place, unmet, then, found)
    told |= {"data_from": taken, "seconds": round(time.monotonic() - start, 1)}
    if how.keep is not None:
        told["folder"] = str(how.keep)
    if how.json_file is not None:
        artifacts.write_json(how.json_file, told)
    show(told)
    return EQUAL if told["equal"] else DIFFERING


def _require_empty(keep: Path | None) -> None:
    if keep is not None and keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
        raise FoursplitError(f"--keep {keep}: is there already; name a folder that is new or empty")


def _recorded(name: str) -> RecordedRun:
    if not name.startswith(registry.SCHEME) and "@" in name:
        return recorded_hashes.read_recorded(name)
    with store_errors.explain_errors():
        return read_recorded(name)


def _with_its_code(wanted: RecordedRun, how: How) -> RecordedRun:
    """Refuse a model whose code no commit holds, unless the person goes on all the same."""
    if wanted.commit is None:
        raise FoursplitError(
            f"{wanted.name}: no commit is on record (it was made outside of git), so nothing says "
            f"which code made it; {wanted.experiment}@COMMIT makes what a commit holds"
        )
    if not wanted.dirty:
        return wanted
    holder = recorded_hashes.find_commit(wanted)
    if holder is not None:
        click.echo(
            f"made in a folder with changes since commit {wanted.commit[:SHOWN]}, but the lock "
            f"files of commit {holder[:SHOWN]} name the same weights: that is made again"
        )
        return replace(wanted, commit=holder, dirty=False)
    if how.anyway:
        return wanted
    raise FoursplitError(
        f"{wanted.name}: made in a folder with changes since commit {wanted.commit[:SHOWN]} that "
        "no commit here holds, so its code cannot be had again. --anyway makes what that commit "
        "holds, which is likely to differ"
    )


def _pins(sha: str, how: How) -> _Pins:
    """Name the packages that are installed in another version than the commit pins."""
    numeric, every = (
        requirements_diff.unmet_pins(commit.file_text(sha, name))
        for name in (requirements_diff.NUMERIC, requirements_diff.ALL)
    )
    found = _Pins(numeric=numeric, others=[pin for pin in every if pin not in numeric])
    if found.others:
        click.echo(f"installed otherwise than pinned: {'; '.join(map(str, found.others))}")
    if not numeric:
        return found
    listed = "; ".join(map(str, numeric))
    if not how.anyway:
        raise FoursplitError(
            f"{requirements_diff.NUMERIC} at commit {sha[:SHOWN]}, whose packages decide bytes, "
            f"pins others than are installed: {listed}. Install those (in a virtual environment "
            "of their own), or go on with --anyway"
        )
    click.secho(f"bytes may differ, for what decides them is installed otherwise: {listed}",
                fg="yellow")  # fmt: skip
    return found


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """Give the folder to clone into: one that goes whatever happens, or the one to keep."""
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


def _surroundings(folder: Path, wanted: RecordedRun) -> dict[str, str]:
    """Ask for the kind of device that the model was trained on, as far as it is known."""
    device = wanted.environment.get("device", "")
    kind = device.partition(":")[0]
    if kind == "gpu":
        from torch import cuda

        kind = "gpu" if cuda.is_available() else "auto"
    return clone.clone_environment(folder) | ({VARIABLE: kind} if kind else {})


CODE = "pipelines/code/dvc.yaml:code"
"""The stage that digests code."""


def _run(
    folder: Path, place: RunLocation, then: recorded_hashes.Stages, surroundings: Mapping[str, str]
) -> str:
    """Make data, weights and tables in the clone; say where the data came from."""
    raw, seen = (f"{place.data}/{name}" for name in
                 (f"raw/{place.source}", f"split/{place.source}/seen"))  # fmt: skip
    taken, first = "raw files, as the source gives them", ["fetch"]
    if dvc_cache.restore_folder(dvc_cache.output_hash(then.get("fetch"), raw), folder / raw):
        taken, first = "raw files of this project's DVC cache", []
    click.echo(f"data: {taken}")
    if (folder / CODE.partition(":")[0]).is_file():  # all stages depend on it
        _dvc([CODE], folder, surroundings)
    stages = [place.of_data(stage) for stage in (*first, "validate", "split")]
    if _dvc(stages, folder, surroundings):
        if not dvc_cache.restore_folder(dvc_cache.output_hash(then.get("split"), seen), folder / seen):
            raise FoursplitError(
                f"{place.source}: its examples cannot be made at commit {place.commit[:SHOWN]} "
                "(the lines above say why), and this project's DVC cache does not hold them; "
                "`dvc fetch` brings them where a remote has them"
            )
        taken = "examples of this project's DVC cache, since they could not be made"
        click.echo(f"data: {taken}")
    stages = [place.of_model(stage) for stage in ("train", "evaluate")]
    if _dvc(stages, folder, surroundings):
        raise FoursplitError(
            f"{place.key}: a stage failed at commit {place.commit[:SHOWN]}; the lines above say "
            "where. --keep FOLDER leaves what there is to look at"
        )
    return taken


def _dvc(stages: Sequence[str], folder: Path, surroundings: Mapping[str, str]) -> int:
    return subprocesses.run([sys.executable, "-m", "dvc", *DVC, *stages], folder, surroundings)


def _told(
    wanted: RecordedRun, place: RunLocation, unmet: _Pins, then: recorded_hashes.Stages, found: ReproducedRun
) -> dict[str, Any]:
    """Put together what came out, for people and other programs."""
    noted = recorded_hashes.changed_inputs(then, found.stages)
    expected = dict(wanted.hashes)
    stale: list[str] = []
    if wanted.kind != "commit" and not wanted.dirty:
        # A lock file that was left behind by its own commit says nothing of the run.
        of_lock = recorded_hashes.hashes(place, then)
        stale = sorted(noted)
        expected = expected if stale else {**of_lock, **expected}
    rows = comparison.compare_hashes(expected, found.hashes)
    given = comparison.compare_inputs(
        wanted.environment, found.environment, unmet.numeric, {} if stale else noted
    )
    return {
        "schema": SCHEMA,
        "asked": wanted.name,
        "kind": wanted.kind,
        "experiment": wanted.experiment,
        "commit": place.commit,
        "equal": all(row.equal for row in rows),
        **comparison.as_json(rows, given),
        "not_made": comparison.unopened_test_hashes(expected, found.hashes),
        "lock_left_behind_by": stale,
        "other_pins": [str(pin) for pin in unmet.others],
        "doubts": [*wanted.warnings],
        "causes": comparison.likely_causes(rows, given, wanted.warnings, dirty=wanted.dirty),
    }
