"""Whether a change moved its own gap: what adds up, what cancels, and how often it is right."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foursplit.diagnosis.decomposition.decompose import estimate_errors
from foursplit.diagnosis.decomposition.gap_changes import (
    GapChange,
    GapChanges,
    measure_gap_changes,
    sentence,
)
from foursplit.diagnosis.decomposition.hyperparameter_gaps import HYPERPARAMETERS, changes, links
from foursplit.diagnosis.decomposition.ledger import LINKS
from foursplit.diagnosis.prediction_table import Model, validate
from foursplit.diagnosis.settings import Settings

QUICK = Settings(n_resamples=400)
SPLITS = ("train", "train_dev", "dev")


def model(errors, *, n=300, rng=None, hard=None, start=0):
    """Make tables with these error rates; `hard` says how hard each example is for everybody."""
    rng = rng or np.random.default_rng(0)
    tables = {}
    for split, error in errors.items():
        u = rng.random(n) if hard is None else hard[split]
        ids = [f"{split}{number}" for number in range(start, start + n)]
        frame = pd.DataFrame({"example_id": ids, "loss": (u < error).astype(float)})
        tables[split] = validate(frame, split)
    return Model(tables=tables)


def hardness(rng, n=300):
    return {split: rng.random(n) for split in SPLITS}


rates = st.fixed_dictionaries({split: st.floats(0, 1) for split in SPLITS})


@settings(max_examples=40, deadline=None)
@given(rates, rates)
def test_changes_of_gaps_add_up_to_the_change_of_dev_and_turn_round(one, other):
    a, b = model(one), model(other)
    there, back = measure_gap_changes([a], [b], QUICK), measure_gap_changes([b], [a], QUICK)
    dev = next(moved for moved in there.splits if moved.name == "dev")
    assert sum(gap.change for gap in there.gaps) == pytest.approx(dev.change, abs=1e-12)
    for forth, again in zip(there.gaps, back.gaps, strict=True):
        assert forth.change == pytest.approx(-again.change, abs=1e-12)
        assert forth.lo == pytest.approx(-again.hi, abs=0.02)
        assert forth.lo <= forth.change <= forth.hi
        assert forth.after - forth.before == pytest.approx(forth.change, abs=1e-12)


def test_a_version_like_the_last_moved_nothing():
    a = model({"train": 0.1, "train_dev": 0.2, "dev": 0.3})
    found = measure_gap_changes([a], [a], QUICK)
    assert found.paired
    assert all(gap.change == 0 for gap in found.gaps)
    assert found.moved() == []


def test_examples_that_both_find_hard_cancel_and_the_naive_way_sees_nothing():
    hard = hardness(np.random.default_rng(1))
    before = model({"train": 0.02, "train_dev": 0.05, "dev": 0.25}, hard=hard)
    after = model({"train": 0.02, "train_dev": 0.05, "dev": 0.18}, hard=hard)
    found = measure_gap_changes([before], [after], QUICK)
    assert [gap.name for gap in found.moved()] == ["mismatch"]
    # Two intervals side by side, which overlap, would have said nothing.
    one, two = estimate_errors([before], QUICK), estimate_errors([after], QUICK)
    assert two["dev"].hi > one["dev"].lo


def test_other_examples_are_compared_as_independent():
    rng = np.random.default_rng(2)
    before = model({"train": 0.0, "dev": 0.30}, rng=rng)
    after = model({"train": 0.0, "dev": 0.27}, rng=rng, start=1000)
    found = measure_gap_changes([before], [after], QUICK)
    assert not found.paired
    (dev,) = [moved for moved in found.splits if moved.name == "dev"]
    half = 1.96 * np.sqrt(dev.before * (1 - dev.before) / 300 + dev.after * (1 - dev.after) / 300)
    assert dev.hi - dev.lo == pytest.approx(2 * half, rel=0.1)


def test_seeds_that_differ_widen_what_one_seed_would_claim():
    hard = hardness(np.random.default_rng(3))
    rates = {"train": 0.0, "train_dev": 0.05}
    before = [model({**rates, "dev": d}, hard=hard) for d in (0.24, 0.25, 0.26)]
    after = [model({**rates, "dev": d}, hard=hard) for d in (0.14, 0.26, 0.20)]
    one = measure_gap_changes(before[:1], after[:1], QUICK)
    all_seeds = measure_gap_changes(before, after, QUICK)
    assert [gap.name for gap in one.moved()] == ["mismatch"]
    assert all_seeds.moved() == []


@pytest.mark.parametrize("correlated", [True, False])
def test_intervals_of_changes_hold_the_truth_about_as_often_as_they_say(correlated):
    rng = np.random.default_rng(4)
    before, after = ({"train": 0.1, "train_dev": 0.2, "dev": d} for d in (0.35, 0.30))
    truth = {"avoidable_bias": 0.0, "variance": 0.0, "mismatch": -0.05}
    held, times = dict.fromkeys(truth, 0), 150
    for _ in range(times):
        first = hardness(rng)
        second = first
        if not correlated:
            second = hardness(rng)
        else:  # a part of the examples changes its answer
            second = {
                s: np.where(rng.random(300) < 0.3, rng.random(300), u) for s, u in first.items()
            }
        found = measure_gap_changes([model(before, hard=first)], [model(after, hard=second)], QUICK)
        for gap in found.gaps:
            held[gap.name] += gap.lo <= truth[gap.name] <= gap.hi
    for name, count in held.items():
        assert count / times >= 0.90, (name, count / times)  # 0.95, less three deviations


def moved(name, change):
    return GapChange(
        name=name, before=0.2, after=0.2 + change, change=change, lo=change - 0.01, hi=change + 0.01
    )


@pytest.mark.parametrize(
    ("changed", "own", "undeclared", "said"),
    [
        ({}, ["mismatch"], (), "No gap changed significantly."),
        ({"mismatch": -0.1}, ["variance", "mismatch"], (), "which it was meant for, and nothing"),
        ({"mismatch": -0.1, "avoidable_bias": 0.1}, ["mismatch"], (), "avoidable bias besides"),
        ({"variance": 0.1}, ["avoidable_bias"], (), "was meant for avoidable bias"),
        ({"variance": 0.1}, [], ("model_args.zoom",), "model_args.zoom is meant for is not"),
    ],
)
def test_the_sentence_says_whether_the_change_kept_to_its_link(changed, own, undeclared, said):
    gaps = tuple(moved(name, changed.get(name, 0.0)) for name in LINKS)
    found = GapChanges(splits=(), gaps=gaps, paired=True)
    assert said in sentence(found, own, undeclared)


def test_every_knob_turns_gaps_that_there_are():
    assert {gap for gaps in HYPERPARAMETERS.values() for gap in gaps} <= set(LINKS)


def test_settings_within_a_block_are_the_blocks_and_strange_ones_are_named():
    assert links(["fit.augment.turn", "model_args.zoom"]) == (
        ("variance", "mismatch"),
        ("model_args.zoom",),
    )
    assert links(["fit.max_epochs", "model_args.hidden"]) == (("avoidable_bias",), ())


def test_changes_name_both_values():
    assert changes({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4}) == {"b": (2, 3), "c": (None, 4)}
