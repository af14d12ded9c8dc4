"""Parts of the examples grow: nested, groups whole, classes and domains in their shares."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foursplit.data.nested_subsets import parts, sizes


def rows(rng, n, *, n_groups=None, n_classes=3, domains=("all",)):
    """Give rows whose groups may hold several classes and lie in one domain each."""
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
def test_sizes_grow_by_one_ratio_up_to_all(n, count, smallest):
    found = sizes(n, count, smallest)
    assert len(found) == count
    assert found[-1] == n
    assert found[0] == max(1, round(n * smallest))
    # e.g. 1000 in 3 from a hundredth on: 10, 100, 1000.
    assert sizes(1000, 3, 0.01) == [10, 100, 1000]


@given(SEED, st.integers(30, 200), st.integers(8, 30))
@settings(deadline=None)
def test_each_part_holds_the_one_before_and_no_group_is_parted(seed, n, n_groups):
    made = rows(np.random.default_rng(seed), n, n_groups=n_groups, domains=("a", "b"))
    wanted = [n // 8, n // 4, n // 2, n]
    found = parts(made, wanted, seed, classes=True)
    for smaller, larger in pairwise(found):
        assert set(smaller) <= set(larger)
    for part, least in zip(found, wanted, strict=True):
        assert len(part) >= least
        inside, outside = made.iloc[part], made.drop(index=part)
        assert not {*inside["group_id"]} & {*outside["group_id"]}
        biggest = made["group_id"].value_counts().max()
        assert len(part) < least + biggest
    assert found[-1].tolist() == list(range(n))


@given(SEED)
@settings(deadline=None)
def test_classes_and_domains_keep_their_shares_in_every_part(seed):
    rng = np.random.default_rng(seed)
    made = rows(rng, 600, n_classes=2, domains=("a", "b"))
    made["y"] = (rng.random(600) < 0.2).astype(int)  # skewed
    for part in parts(made, [20, 60, 300], seed, classes=True):
        for domain in ("a", "b"):
            for y in (0, 1):
                chosen = (made["domain"] == domain) & (made["y"] == y)
                due = chosen.mean() * len(part)
                assert abs(chosen.iloc[part].sum() - due) <= 2


def test_drawing_by_chance_would_lose_a_rare_class():
    # 6 of 300: of 10 drawn by chance, 8 times of 10 none is of the rare class.
    made = rows(np.random.default_rng(1), 300)
    made["y"] = (np.arange(300) % 50 == 0).astype(int)
    blind, kept = [], []
    for salt in range(20):
        blind.append(made["y"].iloc[parts(made, [10], salt, classes=False)[0]].sum() > 0)
        kept.append(made["y"].iloc[parts(made, [10], salt, classes=True)[0]].sum() > 0)
    assert all(kept)
    assert sum(blind) < 10


@given(SEED)
@settings(deadline=None)
def test_every_class_is_in_a_part_that_has_room_for_its_groups(seed):
    # Groups of several classes; the rarest is never a group's main one.
    rng = np.random.default_rng(seed)
    made = rows(rng, 200, n_groups=25, n_classes=3)
    made.loc[rng.choice(200, 2, replace=False), "y"] = 3
    part = parts(made, [4], seed, classes=True)[0]
    biggest = made["group_id"].value_counts().max()
    assert len(part) <= 4 * biggest
    room = parts(made, [4 * biggest], seed, classes=True)[0]
    assert {*made["y"].iloc[room]} == {*made["y"]}


def test_where_a_group_stands_depends_on_its_name_and_the_salt_alone():
    made = rows(np.random.default_rng(2), 100, n_classes=1)
    shuffled = made.sample(frac=1, random_state=3)

    def names(frame, salt):
        return {*frame["group_id"].iloc[parts(frame, [30], salt, classes=False)[0]]}

    assert names(made, 1) == names(shuffled.reset_index(drop=True), 1)
    assert names(made, 1) != names(made, 2)
    # Without the last rows, those that are left stand in the same order.
    assert names(made.head(90), 1) & names(made, 1) == names(made, 1) - {*made["group_id"].tail(10)}


@pytest.mark.parametrize("wanted", [1, 2])
def test_equal_names_in_two_domains_are_two_groups(wanted):
    made = pd.DataFrame({"group_id": ["g", "g"], "domain": ["a", "b"], "y": [0, 0]})
    assert len(parts(made, [wanted], 1, classes=False)[0]) == wanted
