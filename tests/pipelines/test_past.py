"""A past run of the real project is made again, and a record that was altered is found out."""

import json
import sqlite3

import pytest

KEY = "c2w3_wine_softmax"


@pytest.mark.slow
def test_a_tracked_run_is_made_again_and_an_altered_record_is_found_in_ci(clone):
    clone.run("foursplit", "repro", KEY)
    with sqlite3.connect(clone.folder / "mlflow.db") as database:
        query = "SELECT run_uuid FROM tags WHERE key = 'foursplit.experiment' AND value = ?"
        ((run,),) = database.execute(query, [KEY]).fetchall()
    told = clone.folder / ".foursplit" / "told.json"
    text = clone.run("foursplit", "reproduce", run, "--json", str(told))
    assert "Reproduced:" in text
    names = {row["name"] for row in json.loads(told.read_text())["compared"]}
    assert {"data/train.npy", "models", "numbers/seed_1/dev", "tables", "weights/seed_1"} <= names
    assert clone.git_status() == set()

    with sqlite3.connect(clone.folder / "mlflow.db") as database:
        database.execute(
            "UPDATE tags SET value = ? WHERE key = 'foursplit.model_hash' AND run_uuid = ?",
            ["f" * 64, run],
        )
    text = clone.run("foursplit", "reproduce", run, code=6)
    assert "DIFFERS  weights/seed_1  ffffffffffff recorded" in text
    assert "the hashes of the weights in the run's record disagree" in text
