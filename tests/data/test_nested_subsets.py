"""Subsets are nested, keep groups whole, and are stratified by class and domain."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foursplit.data.nested_subsets import nested_subsets, train_sizes


def rows(rng, n, *, n_groups=None, n_classes=3, domains=("all",)):
    """Return rows whose groups may have several classes and one domain each."""
    group = rng.integers(n_groups or n, size=n) if n_groups else np.arange(n)
    return pd.DataFrame(
        {
            "group_id": [f"g{number}" for number in group],
            "domain": [domains[number % len(domains)] for number in group],
            "y": rng.integers(n_classes, size=n),
        }
    )


SEED = st.integers(0, 10**6)


@given(st.integers(20, 300), st.integers(3, 7), st.floats(0.02, 0.9))
def test_sizes_are_a_geometric_sequence_up_to_all(n, n_sizes, min_fraction):
    result = train_sizes(n, n_sizes, min_fraction)
    assert len(result) == n_sizes
    assert result[-1] == n
    assert result[0] == max(1, round(n * min_fraction))
    # e.g. 1000 in 3 from a hundredth on: 10, 100, 1000.
    assert train_sizes(1000, 3, 0.01) == [10, 100, 1000]


@given(SEED, st.integers(30, 200), st.integers(8, 30))
@settings(deadline=None)
def test_each_subset_contains_the_previous_one_and_whole_groups(seed, n, n_groups):
    table = rows(np.random.default_rng(seed), n, n_groups=n_groups, domains=("a", "b"))
    n_examples = [n // 8, n // 4, n // 2, n]
    subsets = nested_subsets(table, n_examples, seed, classes=True)
    for smaller, larger in pairwise(subsets):
        assert set(smaller) <= set(larger)
    for subset, size in zip(subsets, n_examples, strict=True):
        assert len(subset) >= size
        inside, outside = table.iloc[subset], table.drop(index=subset)
        assert not {*inside["group_id"]} & {*outside["group_id"]}
        largest = table["group_id"].value_counts().max()
        assert len(subset) < size + largest
    assert subsets[-1].tolist() == list(range(n))


@given(SEED)
@settings(deadline=None)
def test_classes_and_domains_keep_their_shares_in_every_subset(seed):
    rng = np.random.default_rng(seed)
    table = rows(rng, 600, n_classes=2, domains=("a", "b"))
    table["y"] = (rng.random(600) < 0.2).astype(int)  # skewed
    for subset in nested_subsets(table, [20, 60, 300], seed, classes=True):
        for domain in ("a", "b"):
            for y in (0, 1):
                chosen = (table["domain"] == domain) & (table["y"] == y)
                expected = chosen.mean() * len(subset)
                assert abs(chosen.iloc[subset].sum() - expected) <= 2


def test_random_subsets_would_lose_a_rare_class():
    # 6 of 300: a random subset of 10 has none of the rare class in 8 of 10 cases.
    table = rows(np.random.default_rng(1), 300)
    table["y"] = (np.arange(300) % 50 == 0).astype(int)
    random, stratified = [], []
    for salt in range(20):
        random.append(
            table["y"].iloc[nested_subsets(table, [10], salt, classes=False)[0]].sum() > 0
        )
        stratified.append(
            table["y"].iloc[nested_subsets(table, [10], salt, classes=True)[0]].sum() > 0
        )
    assert all(stratified)
    assert sum(random) < 10


@given(SEED)
@settings(deadline=None)
def test_a_subset_with_room_for_its_groups_has_every_class(seed):
    # Groups of several classes; the rarest is never a group's main one.
    rng = np.random.default_rng(seed)
    table = rows(rng, 200, n_groups=25, n_classes=3)
    table.loc[rng.choice(200, 2, replace=False), "y"] = 3
    small = nested_subsets(table, [4], seed, classes=True)[0]
    largest = table["group_id"].value_counts().max()
    assert len(small) <= 4 * largest
    large = nested_subsets(table, [4 * largest], seed, classes=True)[0]
    assert {*table["y"].iloc[large]} == {*table["y"]}


def test_the_order_of_groups_depends_on_names_and_salt_only():
    table = rows(np.random.default_rng(2), 100, n_classes=1)
    shuffled = table.sample(frac=1, random_state=3)

    def names(frame, salt):
        return {*frame["group_id"].iloc[nested_subsets(frame, [30], salt, classes=False)[0]]}

    assert names(table, 1) == names(shuffled.reset_index(drop=True), 1)
    assert names(table, 1) != names(table, 2)
    # Without the last rows, the others keep their order.
    assert names(table.head(90), 1) & names(table, 1) == names(table, 1) - {
        *table["group_id"].tail(10)
    }


@pytest.mark.parametrize("n_examples", [1, 2])
def test_equal_group_names_in_two_domains_are_two_groups(n_examples):
    table = pd.DataFrame({"group_id": ["g", "g"], "domain": ["a", "b"], "y": [0, 0]})
    assert len(nested_subsets(table, [n_examples], 1, classes=False)[0]) == n_examples
