"""Whether dev can show what matters: against the formula, groups, and seeds that differ."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foursplit.diagnosis import prediction_table
from foursplit.diagnosis.decomposition import dev_size
from foursplit.diagnosis.decomposition.verdict import VerdictThresholds
from foursplit.diagnosis.diagnose import diagnose_as_json
from foursplit.diagnosis.prediction_table import Model
from foursplit.diagnosis.settings import Settings
from foursplit.diagnosis.stats import power


def dev(loss, **columns):
    frame = {"example_id": [f"d{k}" for k in range(len(loss))], "loss": loss, **columns}
    return prediction_table.validate(pd.DataFrame(frame), "dev")


def rate(error, n):
    return (np.arange(n) < round(error * n)).astype(float)


def judged(*made, **rule):
    return dev_size.of_tables(made, VerdictThresholds(**rule)).as_json()


def test_a_hundred_examples_cannot_see_a_gain_of_a_thousandth_and_the_file_says_how_many_can():
    # 1 % error, a gain of 0.1 points; half the errors shared, so they differ on 1 %.
    block = judged(dev(rate(0.01, 100)), min_gain=0.001)
    assert block["enough"] is False
    assert block["dev"] == power.required_examples(0.001, 0.01)
    assert block["delta_from"] == "min_gain"
    assert block["eyeball"] == 10_000  # 100 errors at 1 %


def test_without_a_least_gain_it_is_what_counts_as_a_gap():
    block = judged(dev(rate(0.2, 1000)))
    assert block["delta"] == pytest.approx(0.02)  # a tenth of dev
    assert judged(dev(rate(0.04, 1000)))["delta"] == 0.005


def test_seeds_say_on_how_many_examples_two_models_differ():
    # Three seeds: they differ on 60, 40 and 60 of 1,000 examples, two by two.
    losses = [rate(0.1, 1000), rate(0.1, 1000), rate(0.1, 1000)]
    losses[1] = np.roll(losses[1], 30)
    losses[2] = np.roll(losses[2], 50)
    pairs = [(0, 1), (1, 2), (0, 2)]
    wanted = np.mean([(losses[a] != losses[b]).mean() for a, b in pairs])
    block = judged(*(dev(loss) for loss in losses))
    assert block["discordance"] == pytest.approx(wanted)
    assert block["discordance_from"] == "the seeds"


def test_rows_of_one_group_count_as_one_row():
    # Ten alike rows a group: a tenth of the rows tell as much, so ten times as many are needed.
    wrong = np.random.default_rng(1).random(400) < 0.2
    alone = judged(dev(wrong.astype(float)))
    many = judged(dev(np.repeat(wrong, 10) * 1.0, group_id=np.repeat(np.arange(400), 10)))
    assert many["design_effect"] == pytest.approx(10, rel=0.01)
    assert many["power"] == pytest.approx(alone["power"], abs=0.01)
    assert many["dev"] == pytest.approx(10 * alone["dev"], rel=0.01)


def test_unequal_weights_cost_as_kish_says():
    # Deviations apart, the effective number of rows is (sum w)^2 / sum w^2.
    rng = np.random.default_rng(2)
    weight = rng.exponential(size=20_000) + 0.1
    block = judged(dev((rng.random(20_000) < 0.2) * 1.0, weight=weight))
    kish = len(weight) * (weight**2).sum() / weight.sum() ** 2
    assert block["design_effect"] == pytest.approx(kish, rel=0.05)


@given(st.integers(20, 3000), st.floats(0.02, 0.9), st.floats(0.001, 0.2))
@settings(max_examples=30, deadline=None)
def test_what_is_advised_would_be_enough(n, error, gain):
    block = judged(dev(rate(error, n)), min_gain=gain)
    if block["not_applicable"]:
        assert "leaves no gain" in block["not_applicable"]
        return
    assert block["power"] == power.mcnemar_power(n, block["delta"], block["discordance"])
    # The formula aims at 80 %; the exact test has somewhat less.
    assert power.mcnemar_power(block["dev"], block["delta"], block["discordance"]) > 0.7


def test_quantities_and_errors_too_few_to_gain_from_are_told():
    assert "quantities" in judged(dev(np.linspace(0, 2, 50)))["not_applicable"]
    assert "leaves no gain" in judged(dev(np.zeros(50)))["not_applicable"]


def test_a_small_dev_is_a_finding_and_a_large_one_is_none():
    def codes(n):
        told = diagnose_as_json(
            [Model(tables={"dev": dev(rate(0.1, n))})], Settings(human_error=0.1)
        )
        return [f["code"] for f in told["findings"]], told

    few, told = codes(500)
    assert "ST011" in few
    finding = next(f for f in told["findings"] if f["code"] == "ST011")
    assert finding["missing"] == f"{told['sizes']['dev']:,} dev examples"
    assert "ST011" not in codes(20_000)[0]
