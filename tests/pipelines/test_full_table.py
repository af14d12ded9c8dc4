"""A small table goes from the mirror through the whole real pipeline, in a fresh clone."""

import json
import os

import pytest


@pytest.mark.slow
@pytest.mark.skipif(
    not os.environ.get("FOURSPLIT_MIRROR"),
    reason="no mirror of the data sets: FOURSPLIT_MIRROR is not set",
)
def test_the_exam_runs_from_the_mirror_to_its_table_in_ci(clone):
    accepted = {"FOURSPLIT_ACCEPT": "course_exam_microchips"}
    text = clone.run("foursplit", "repro", "m1w3_exam", **accepted)
    table = [line for line in text.splitlines() if "m1w3_exam_logistic" in line and "%" in line]
    assert any("sealed" in line for line in table)  # the loser's test error was not measured
    final = clone.folder / "data" / "full" / "final" / "m1w3_exam" / "seed_1" / "summary.json"
    splits = json.loads(final.read_text())["splits"]
    assert sum(splits[name]["n"] for name in ("train", "train_dev", "dev", "test")) == 100
    assert splits["train"]["value"] < 0.2  # two marks tell most of who was admitted
    again = clone.run("foursplit", "repro", "m1w3_exam", **accepted)
    assert " ran" not in again or "0 ran" in again  # nothing changed, so nothing runs
