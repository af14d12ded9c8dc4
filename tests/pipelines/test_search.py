"""A search on real data: killed and run again, stopped by Ctrl-C, and twice from nothing."""

import os
import shutil
import signal
import time

import pytest
from tests.pipelines.test_kill import kill

KEY = "c2w3_moons_search"
STAGE = ["foursplit", "stage", "search", KEY]


def prepared(clone):
    """Split the data, and make the search one of few trials by three samplers."""
    path = clone.folder / "params.yaml"
    text = path.read_text()
    path.write_text(
        text.replace(
            "samplers: [random, random_linear, grid, tpe, successive_halving]",
            "samplers: [random, tpe, successive_halving]",
        )
        .replace("n_trials: 12 ", "n_trials: 6 ")
        .replace("n_repeats: 4 ", "n_repeats: 2 ")
    )
    assert path.read_text().count("n_trials: 6 ") == 1
    for stage in ("fetch", "validate", "split"):
        clone.run("foursplit", "stage", stage, "planar_moons")
    # A search may not read the sealed test.
    shutil.rmtree(clone.folder / "data/split/planar_moons/sealed")


def written(clone):
    folder = clone.folder / "data/searches"
    return {path.name: path.read_bytes() for path in folder.glob("*.*") if path.suffix}


def kept(clone):
    return list((clone.folder / ".foursplit/resume/c2w3_moons_guess").glob("0-*.json"))


def wait_for_trials(process, clone):
    while process.poll() is None and not kept(clone):
        time.sleep(0.05)
    time.sleep(0.5)
    assert process.poll() is None


@pytest.mark.slow
def test_a_search_killed_half_way_goes_on_and_writes_the_bytes_of_one_never_killed_in_ci(clone):
    prepared(clone)
    clone.run(*STAGE)
    whole = written(clone)
    assert {f"{KEY}.csv", f"{KEY}.json"} <= whole.keys()
    for path in (clone.folder / "data/searches").glob(f"{KEY}.*"):
        path.unlink()
    assert kept(clone) == []  # nothing of the first run helps the second

    process = clone.start(*STAGE)
    wait_for_trials(process, clone)
    kill(process)
    (file,) = kept(clone)
    before = file.stat().st_mtime_ns
    assert f"{KEY}.json" not in written(clone)
    clone.run(*STAGE)
    assert written(clone) == whole
    assert before


@pytest.mark.slow
def test_ctrl_c_keeps_the_trials_of_a_search_of_ones_own_in_ci(clone):
    prepared(clone)
    command = ["foursplit", "search", "c2w3_moons_guess", "--sampler", "random", "--seed", "5"]
    process = clone.start(*command, "--trials", "400")
    wait_for_trials(process, clone)
    os.kill(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=120)
    assert process.returncode != 0
    assert "Traceback" not in output
    assert "the same command goes on" in output
    again = clone.run(*command, "--trials", "2")
    assert "2 of the trials were kept from before" in again
    assert (clone.folder / ".foursplit/search/c2w3_moons_guess.csv").is_file()
