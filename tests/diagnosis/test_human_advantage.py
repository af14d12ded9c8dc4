"""Where people still win: counted by hand, and nothing where they do not."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foursplit.diagnosis.ceiling.bootstrap import Sampling
from foursplit.diagnosis.diagnose import diagnose_as_json
from foursplit.diagnosis.error_analysis.human_advantage import find_human_advantage
from foursplit.diagnosis.prediction_table import Model, validate
from foursplit.diagnosis.settings import Settings

QUICK = Sampling(n_resamples=300)


def dev(loss, human, **columns):
    frame = {"example_id": [f"d{k:05}" for k in range(len(loss))], "loss": loss}
    return validate(pd.DataFrame({**frame, "human_loss": human, **columns}), "dev")


def found(table):
    return find_human_advantage(table, np.random.default_rng(1), QUICK)


def test_a_subset_is_what_counting_says(rng):
    loss, human = (rng.random(400) < 0.2) * 1.0, (rng.random(400) < 0.15) * 1.0
    light = np.where(np.arange(400) < 100, "night", "day")
    human[light == "night"] = 0.0
    weight = rng.integers(1, 4, 400).astype(float)
    frame = pd.DataFrame({"loss": loss, "human": human, "weight": weight})[light == "night"]
    first = found(dev(loss, human, weight=weight, **{"meta.light": light}))[0]
    assert (first.where, first.n) == ("light = night", 100)
    error = (frame["loss"] * frame["weight"]).sum() / frame["weight"].sum()
    assert first.model == pytest.approx(error)
    assert first.human == pytest.approx(0)
    assert first.recoverable == pytest.approx(
        (frame["loss"] * frame["weight"]).sum() / weight.sum()
    )


def test_shared_failures_cancel(rng):
    # Both fail on the same half; beyond that the model errs on one in twenty. Unpaired, unsure.
    n = 400
    human = (np.arange(n) % 2) * 1.0
    loss = np.maximum(human, (np.arange(n) % 20 == 0) * 1.0)
    first = found(dev(loss, human, domain=["a"] * n))[0]
    assert first.sure
    assert loss.mean() - human.mean() < 1.96 * np.sqrt(2 * 0.25 / n)


def test_on_noise_nothing_is_sure():
    rng = np.random.default_rng(4)
    sure = 0
    for _ in range(100):
        loss, human = (rng.random((2, 300)) < 0.2) * 1.0
        words = {f"meta.c{k}": rng.integers(0, 4, 300).astype(str) for k in range(5)}
        sure += any(one.sure for one in found(dev(loss, human, **words)))
    assert sure <= 9  # at most 2.5 expected


def test_a_value_of_few_groups_tells_nothing():
    groups = np.repeat(np.arange(19), 20)
    table = dev(np.ones(380), np.zeros(380), domain=["a"] * 380, group_id=groups)
    assert found(table) == []


@given(st.permutations(range(60)))
@settings(max_examples=20, deadline=None)
def test_the_order_of_rows_changes_nothing(order):
    loss, human = np.arange(60) % 3 == 0, np.arange(60) % 7 == 0
    table = dev(loss * 1.0, human * 1.0, domain=np.where(np.arange(60) < 30, "a", "b"))
    assert found(table.take(np.array(order))) == found(table)


def test_examples_that_no_annotator_saw_are_left_out_and_without_any_people_are_asked_for():
    seen = {"domain": ["a"] * 100, "human_loss.one": np.where(np.arange(100) < 60, 0.0, np.nan)}
    frame = {"example_id": [f"d{k:03}" for k in range(100)], "loss": np.tile([1.0, *[0.0] * 9], 10)}

    def told(columns):
        table = validate(pd.DataFrame({**frame, **columns}), "dev")
        return diagnose_as_json([Model(tables={"dev": table})], Settings(human_error=0.5))

    (subset,) = told(seen)["human_advantage"]["subsets"]
    assert (subset["n"], subset["model"]) == (60, pytest.approx(0.1))
    alone = told({"domain": ["a"] * 100})
    assert alone["human_advantage"]["not_applicable"].startswith("Give dev a column human_loss")
    step = next(s for s in alone["next"] if s["link"] == "people")
    assert "people are still right" in step["action"]


def test_to_be_better_than_people_on_train_alone_is_no_reason_to_look_for_them():
    made = {
        s: dev(np.r_[np.ones(k), np.zeros(1000 - k)], np.zeros(1000)).frame.assign(
            example_id=[f"{s}{i}" for i in range(1000)]
        )
        for s, k in (("train", 0), ("dev", 200))
    }
    model = Model(tables={s: validate(frame, s) for s, frame in made.items()})
    told = diagnose_as_json([model], Settings(human_error=0.02))
    assert not told["verdict"]["surpasses_human"]
    assert told["human_advantage"]["subsets"] == []
    assert not [step for step in told["next"] if step["link"].startswith("people")]
