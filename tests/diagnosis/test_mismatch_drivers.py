"""What the errors are made of that train has less of."""

import numpy as np
import pandas as pd
import pytest

from foursplit.diagnosis.ceiling.bootstrap import Sampling
from foursplit.diagnosis.prediction_table import validate
from foursplit.diagnosis.slices.mismatch_drivers import find_drivers

QUICK = Sampling(n_resamples=200)


def table(rng, n, split="dev", shift=0.0, night=0.3, **more):
    frame = {
        "example_id": [f"{split}{k}" for k in range(n)],
        "loss": (rng.random(n) < 0.2).astype(float),
        "meta.light": rng.normal(shift, 1, n),
        "meta.size": rng.normal(0, 1, n),
        "meta.hour": np.where(rng.random(n) < night, "night", "day"),
    }
    return validate(pd.DataFrame({**frame, **more}), split)


def test_what_the_errors_are_made_of_is_named(rng):
    train = table(rng, 2000, "train", night=0.1)
    dev = table(rng, 2000, night=0.3)
    hour = dev.frame["meta.hour"]
    dev.frame["loss"] = np.where(hour == "night", 1.0, 0.0) * (rng.random(2000) < 0.8)
    dev = validate(dev.frame.drop(columns="is_error"), "dev")
    first = find_drivers(train, dev, rng, QUICK)[0]
    assert (first.column, first.value) == ("meta.hour", "night")
    assert first.share_of_errors == 1.0
    assert first.share_of_dev == pytest.approx(0.3, abs=0.04)
    assert first.share_of_train == pytest.approx(0.1, abs=0.03)
    assert first.lo > 0.8


def test_quantities_are_told_by_the_quarter_of_train_they_lie_in(rng):
    train, dev = table(rng, 1000, "train"), table(rng, 1000, shift=2.0)
    first = find_drivers(train, dev, rng, QUICK)[0]
    assert first.column == "meta.light"
    assert first.value.endswith(" to")  # above the highest quarter's start
    assert first.share_of_train == pytest.approx(0.25)


def test_a_dev_set_without_errors_has_no_drivers(rng):
    dev = table(rng, 100, loss=np.zeros(100))
    assert find_drivers(table(rng, 100, "train"), dev, rng, QUICK) == []


def test_on_noise_no_driver_is_sure(rng):
    # 60 sets of equal tables, ten values each; by Bonferroni one set in twenty at most.
    sure = sum(
        any(d.sure for d in find_drivers(table(rng, 300, "train"), table(rng, 300), rng, QUICK))
        for _ in range(60)
    )
    assert sure <= 6  # 3 expected at most; above 8 once in a hundred


def test_what_is_hard_but_no_rarer_in_train_is_not_sure(rng):
    train, dev = table(rng, 2000, "train", night=0.3), table(rng, 2000, night=0.3)
    night = dev.frame["meta.hour"] == "night"
    dev = validate(dev.frame.drop(columns="is_error").assign(loss=night * 1.0), "dev")
    first = find_drivers(train, dev, rng, QUICK)[0]
    assert (first.value, first.sure) == ("night", False)
    lacking = table(rng, 2000, "train", night=0.1)
    assert find_drivers(lacking, dev, rng, QUICK)[0].sure


def test_shares_are_those_of_counting(rng):
    train, dev = table(rng, 300, "train"), table(rng, 300, night=0.6)
    errors = dev.frame[dev.frame["loss"] > 0]
    for one in find_drivers(train, dev, rng, QUICK):
        if one.column == "meta.hour":
            assert one.share_of_errors == pytest.approx((errors["meta.hour"] == one.value).mean())
            assert one.share_of_dev == pytest.approx((dev.frame["meta.hour"] == one.value).mean())
            assert one.share_of_train == pytest.approx(
                (train.frame["meta.hour"] == one.value).mean()
            )


def test_a_value_is_the_same_as_text_and_as_number_and_missing_is_a_value(rng):
    train = table(rng, 200, "train", **{"meta.k": np.repeat([1, 2], 100).astype(object)})
    said = np.r_[np.repeat(["1", "2"], 80), np.full(40, None)].astype(object)
    dev = table(rng, 200, loss=np.ones(200), **{"meta.k": said})
    shares = {
        d.value: d.share_of_train
        for d in find_drivers(train, dev, rng, QUICK, most=50)
        if d.column == "meta.k"
    }
    assert shares == {"missing": 0.0}  # 1 and 2 are half of train, and less of the errors


def test_a_column_of_names_hides_nothing_that_is_sure(rng):
    train, dev = table(rng, 2000, "train", night=0.1), table(rng, 2000, night=0.3)
    dev.frame["loss"] = (dev.frame["meta.hour"] == "night") * 1.0
    for one in (train, dev):
        one.frame["meta.file"] = one.frame["example_id"]  # two thousand values
    dev = validate(dev.frame.drop(columns="is_error"), "dev")
    found = find_drivers(train, dev, rng, QUICK)
    assert found[0].sure
    assert not [one for one in found if one.column == "meta.file"]
