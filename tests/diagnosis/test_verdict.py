"""The verdict against the rule written out in whole numbers, and laws of it."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foursplit.diagnosis import prediction_table
from foursplit.diagnosis.decomposition import ledger, verdict
from foursplit.diagnosis.decomposition.verdict import VerdictThresholds
from foursplit.diagnosis.diagnose import diagnose_as_json
from foursplit.diagnosis.prediction_table import Model
from foursplit.diagnosis.settings import Settings
from foursplit.diagnosis.stats import bootstrap

POINTS = st.integers(0, 10_000)  # hundredths of a per cent
NAMES = ("human", "train", "train_dev", "dev", "test")


def judged(points, rule=VerdictThresholds()):  # noqa: B008, frozen
    errors = {name: ledger.fixed(p / 10_000) for name, p in zip(NAMES, points, strict=True)}
    return verdict.decide_verdict(errors, ledger.gaps(errors, 0.95), rule)


@given(st.tuples(*[POINTS] * 5))
def test_the_rule_is_that_of_whole_numbers(points):
    # A gap counts above 50 and above a tenth of dev; beside the largest stands what is half of it.
    # From dev to test is no part of dev's error: it stands for itself.
    gaps = dict(zip(ledger.LINKS, (b - a for a, b in pairwise(points)), strict=True))
    counts = {gap: p for gap, p in gaps.items() if p > 50 and 10 * p > points[3]}
    largest = max((p for gap, p in counts.items() if gap != "dev_overfit"), default=0)
    wanted = {gap for gap, p in counts.items() if gap == "dev_overfit" or 2 * p >= largest}
    found = judged(points)
    if verdict.TRAIN_ERROR in found.insufficient:
        assert gaps["variance"] < -max(50, points[3] / 10)
        assert found.status["avoidable_bias"] == "insufficient"
        return
    jointly = {link for joint in found.joint for link in joint.links}
    if jointly:  # test_joint_gaps.py has their rule
        assert jointly.isdisjoint(counts)
        return
    assert set(found.primary) == wanted
    assert gaps[found.largest] == max(gaps.values())
    for gap in gaps:
        status = found.status[gap]
        assert (status in ("primary", "co_primary")) == (gap in wanted)
        assert (status == "secondary") == (gap in counts and gap not in wanted)
    assert found.surpasses_human == (min(points[2:4]) < points[0])


@given(st.tuples(*[POINTS] * 4), st.integers(1, 5000))
def test_a_test_error_that_grows_alone_brings_overfitting_no_less_to_the_fore(points, more):
    order = ("immaterial", "secondary", "co_primary", "primary")
    before, after = (judged((*points, points[3] + extra)) for extra in (more, 2 * more))
    low, high = (order.index(v.status["dev_overfit"]) for v in (before, after))
    assert high >= low


@given(st.tuples(*[POINTS] * 5), st.floats(0, 0.5), st.floats(0, 0.5))
def test_to_ask_for_more_gain_leaves_no_more_to_do(points, one, other):
    low, high = sorted((one, other))
    few, many = (judged(points, VerdictThresholds(min_gain=gain)) for gain in (high, low))
    if verdict.TRAIN_ERROR in many.insufficient:
        return  # bias was named by a train error that is not comparable
    single = {*few.significant} - {*few.joint_names}
    assert single <= {*many.significant}
    assert many.significant or not few.significant


@pytest.mark.parametrize(
    "names", [("train",), ("dev",), ("human", "train", "dev"), ("dev", "test")]
)
def test_any_ends_that_are_known_give_a_verdict(names):
    errors = {name: ledger.fixed(0.1) for name in names}
    found = verdict.decide_verdict(errors, ledger.gaps(errors, 0.95), VerdictThresholds())
    assert found.primary == ()
    assert found.sentence.endswith(".")


def test_overfitting_of_dev_hides_no_gap_up_to_dev_and_each_gets_its_step():
    # People 0.1 %, train 2.0, dev 2.1, test 7.0: bias is twenty times people's error.
    tables = {
        split: prediction_table.validate(
            pd.DataFrame(
                {
                    "example_id": np.char.add(f"{split}-", np.arange(20_000).astype(str)),
                    "loss": (np.arange(20_000) < 20_000 * error).astype(float),
                }
            ),
            split,
        )
        for split, error in {"train": 0.02, "dev": 0.021, "test": 0.07}.items()
    }
    settings = Settings(human_error=0.001, same_distribution=True)
    found = diagnose_as_json([Model(tables=tables, name="")], settings)
    assert found["verdict"]["primary"] == ["avoidable_bias", "dev_overfit"]
    assert {step["link"] for step in found["next"]} >= {"avoidable_bias", "dev_overfit"}
    assert "avoidable bias" in found["verdict"]["sentence"]


def test_a_secondary_gap_is_named_and_gets_its_step():
    found = judged((0, 2000, 2600, 2600, 2600))
    assert found.primary == ("avoidable_bias",)
    assert found.secondary == ("variance",)
    assert "variance (+6.0%)" in found.sentence


def test_bias_is_not_named_by_a_train_error_above_that_of_unseen_examples():
    # Train 20 %, train-dev and dev 8 %, people 2 %: train was scored with dropout.
    found = judged((200, 2000, 800, 800, 800))
    assert verdict.TRAIN_ERROR in found.insufficient
    assert found.status["avoidable_bias"] == "insufficient"
    # What is certain is the sum, from people to train-dev.
    assert found.primary == ("avoidable_bias_or_variance",)
    (joint,) = found.joint
    assert joint.value == pytest.approx(0.06)
    assert joint.rescore


@pytest.mark.parametrize(
    "points",
    [
        pytest.param((200, 2000, 2000, 800, 800), id="dev alone is easier"),
        pytest.param((200, 2000, 1900, 1900, 1900), id="below the threshold"),
    ],
)
def test_a_train_error_above_that_of_easier_data_is_bias(points):
    assert judged(points).primary == ("avoidable_bias",)


@pytest.mark.parametrize(
    ("points", "surpasses"),
    [
        pytest.param((200, 0, 900, 2500, 2500), False, id="memorized train, 12 times worse on dev"),
        pytest.param((200, 100, 150, 300, 300), True, id="better on train's unseen examples"),
        pytest.param((200, 100, 150, 150, 300), True, id="better on dev"),
        pytest.param((200, 300, 400, 500, 100), False, id="test alone"),
    ],
)
def test_a_model_surpasses_people_on_unseen_examples_alone(points, surpasses):
    found = judged(points)
    assert found.surpasses_human is surpasses
    assert ("beats the reference" in found.sentence) is surpasses


def estimated(errors, n):
    rng = np.random.default_rng(n + errors)
    loss, rows = (np.arange(n) < errors).astype(float), np.arange(n)
    return bootstrap.estimate(loss, np.ones(n), rows, rng, n_resamples=500, confidence=0.95)


def test_gaps_that_noise_hides_and_gaps_below_the_threshold_are_told_apart():
    # People 2 %; 2.3, 2.5 and 2.7 % on 100,000 examples each are known to a tenth of a point.
    for n, small in ((100_000, True), (500, False)):
        errors = {"human": ledger.fixed(0.02)} | {
            split: estimated(round(n * rate), n)
            for split, rate in (("train", 0.023), ("train_dev", 0.025), ("dev", 0.027))
        }
        found = verdict.decide_verdict(errors, ledger.gaps(errors, 0.95), VerdictThresholds())
        assert found.significant == ()
        assert found.all_small is small
        assert ("chance" in found.sentence) is not small


def test_the_sentence_names_no_gap_that_is_not_significant():
    errors = {"train": estimated(2, 40), "train_dev": estimated(3, 40), "dev": estimated(5, 40)}
    found = verdict.decide_verdict(errors, ledger.gaps(errors, 0.95), VerdictThresholds())
    assert found.primary == ()
    assert not any(f"{name} (" in found.sentence for name in verdict.TITLES.values())
