"""Seeds that reach different errors on train: which failed, and what is advised."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from foursplit.diagnosis.diagnose import diagnose_as_json
from foursplit.diagnosis.prediction_table import Model, validate
from foursplit.diagnosis.settings import Settings
from foursplit.diagnosis.stats.seed_agreement import compare_seeds


def table(n_wrong, n=109, split="train"):
    loss = (np.arange(n) < n_wrong) * 1.0
    return validate(
        pd.DataFrame({"example_id": [f"{split}{i}" for i in range(n)], "loss": loss}), split
    )


def agreement(*n_wrong, n=109, margin=0.01, dev=None):
    tables = {f"seed_{k}": table(wrong, n) for k, wrong in enumerate(n_wrong, start=1)}
    return compare_seeds(tables, margin, 0.05, dev)


def test_one_seed_far_from_the_others_failed():
    # Coffee: 0, 39 and 0 of 109 train examples wrong; dev 2.7, 29.7 and 2.7 %.
    dev = {"seed_1": 1 / 37, "seed_2": 11 / 37, "seed_3": 1 / 37}
    result = agreement(0, 39, 0, dev=dev)
    assert result.disagree
    assert result.failed == ("seed_2",)
    assert result.recoverable == pytest.approx(10 / 37 / 3)


@pytest.mark.parametrize(
    ("n_wrong", "failed"),
    [
        ((0, 39), ("seed_2",)),  # of two the worse
        ((0, 39, 1, 45), ("seed_2", "seed_4")),  # two of four, far above the others
        ((39, 0, 45), ()),  # most of them: none is far from the others
        ((10, 25, 40), ()),  # evenly spread
    ],
)
def test_which_seeds_are_named(n_wrong, failed):
    result = agreement(*n_wrong)
    assert result.disagree
    assert result.failed == failed


@pytest.mark.parametrize(
    ("n_wrong", "n"),
    [
        ((0, 2, 0), 109),  # chance
        ((3, 3, 3), 109),
        ((100, 160, 110), 10_000),  # significant, and less than a point: not relevant
    ],
)
def test_small_differences_are_no_disagreement(n_wrong, n):
    result = agreement(*n_wrong, n=n)
    assert not result.disagree
    assert result.failed == ()
    assert result.recoverable is None


def test_one_seed_is_no_comparison():
    assert agreement(5) is None


def test_equal_seeds_disagree_at_most_one_time_in_twenty():
    rng, wrong, trials = np.random.default_rng(4), 0, 60
    for _ in range(trials):
        losses = (rng.random((5, 300)) < 0.1) * 1.0
        frames = [
            pd.DataFrame({"example_id": [f"{i}" for i in range(300)], "loss": x}) for x in losses
        ]
        tables = {f"{k}": validate(frame, "train") for k, frame in enumerate(frames)}
        wrong += compare_seeds(tables, 0.005, 0.05).disagree
    assert wrong <= stats.binom(trials, 0.05).ppf(0.999)


def test_a_failed_seed_gets_a_finding_and_a_step_and_no_advice_to_stop():
    models = [
        Model(
            name=f"seed_{k}",
            tables={
                "train": table(train),
                "train_dev": table(dev, 36, "train_dev"),
                "dev": table(dev, 37, "dev"),
            },
        )
        for k, (train, dev) in enumerate([(0, 1), (39, 11), (0, 1)], start=1)
    ]
    result = diagnose_as_json(models, Settings(human_error=0.0, n_resamples=300))
    assert result["seed_agreement"]["failed"] == ["seed_2"]
    assert "ST040" in {finding["code"] for finding in result["findings"]}
    step = next(step for step in result["next"] if step["link"] == "optimization")
    assert step["gain"] == pytest.approx(10 / 37 / 3)
    assert "none" not in {step["link"] for step in result["next"]}
    # Without the failed seed nothing of this is said.
    healthy = diagnose_as_json([models[0], models[2]], Settings(human_error=0.0, n_resamples=300))
    assert not healthy["seed_agreement"]["disagree"]
    assert "ST040" not in {finding["code"] for finding in healthy["findings"]}
