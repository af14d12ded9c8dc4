"""A split by time: nothing that is learnt from is later than what is judged on."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foursplit.config.load import parse
from foursplit.config.schema import SplitConfig
from foursplit.core.errors import FoursplitError
from foursplit.core.splits import SPLITS
from foursplit.data.assign_by_time import assign_by_time

SHARES = {"train": 0.6, "train_dev": 0.1, "dev": 0.15, "test": 0.15}
TIMES = st.lists(st.integers(0, 50), min_size=1, max_size=80)


@given(TIMES, st.integers(0, 5))
def test_each_split_is_before_the_next_by_more_than_the_gap(times, gap):
    times = np.array(times)
    found = assign_by_time(times, None, SHARES, gap)
    kept = [times[(found.splits == split) & ~found.removed] for split in SPLITS]
    kept = [each for each in kept if len(each)]
    for earlier, later in itertools.pairwise(kept):
        assert earlier.max() < later.min()
        assert later.min() - earlier.max() >= gap


@given(TIMES, st.data())
def test_with_groups_neither_time_nor_group_is_in_two_splits(times, data):
    times = np.array(times)
    groups = np.array([data.draw(st.sampled_from("abcdefgh")) for _ in times], dtype=object)
    found = assign_by_time(times, groups, SHARES)
    kept = ~found.removed
    for group in set(groups):
        assert len(set(found.splits[kept & (groups == group)])) <= 1
    present = [times[(found.splits == split) & kept] for split in SPLITS]
    present = [each for each in present if len(each)]
    assert all(a.max() < b.min() for a, b in itertools.pairwise(present))


@given(st.integers(1, 300), st.randoms())
def test_different_times_are_shared_as_asked(n, random):
    times = np.array(random.sample(range(10_000), n))
    splits = assign_by_time(times, None, SHARES).splits
    for split, share in SHARES.items():
        assert abs((splits == split).mean() - share) <= 1 / n


def test_worked_by_hand_with_days_and_a_gap():
    # Ten days: 6 of train, 1 of train-dev, 2 of dev (0.7 to 0.85: days 8 and 9), 1 of test.
    days = np.arange("2024-01-01", "2024-01-11", dtype="datetime64[D]").astype("datetime64[us]")
    found = assign_by_time(days, None, SHARES)
    assert found.splits.tolist() == ["train"] * 6 + ["train_dev"] + ["dev"] * 2 + ["test"]
    # Two days between the splits: the last day of train, all of train-dev, the last of dev.
    gap = assign_by_time(days, None, SHARES, gap=2)
    assert np.flatnonzero(gap.by_gap).tolist() == [5, 6, 8]


def test_a_random_split_would_leak():
    # The naive way: by hash, train has rows later than the first of dev.
    times = np.arange(100)
    splits = np.random.default_rng(1).permutation(assign_by_time(times, None, SHARES).splits)
    assert times[splits == "train"].max() > times[splits == "dev"].min()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"protocol": "times"}, "protocol"),
        ({"gap": 3}, "gap"),
        ({"protocol": "time", "gap": -1}, "gap"),
        (
            {
                "protocol": "time",
                "domains": {
                    "source": {"train": 0.5, "train_dev": 0.5},
                    "target": {"dev": 0.5, "test": 0.5},
                },
            },
            "target",
        ),
    ],
)
def test_settings_that_make_no_sense_are_errors_that_name_them(change, named):
    block = {"seed": 1, "domains": {"source": SHARES}, **change}
    with pytest.raises(FoursplitError, match=named):
        parse(SplitConfig, block, "split")
