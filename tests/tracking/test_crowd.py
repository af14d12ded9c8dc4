"""Many processes write to one store at once, and each run is there, once and whole."""

import json
import os
import subprocess
import sys

import pytest

from benchmarks import store_crowd


@pytest.mark.slow
def test_24_writers_on_a_fresh_store_lose_and_tear_nothing_in_ci(tmp_path):
    told = subprocess.run(
        [sys.executable, store_crowd.__file__, str(tmp_path), "24", "20", "0.05"],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(told.stdout)
    wrong = ("crashed", "complaints", "lost", "duplicated", "unfinished", "torn")
    assert {name: found[name] for name in wrong} == {
        "crashed": 0,
        "complaints": [],
        "lost": 0,
        "duplicated": 0,
        "unfinished": 0,
        "torn": 0,
    }
    assert found["seen_live"] == 24
