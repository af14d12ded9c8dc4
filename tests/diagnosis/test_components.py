"""What a perfect part would give: laws, and cases worked by hand."""

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.ceiling.bootstrap import Sampling, mean_loss
from foursplit.diagnosis.ceiling.components import attribute_errors, component_ceilings

QUICK = Sampling(n_resamples=200)


def losses(*rates, n=1000):
    """Give 0/1 losses at each rate, each wrong where the next lower is."""
    return [(np.arange(n) < round(n * rate)).astype(float) for rate in rates]


def lattice(rng, names, n=40):
    """Give random losses for every set of perfect components."""
    sets = [frozenset(c) for k in range(len(names) + 1) for c in combinations(names, k)]
    return {s: rng.random(n) for s in sets}


FACE = ("background", "face", "eyes", "nose", "mouth", "logistic")


def test_the_face_pipeline_is_worth_a_better_face_detector(rng):
    # Ng (2011): accuracy 85, then 85.1, 91, 95, 96, 97 and 100 % from left to right.
    rates = losses(0.15, 0.149, 0.09, 0.05, 0.04, 0.03, 0.0)
    given_losses = {frozenset(FACE[:k]): rate for k, rate in enumerate(rates)}
    found = component_ceilings(given_losses, FACE, np.arange(1000), rng)
    gains = [part.cumulative.value for part in found]
    assert gains == pytest.approx([0.001, 0.059, 0.04, 0.01, 0.01, 0.03])
    assert max(found, key=lambda part: part.cumulative.value).component == "face"
    assert found[0].cumulative.hi < 0.005  # no 18 months on the background
    assert found[0].shapley is None
    assert found[0].missing == (("face",),)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 4), st.integers(0, 10**6))
def test_both_ways_of_sharing_add_up_to_the_whole_gain(n_parts, seed):
    rng = np.random.default_rng(seed)
    names = list("abcd")[:n_parts]
    table = lattice(rng, names)
    found = component_ceilings(table, names, np.arange(40), rng, QUICK)
    whole = mean_loss(table[frozenset()], np.ones(40)) - mean_loss(
        table[frozenset(names)], np.ones(40)
    )
    assert sum(part.cumulative.value for part in found) == pytest.approx(whole, abs=1e-12)
    assert sum(part.shapley.value for part in found) == pytest.approx(whole, abs=1e-12)


def test_a_shapley_value_is_the_mean_over_all_orders(rng):
    names = ["a", "b", "c"]
    table = lattice(rng, names)
    found = {
        p.component: p.shapley.value for p in component_ceilings(table, names, np.arange(40), rng)
    }
    walks = {name: [] for name in names}
    for order in permutations(names):
        for k, name in enumerate(order):
            before, after = table[frozenset(order[:k])], table[frozenset(order[: k + 1])]
            walks[name].append(before.mean() - after.mean())
    for name in names:
        assert found[name] == pytest.approx(np.mean(walks[name]))


def test_order_matters_to_the_walk_and_not_to_the_shapley_value():
    # Either of two parts alone puts everything right: the first in line takes it all.
    rng = np.random.default_rng(1)
    table = {s: np.zeros(50) for s in lattice(rng, ["a", "b"])} | {frozenset(): np.ones(50)}
    for order in (["a", "b"], ["b", "a"]):
        found = component_ceilings(table, order, np.arange(50), rng, QUICK)
        assert [part.cumulative.value for part in found] == [1.0, 0.0]
        assert [part.shapley.value for part in found] == [0.5, 0.5]


def test_where_a_step_of_the_walk_is_missing_the_run_that_would_tell_is_named(rng):
    table = {frozenset(): np.ones(5), frozenset("a"): np.zeros(5), frozenset("b"): np.ones(5)}
    first, second = component_ceilings(table, ["a", "b"], np.arange(5), rng)
    assert (first.cumulative.value, second.cumulative) == (1.0, None)
    assert (first.alone.value, second.alone.value) == (1.0, 0.0)
    assert second.missing == (("a", "b"),)
    assert first.shapley is None
    with pytest.raises(FoursplitError, match="the system as it is"):
        component_ceilings({frozenset("a"): np.zeros(5)}, ["a"], np.arange(5), rng)


def test_the_cat_pipeline_fails_at_its_detector():
    # Machine Learning Yearning, chapters 53-54: of 100 errors a perfect box mends 90.
    wrong = np.r_[np.ones(100), np.zeros(900)]
    boxed = np.r_[np.zeros(90), np.ones(10), np.zeros(900)]
    found = attribute_errors(
        {frozenset(): wrong, frozenset({"detector"}): boxed}, ["detector", "breed"]
    )
    assert found.counts == {"detector": 90, "breed": 10}
    assert found.shares == {"detector": 0.9, "breed": 0.1}
    assert found.of_example[95] == "breed"
    assert found.of_example[500] == ""


def test_an_error_that_two_parts_could_mend_goes_to_the_first():
    table = {frozenset(): np.ones(1), frozenset("a"): np.zeros(1), frozenset("b"): np.zeros(1)}
    assert attribute_errors(table, ["a", "b", "c"]).counts == {"a": 1, "b": 0, "c": 0}
    assert attribute_errors(table, ["b", "a", "c"]).counts == {"a": 0, "b": 1, "c": 0}


@given(st.integers(0, 10**6))
def test_every_error_has_one_part(seed):
    rng = np.random.default_rng(seed)
    table = {s: (x < 0.5).astype(float) for s, x in lattice(rng, ["a", "b", "c"]).items()}
    found = attribute_errors(table, ["a", "b", "c"])
    assert sum(found.counts.values()) == table[frozenset()].sum()
