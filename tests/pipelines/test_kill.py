"""A run killed at random points, and then run again, ends with the bytes of a run never killed."""

import contextlib
import os
import random
import shutil
import signal
import time
from pathlib import Path

import pytest

from foursplit.cli.commands.verify import compare, locks

TARGET, DVC_TARGET = "c2w3_wine", "pipelines/improving/dvc.yaml:final@c2w3_wine"

KILLS = int(os.environ.get("FOURSPLIT_KILLS", "2"))
"""Random points of each kind; more than a few take long."""


def kill(process):
    """Kill -9 the runner, DVC and the stage, all at once, as a power cut would."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def forget(clone):
    """Remove what a run makes, so that the next starts from nothing."""
    made = (
        "code",
        "members",
        "raw",
        "valid",
        "validation",
        "split",
        "models",
        "predictions",
        "selected",
        "final",
    )
    for name in (*(f"data/{folder}" for folder in made), ".dvc/cache", ".foursplit"):
        shutil.rmtree(clone.folder / name, ignore_errors=True)
    for path in clone.folder.glob("pipelines/*/dvc.lock"):
        path.unlink()


def processes(clone):
    """Give the parent of each process that runs in the clone."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if (path / "cwd").readlink().is_relative_to(clone.folder):
                words = (path / "stat").read_text().rpartition(")")[2].split()
                if words[0] != "Z":
                    found[int(path.name)] = int(words[1])
        except OSError:
            continue
    return found


def victims(clone, runner, who):
    """Name the processes to kill: the runner, its warm parents, their children, or all."""
    running = processes(clone)
    parents = {pid for pid, above in running.items() if above == runner}
    children = {pid for pid, above in running.items() if above in parents}
    return {
        "runner": {runner},
        "parent": parents,
        "child": set(sorted(children)[:1]),
        "all": {runner, *running},
    }[who]


def end(process, clone):
    """Wait until a run is over, and see that it has left nobody behind."""
    output, _ = process.communicate(timeout=240)
    end = time.monotonic() + 60  # imports that a loaded machine slows are not interrupted
    while processes(clone) and time.monotonic() < end:
        time.sleep(0.05)
    assert processes(clone) == {}
    return output


@pytest.mark.slow
@pytest.mark.parametrize("who", ["runner", "parent", "child", "all", "ctrl-c"])
def test_a_run_killed_at_any_point_ends_with_the_same_bytes_in_ci(clone, who):
    forget(clone)
    began = time.monotonic()
    clone.run("foursplit", "repro", TARGET)
    usual, whole = time.monotonic() - began, locks(clone.folder)
    points = random.Random(who)
    for number in range(KILLS):
        forget(clone)
        process = clone.start("foursplit", "repro", TARGET, FOURSPLIT_SAVE_EVERY_S="0")
        time.sleep(points.uniform(0.3, usual))
        if who == "ctrl-c":
            os.kill(process.pid, signal.SIGINT)
        else:
            for pid in victims(clone, process.pid, who):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        output = end(process, clone)
        assert "Traceback" not in output
        # DVC's own command starts where ours was killed, and ours goes on from there.
        if number % 5 == 0 and who == "all":
            clone.run("dvc", "repro", DVC_TARGET)
        clone.run("foursplit", "repro", TARGET)
        assert compare(whole, locks(clone.folder)) == []
        assert list((clone.folder / "data").rglob("*.part")) == []


@pytest.mark.slow
def test_training_killed_half_way_goes_on_and_ends_the_same_in_ci(clone):
    path = clone.folder / "params.yaml"
    text = path.read_text()
    path.write_text(text.replace("max_epochs: 200, seeds: [1]}", "max_epochs: 4000, seeds: [1]}"))
    assert path.read_text() != text
    forget(clone)
    train = ["foursplit", "stage", "train", "c2w3_wine_softmax"]
    for stage in ("fetch", "validate", "split"):
        clone.run("foursplit", "stage", stage, "wine")
    clone.run(*train)
    model = clone.folder / "data/models/c2w3_wine/c2w3_wine_softmax/seed_1/model.safetensors"
    whole = model.read_bytes()

    shutil.rmtree(clone.folder / "data" / "models")
    process = clone.start(*train, FOURSPLIT_SAVE_EVERY_S="0")
    state = clone.folder / ".foursplit" / "resume" / "c2w3_wine_softmax"
    while process.poll() is None and not list(state.glob("*/state.json")):
        time.sleep(0.05)
    time.sleep(0.5)
    assert process.poll() is None
    kill(process)
    assert not model.exists()
    clone.run(*train)
    assert model.read_bytes() == whole


@pytest.mark.slow
def test_ctrl_c_stops_with_a_word_and_no_traceback(clone):
    for stage in ("fetch", "validate", "split"):
        clone.run("foursplit", "stage", stage, "wine")
    path = clone.folder / "params.yaml"
    path.write_text(path.read_text().replace("max_epochs: 200", "max_epochs: 20000"))
    process = clone.start(
        "foursplit", "stage", "train", "c2w3_wine_softmax", FOURSPLIT_SAVE_EVERY_S="0"
    )
    state = clone.folder / ".foursplit" / "resume" / "c2w3_wine_softmax"
    while process.poll() is None and not list(state.glob("*/state.json")):
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode not in (0, None)
    assert "Traceback" not in output
    assert list(state.glob("*/state.json"))
