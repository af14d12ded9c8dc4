"""Before a gap from dev to test is called overfitting: luck of the best, and a harder test."""

import numpy as np
import pandas as pd
import pytest

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.diagnose import diagnose_as_json
from foursplit.diagnosis.prediction_table import Model, validate
from foursplit.diagnosis.settings import Settings
from foursplit.diagnosis.stats.power import optimism_of_best


@pytest.mark.parametrize(
    ("k", "expected"), [(1, 0.0), (2, 0.5642), (5, 1.163), (10, 1.539), (100, 2.508), (1000, 3.241)]
)
def test_the_optimism_of_the_best_is_the_expected_maximum_of_normals(k, expected):
    assert optimism_of_best(k, np.sqrt(2)) == pytest.approx(expected, abs=1e-3)


def test_the_best_of_three_on_76_rows_owes_nine_tenths_of_a_point_to_luck():
    # The paired differences of the diabetes candidates have a standard deviation of .131.
    assert optimism_of_best(3, 0.131 / np.sqrt(76)) == pytest.approx(0.009, abs=2e-4)


def test_the_optimism_is_that_of_simulated_candidates():
    # Ten equal models: 10 % of examples are hard for all, and each misses 1 in 9 of the others.
    rng, n, k = np.random.default_rng(4), 300, 10
    best = []
    for _ in range(2000):
        wrong = (rng.random(n) < 0.1) | (rng.random((k, n)) < 1 / 9)
        best.append(0.2 - wrong.mean(axis=1).min())
    discordance = 0.9 * 2 * (1 / 9) * (8 / 9)
    assert np.mean(best) == pytest.approx(optimism_of_best(k, np.sqrt(discordance / n)), rel=0.08)


def test_impossible_numbers_are_refused():
    with pytest.raises(FoursplitError, match="0 candidates"):
        optimism_of_best(0, 0.1)


def table(split, errors, baseline, n):
    k = np.arange(n)
    frame = {
        "example_id": [f"{split}{i}" for i in k],
        "loss": (k < errors) * 1.0,
        "baseline_loss": (k % n >= n - baseline) * 1.0,
    }
    return validate(pd.DataFrame(frame), split)


def diagnosed(dev, test, candidates=1, n=2000):
    tables = {
        "train": table("train", dev[0], dev[1], n),
        "train_dev": table("train_dev", dev[0], dev[1], n),
        "dev": table("dev", *dev, n),
        "test": table("test", *test, n),
    }
    settings = Settings(human_error=dev[0] / n, candidates=candidates, n_resamples=400)
    return diagnose_as_json([Model(tables=tables)], settings)


def test_a_gap_beyond_luck_and_difficulty_asks_for_a_new_dev_set():
    found = diagnosed((100, 1000), (300, 1000), candidates=10)
    parts = found["dev_to_test"]
    assert parts["optimism"] > 0
    assert parts["difficulty"] == pytest.approx(0.0)
    assert parts["is_overfitting"]
    assert parts["rest"] == pytest.approx(parts["gap"] - parts["optimism"])
    assert "new dev set" in found["next"][0]["action"]
    codes = [finding["code"] for finding in found["findings"]]
    assert codes.index("ST007") < codes.index("ST004")


def test_a_test_that_is_harder_for_the_baseline_too_is_compared_first():
    # Dev 20 % and baseline 40 %; test 32 % and baseline 64 %: harder for both by 1.6 times.
    found = diagnosed((400, 800), (640, 1280), candidates=3)
    parts = found["dev_to_test"]
    assert parts["difficulty"] == pytest.approx(0.12)
    assert not parts["is_overfitting"]
    (step,) = [step for step in found["next"] if step["link"] == "dev_overfit"]
    assert step["action"].startswith("compare dev with test")


def test_the_more_candidates_the_more_is_luck():
    luck = [diagnosed((20, 100), (40, 100), k, n=200)["dev_to_test"] for k in (1, 3, 1000)]
    assert [one["optimism"] for one in luck] == sorted(one["optimism"] for one in luck)
    assert luck[0]["optimism"] == pytest.approx(0.0)
    assert luck[0]["is_overfitting"]
    assert not luck[2]["is_overfitting"]


def test_a_gap_that_does_not_count_is_not_divided():
    assert "dev_to_test" not in diagnosed((100, 1000), (104, 1000))
