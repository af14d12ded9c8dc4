"""Measured starts come back from their files as they were."""

from dataclasses import replace

import pandas as pd
from benchmarks.advice import cache
from benchmarks.advice.learner import Hyperparameters
from benchmarks.advice.measure import Measured, Outcome

OUTCOMES = {
    action: Outcome(error=0.1, gain=gain, gain_se=0.01, behind=0.3 - gain, behind_se=0.02)
    for action, gain in (("measure", 0.0), ("bigger", 0.3), ("augment", 0.1))  # not alphabetical
}
TABLE = pd.DataFrame({"example_id": ["a", "b"], "loss": [0.0, 1.0], "y": ["1", "01"], "n": [1, 2]})
START = Measured(
    problem="curved",
    start="too_small",
    draw=1,
    hyperparameters=Hyperparameters(hidden=(), penalty=0.1),
    level=0.05,
    kind="Bayes",
    same=True,
    candidates=1,
    curves=[{"epoch": 1.0, "train_loss": 0.7, "dev_loss": 0.8}],
    tables={"train": TABLE, "dev": TABLE[::-1].reset_index(drop=True)},
    outcomes=OUTCOMES,
)


def test_a_start_is_loaded_as_it_was_saved(tmp_path):
    assert cache.load(tmp_path) == []
    cache.save([START, replace(START, draw=2)], tmp_path)
    first, second = cache.load(tmp_path)
    assert (first.draw, second.draw) == (1, 2)
    assert replace(first, tables={}) == replace(START, tables={})
    assert list(first.outcomes) == list(OUTCOMES)
    assert list(first.tables) == list(START.tables)
    for split, table in START.tables.items():
        pd.testing.assert_frame_equal(first.tables[split], table)


def test_a_start_that_was_not_saved_to_its_end_is_none(tmp_path):
    cache.save([START], tmp_path)
    next(tmp_path.glob(f"*/{cache.START}")).unlink()
    assert cache.load(tmp_path) == []
