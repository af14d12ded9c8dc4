"""A run killed at random points, and then run again, ends with the bytes of a run never killed."""

import os
import random
import shutil
import signal
import time

import pytest

from foursplit.doors.verify import compare, locks

TARGET = "pipelines/improving/dvc.yaml"


def kill(process):
    """Kill -9 the runner, DVC and the stage, all at once, as a power cut would."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def forget(clone):
    """Remove what a run makes, so that the next starts from nothing."""
    made = ("raw", "valid", "validation", "split", "models", "predictions", "selected", "final")
    for name in (*(f"data/{folder}" for folder in made), ".dvc/cache", ".foursplit"):
        shutil.rmtree(clone.folder / name, ignore_errors=True)
    for path in clone.folder.glob("pipelines/*/dvc.lock"):
        path.unlink()


@pytest.mark.slow
def test_ten_kills_change_no_byte_in_ci(clone):
    forget(clone)
    clone.run("foursplit", "repro", TARGET)
    whole = locks(clone.folder)
    forget(clone)

    points = random.Random(20)
    for _ in range(10):
        process = clone.start("foursplit", "repro", TARGET, FOURSPLIT_SAVE_EVERY_S="0")
        time.sleep(points.uniform(0.5, 9))
        kill(process)
    clone.run("foursplit", "repro", TARGET)
    assert compare(whole, locks(clone.folder)) == []
    left = list((clone.folder / "data").rglob("*.part"))
    assert left == []


@pytest.mark.slow
def test_training_killed_half_way_goes_on_and_ends_the_same_in_ci(clone):
    path = clone.folder / "params.yaml"
    text = path.read_text()
    path.write_text(text.replace("max_epochs: 200, seeds: [1]}", "max_epochs: 4000, seeds: [1]}"))
    assert path.read_text() != text
    forget(clone)
    train = ["foursplit", "train", "c2w3_wine_softmax"]
    for stage in ("fetch", "validate", "split"):
        clone.run("foursplit", stage, "wine")
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
        clone.run("foursplit", stage, "wine")
    path = clone.folder / "params.yaml"
    path.write_text(path.read_text().replace("max_epochs: 200", "max_epochs: 20000"))
    process = clone.start("foursplit", "train", "c2w3_wine_softmax", FOURSPLIT_SAVE_EVERY_S="0")
    state = clone.folder / ".foursplit" / "resume" / "c2w3_wine_softmax"
    while process.poll() is None and not list(state.glob("*/state.json")):
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode not in (0, None)
    assert "Traceback" not in output
    assert list(state.glob("*/state.json"))
