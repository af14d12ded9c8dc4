"""Laws of the split: groups whole, duplicates apart, nothing placed ever moves."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foursplit.config.schema import SplitRule
from foursplit.core.dataset_spec import Source
from foursplit.core.errors import FoursplitError
from foursplit.core.examples import Examples
from foursplit.data import assign, duplicates
from foursplit.data.split_examples import describe, equal_rows, part, require_whole_groups

EVEN = {"train": 0.4, "train_dev": 0.2, "dev": 0.2, "test": 0.2}
RULE = SplitRule(salt=1, source=EVEN)
SHIFTED = SplitRule(
    salt=1, source={"train": 0.8, "train_dev": 0.2}, target={"train": 0.2, "dev": 0.4, "test": 0.4}
)
GROUPS = st.lists(st.integers(0, 500).map(str), min_size=1, max_size=60)


def deal(groups, domains=None, roles=None, rule=RULE):
    domains = ["all"] * len(groups) if domains is None else domains
    roles = roles or {"all": "source"}
    return assign.assign(
        np.array(groups, dtype=object), np.array(domains, dtype=object), roles, rule
    )


@given(GROUPS, GROUPS)
def test_nothing_that_was_placed_moves_when_data_grows(groups, more):
    before, after = deal(groups), deal(more + groups)
    assert after[len(more) :].tolist() == before.tolist()


@given(GROUPS)
def test_a_group_is_never_parted(groups):
    splits = deal(groups + groups)
    assert splits[: len(groups)].tolist() == splits[len(groups) :].tolist()


@given(GROUPS, st.integers(0, 1000))
def test_the_order_of_rows_decides_nothing(groups, seed):
    order = np.random.default_rng(seed).permutation(len(groups))
    splits = deal(groups)
    assert deal([groups[i] for i in order]).tolist() == splits[order].tolist()


def test_shares_are_met_by_many_groups():
    counts = Counter(deal([str(i) for i in range(20_000)]).tolist())
    for split, share in EVEN.items():
        # Four standard deviations of a binomial count.
        assert abs(counts[split] - 20_000 * share) < 4 * (20_000 * share * (1 - share)) ** 0.5


def test_domains_go_where_they_are_declared():
    groups = [str(i) for i in range(4000)]
    domains = ["web", "phone"] * 2000
    splits = deal(groups, domains, {"web": "source", "phone": "target"}, SHIFTED)
    web = {s for s, d in zip(splits, domains, strict=True) if d == "web"}
    phone = {s for s, d in zip(splits, domains, strict=True) if d == "phone"}
    assert web == {"train", "train_dev"}
    assert phone == {"train", "dev", "test"}


def test_another_salt_is_another_split():
    groups = [str(i) for i in range(200)]
    other = SplitRule(salt=2, source=EVEN)
    assert deal(groups).tolist() != deal(groups, rule=other).tolist()


def test_a_target_domain_needs_shares():
    with pytest.raises(FoursplitError, match=r"split.target is missing"):
        deal(["a"], ["web"], {"web": "source", "phone": "target"}, RULE)
    with pytest.raises(FoursplitError, match="no domain .* is a target"):
        deal(["a"], None, None, SHIFTED)


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
    return Examples(x=x, rows=rows)


def source(**rest):
    given = {"title": "t", "provenance": "", "licence": "", "cite": "", "files": (), "target": "y"}
    return Source(**given, **rest)


@given(st.integers(0, 2**32))
def test_exact_duplicates_never_straddle(seed):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 100, size=(150, 1)).astype(float)
    # Each row is a group of its own, so that twins do land in different splits.
    made = examples(x, groups=[str(i) for i in range(150)])
    splits, aside = part(made, source(group="g"), SplitRule(salt=1, source=EVEN, near_duplicate=0))
    kept = pd.DataFrame({"content": made.rows["content"], "split": splits})[~aside]
    assert (kept.groupby("content")["split"].nunique() == 1).all()


def test_without_setting_aside_duplicates_do_straddle(rng):
    x = rng.integers(0, 12, size=(150, 1)).astype(float)
    made = examples(x, groups=[str(i) for i in range(150)])
    splits = deal(made.rows["group_id"].tolist())
    both = pd.DataFrame({"content": made.rows["content"], "split": splits})
    assert (both.groupby("content")["split"].nunique() > 1).any()


def test_the_split_that_judges_keeps_a_duplicate():
    content = np.array(["a", "a", "a", "b"], dtype=object)
    splits = np.array(["train", "dev", "test", "train"], dtype=object)
    assert duplicates.mark_exact(content, splits).tolist() == [True, True, False, False]


def test_a_near_duplicate_of_a_judged_row_is_set_aside(rng):
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


def test_a_parted_group_is_refused():
    made = examples([[1.0], [2.0]], groups=["p1", "p1"])
    with pytest.raises(FoursplitError, match="group 'p1' .* lies in train and in dev"):
        require_whole_groups(made, np.array(["train", "dev"], dtype=object))


def test_the_report_counts_what_was_done(rng):
    made = examples(rng.normal(size=(300, 2)))
    splits, aside = part(made, source(row_is_unit="by design"), RULE)
    report = describe(made, splits, aside, source(row_is_unit="by design"))
    assert sum(entry["n"] for entry in report["splits"].values()) + len(report["set_aside"]) == 300
    assert report["splits"]["dev"]["detectable_gain"] > 0


def test_equal_rows_that_leave_few_groups_are_said(rng):
    few = examples(rng.integers(0, 3, (500, 2)))  # 9 distinct ones
    declared = source(row_is_unit="by design")
    (said,) = equal_rows(few, declared)
    assert "500 rows of domain 'all'" in said
    assert "9 distinct" in said
    splits = np.resize(np.array(["train", "train_dev", "dev", "test"], dtype=object), 500)
    report = describe(few, splits, np.zeros(500, bool), declared)
    assert report["few_groups"] == ["all"]
    assert report["equal_rows"] == [said]


def test_a_split_left_empty_by_equal_rows_says_why():
    with pytest.raises(FoursplitError, match="is empty.*2 distinct inputs"):
        part(examples([[0.0], [1.0]] * 50), source(row_is_unit="by design"), RULE)


def test_where_rows_differ_or_a_group_is_declared_nothing_is_said(rng):
    made = examples(rng.normal(size=(300, 2)))
    declared = source(row_is_unit="by design")
    assert equal_rows(made, declared) == []
    splits, aside = part(made, declared, RULE)
    assert "equal_rows" not in describe(made, splits, aside, declared)
    grouped = examples(np.zeros((50, 1)), groups=["a", "b"] * 25)
    assert equal_rows(grouped, source(group="who")) == []
