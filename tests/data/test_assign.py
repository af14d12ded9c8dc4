"""Properties of the split: groups whole, duplicates removed, assignments stable."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foursplit.config.schema import SplitConfig
from foursplit.core.dataset_spec import DatasetSpec
from foursplit.core.errors import FoursplitError
from foursplit.core.examples import Examples
from foursplit.data import assign, duplicates
from foursplit.data.split_examples import (
    equal_row_warnings,
    require_whole_groups,
    split_examples,
    split_report,
)

EVEN = {"train": 0.4, "train_dev": 0.2, "dev": 0.2, "test": 0.2}
RULE = SplitConfig(seed=1, domains={"source": EVEN})
SHIFTED = SplitConfig(
    seed=1,
    domains={
        "source": {"train": 0.8, "train_dev": 0.2},
        "target": {"train": 0.2, "dev": 0.4, "test": 0.4},
    },
)
GROUPS = st.lists(st.integers(0, 500).map(str), min_size=1, max_size=60)


def assign_rows(groups, domains=None, roles=None, rule=RULE):
    domains = ["all"] * len(groups) if domains is None else domains
    roles = roles or {"all": "source"}
    return assign.assign(
        np.array(groups, dtype=object), np.array(domains, dtype=object), roles, rule
    )


@given(GROUPS, GROUPS)
def test_adding_rows_changes_no_assignment(groups, more):
    before, after = assign_rows(groups), assign_rows(more + groups)
    assert after[len(more) :].tolist() == before.tolist()


@given(GROUPS)
def test_a_group_stays_in_one_split(groups):
    splits = assign_rows(groups + groups)
    assert splits[: len(groups)].tolist() == splits[len(groups) :].tolist()


@given(GROUPS, st.integers(0, 1000))
def test_the_order_of_rows_does_not_matter(groups, seed):
    order = np.random.default_rng(seed).permutation(len(groups))
    splits = assign_rows(groups)
    assert assign_rows([groups[i] for i in order]).tolist() == splits[order].tolist()


def test_shares_are_met_by_many_groups():
    counts = Counter(assign_rows([str(i) for i in range(20_000)]).tolist())
    for split, share in EVEN.items():
        # Four standard deviations of a binomial count.
        assert abs(counts[split] - 20_000 * share) < 4 * (20_000 * share * (1 - share)) ** 0.5


def test_domains_go_where_they_are_declared():
    groups = [str(i) for i in range(4000)]
    domains = ["web", "phone"] * 2000
    splits = assign_rows(groups, domains, {"web": "source", "phone": "target"}, SHIFTED)
    web = {s for s, d in zip(splits, domains, strict=True) if d == "web"}
    phone = {s for s, d in zip(splits, domains, strict=True) if d == "phone"}
    assert web == {"train", "train_dev"}
    assert phone == {"train", "dev", "test"}


def test_another_salt_is_another_split():
    groups = [str(i) for i in range(200)]
    other = SplitConfig(seed=2, domains={"source": EVEN})
    assert assign_rows(groups).tolist() != assign_rows(groups, rule=other).tolist()


def test_a_target_domain_needs_shares():
    with pytest.raises(FoursplitError, match=r"split.target is missing"):
        assign_rows(["a"], ["web"], {"web": "source", "phone": "target"}, RULE)
    with pytest.raises(FoursplitError, match="no domain .* is a target"):
        assign_rows(["a"], None, None, SHIFTED)


def test_an_empty_split_is_named():
    with pytest.raises(FoursplitError, match="split dev is empty"):
        assign.require_non_empty(np.array(["train", "train_dev", "test"], dtype=object))


def examples(x, groups=None, domain="all"):
    x = np.asarray(x, dtype=np.float32)
    content = [row.tobytes().hex() for row in x]
    rows = pd.DataFrame(
        {
            "example_id": [str(i) for i in range(len(x))],
            "group_id": content if groups is None else groups,
            "content": content,
            "domain": domain,
            "y": 0,
        }
    )
    return Examples(x=x, metadata=rows)


def dataset(**fields):
    declared = {
        "title": "t",
        "provenance": "",
        "licence": "",
        "cite": "",
        "files": (),
        "target": "y",
    }
    return DatasetSpec(**declared, **fields)


@given(st.integers(0, 2**32))
def test_exact_duplicates_are_never_in_two_splits(seed):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 100, size=(150, 1)).astype(float)
    # Each row is its own group, so that equal rows land in different splits.
    data = examples(x, groups=[str(i) for i in range(150)])
    splits, removed = split_examples(
        data,
        dataset(group="g"),
        SplitConfig(seed=1, domains={"source": EVEN}, near_duplicate_distance=0),
    )
    remaining = pd.DataFrame({"content": data.metadata["content"], "split": splits})[~removed]
    assert (remaining.groupby("content")["split"].nunique() == 1).all()


def test_without_removal_duplicates_are_in_several_splits(rng):
    x = rng.integers(0, 12, size=(150, 1)).astype(float)
    data = examples(x, groups=[str(i) for i in range(150)])
    splits = assign_rows(data.metadata["group_id"].tolist())
    table = pd.DataFrame({"content": data.metadata["content"], "split": splits})
    assert (table.groupby("content")["split"].nunique() > 1).any()


def test_the_evaluation_split_keeps_a_duplicate():
    content = np.array(["a", "a", "a", "b"], dtype=object)
    splits = np.array(["train", "dev", "test", "train"], dtype=object)
    assert duplicates.mark_exact(content, splits).tolist() == [True, True, False, False]


def test_a_near_duplicate_of_an_evaluation_row_is_removed(rng):
    x = rng.normal(size=(200, 5))
    splits = np.array(["train"] * 150 + ["test"] * 50, dtype=object)
    x[7] = x[170] + 0.001
    assert np.flatnonzero(duplicates.mark_near(x, splits, 0.01)).tolist() == [7]


def test_near_agrees_with_a_slow_plain_version(rng):
    x = np.concatenate([rng.normal(size=(80, 3)), rng.normal(size=(40, 3)) * 0.3])
    splits = np.array((["train", "dev", "train_dev"] * 40), dtype=object)
    scaled = x / x[splits == "train"].std(axis=0)
    slow = [
        splits[i] != "dev"
        and min(np.sqrt(((scaled[i] - row) ** 2).mean()) for row in scaled[splits == "dev"]) <= 0.2
        for i in range(len(x))
    ]
    assert 0 < sum(slow) < len(x)
    assert duplicates.mark_near(x, splits, 0.2).tolist() == slow


def test_a_group_in_two_splits_raises():
    data = examples([[1.0], [2.0]], groups=["p1", "p1"])
    with pytest.raises(FoursplitError, match="group 'p1' .* is in train and in dev"):
        require_whole_groups(data, np.array(["train", "dev"], dtype=object))


def test_the_report_counts_splits_and_duplicates(rng):
    data = examples(rng.normal(size=(300, 2)))
    splits, removed = split_examples(data, dataset(row_is_unit="by design"), RULE)
    report = split_report(data, splits, removed, dataset(row_is_unit="by design"))
    assert (
        sum(entry["n"] for entry in report["splits"].values()) + len(report["removed_duplicates"])
        == 300
    )
    assert report["splits"]["dev"]["detectable_gain"] > 0


def test_equal_rows_that_leave_few_groups_give_a_warning(rng):
    few = examples(rng.integers(0, 3, (500, 2)))  # 9 distinct ones
    declared = dataset(row_is_unit="by design")
    (warning,) = equal_row_warnings(few, declared)
    assert "500 rows of domain 'all'" in warning
    assert "9 distinct" in warning
    splits = np.resize(np.array(["train", "train_dev", "dev", "test"], dtype=object), 500)
    report = split_report(few, splits, np.zeros(500, bool), declared)
    assert report["few_groups"] == ["all"]
    assert report["equal_rows"] == [warning]


def test_an_empty_split_names_equal_rows_as_the_cause():
    with pytest.raises(FoursplitError, match="is empty.*2 distinct inputs"):
        split_examples(examples([[0.0], [1.0]] * 50), dataset(row_is_unit="by design"), RULE)


def test_distinct_rows_or_a_declared_group_give_no_warning(rng):
    data = examples(rng.normal(size=(300, 2)))
    declared = dataset(row_is_unit="by design")
    assert equal_row_warnings(data, declared) == []
    splits, removed = split_examples(data, declared, RULE)
    assert "equal_rows" not in split_report(data, splits, removed, declared)
    grouped = examples(np.zeros((50, 1)), groups=["a", "b"] * 25)
    assert equal_row_warnings(grouped, dataset(group="who")) == []
