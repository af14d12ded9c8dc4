"""What a run leaves to DVC, and how long it takes to write DVC's lock files."""

import json
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="stages side by side need Linux")


def test_added_data_and_frozen_stages_are_left_to_dvc(small):
    (small.folder / "own.csv").write_text("1\n")
    small.run("dvc", "add", "own.csv")
    stages = (
        "  a: {cmd: cp own.csv a.out, deps: [own.csv], outs: [a.out]}\n"
        "  b: {cmd: cp a.out b.out, deps: [a.out], outs: [b.out]FROZEN}\n"
    )
    assert "3 stages: 2 ran, 1 unchanged" in small.write(stages.replace("FROZEN", "")).repro()
    (small.folder / "own.csv").write_text("2\n")
    # The changed file is added anew, its copy is made, and the frozen stage keeps what it has.
    small.write(stages.replace("FROZEN", ", frozen: true"))
    assert "3 stages: 2 ran, 1 unchanged" in small.repro("a", "b")
    assert (small.folder / "a.out").read_text() == "2\n"
    assert (small.folder / "b.out").read_text() == "1\n"
    dvc_output = small.run("dvc", "repro", "a", "b")
    assert "Running stage" not in dvc_output


def test_a_run_says_how_long_its_books_took(small):
    small.write("  a: {cmd: cp start.txt a.out, deps: [start.txt], outs: [a.out]}\n").repro()
    result = json.loads((small.folder / ".foursplit" / "last_run.json").read_text())
    assert 0 < result["bookkeeping_s"] < result["seconds"]
