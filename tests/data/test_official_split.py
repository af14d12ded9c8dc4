"""The published partition is kept, row by row, and what it leaks is taken from train alone."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foursplit.config.schema import SplitRule
from foursplit.core.dataset_spec import Source
from foursplit.core.errors import FoursplitError
from foursplit.core.examples import Examples
from foursplit.data import to_examples
from foursplit.data.split_examples import part

RULE = SplitRule(
    salt=1, source={"train": 0.6, "train_dev": 0.2, "dev": 0.2}, protocol="official",
    near_duplicate=0,
)  # fmt: skip
GIVEN = {"title": "t", "provenance": "", "files": (), "target": "y", "features": ("a", "b")}


def published(n, seed, named=("train", "test"), n_groups=None):
    """Give n rows with a published split, in groups that it may part."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n, 2)).round(1), columns=["a", "b"])
    frame["y"] = rng.normal(size=n)
    frame["official_split"] = rng.choice(list(named), n)
    frame["patient"] = rng.integers(0, n_groups or n, n).astype(str)
    source = Source(**GIVEN, group="patient" if n_groups else None)
    return to_examples.examples(frame, source), source


@given(st.integers(0, 2**32), st.sampled_from([None, 300]))
def test_test_is_the_published_test_and_loses_no_row(seed, n_groups):
    made, source = published(400, seed, n_groups=n_groups)
    splits, aside = part(made, source, RULE)
    official = made.rows["official_split"].to_numpy() == "test"
    assert ((splits == "test") == official).all()
    assert not aside[official].any()


@given(st.integers(0, 2**32))
def test_what_the_publisher_parted_is_taken_from_train(seed):
    made, source = published(400, seed, n_groups=300)
    splits, aside = part(made, source, RULE)
    kept = pd.DataFrame({"group": made.rows["group_id"], "split": splits})[~aside]
    assert (kept.groupby("group")["split"].nunique() == 1).all()
    content = pd.DataFrame({"content": made.rows["content"], "split": splits})[~aside]
    assert (content.groupby("content")["split"].nunique() == 1).all()
    # The naive way fails here: the published split as it is parts groups.
    plain = made.rows.groupby("group_id")["official_split"].nunique()
    assert (plain > 1).any()


def test_growth_of_train_moves_nothing():
    made, source = published(400, 3)
    more, _ = published(100, 4)
    grown = Examples(
        x=np.concatenate([made.x, more.x]),
        rows=pd.concat([made.rows, more.rows], ignore_index=True),
    )
    before, _ = part(made, source, RULE)
    after, _ = part(grown, source, RULE)
    assert after[:400].tolist() == before.tolist()


def test_a_published_dev_is_kept_too():
    made, source = published(400, 5, named=("train", "dev", "test"))
    rule = SplitRule(
        salt=1, source={"train": 0.8, "train_dev": 0.2}, protocol="official", near_duplicate=0
    )
    splits, _ = part(made, source, rule)
    for name in ("dev", "test"):
        assert ((splits == name) == (made.rows["official_split"] == name)).all()


def test_the_hash_protocol_does_not_look_at_the_published_split():
    made, source = published(400, 6)
    shares = {"train": 0.5, "train_dev": 0.1, "dev": 0.2, "test": 0.2}
    rule = SplitRule(salt=1, source=shares, near_duplicate=0)
    without = Examples(x=made.x, rows=made.rows.drop(columns="official_split"))
    assert part(made, source, rule)[0].tolist() == part(without, source, rule)[0].tolist()


@pytest.mark.parametrize(
    "shares",
    [
        {"source": {"train": 0.5, "train_dev": 0.1, "dev": 0.2, "test": 0.2}},
        {"source": {"train": 0.8, "train_dev": 0.2}, "target": {"dev": 1.0}},
    ],
)
def test_shares_of_a_test_that_is_published_are_refused(shares):
    with pytest.raises(ValueError, match="the official protocol brings its test"):
        SplitRule(salt=1, **shares, protocol="official")


def test_a_source_without_a_published_split_is_refused():
    made, source = published(50, 7)
    made = Examples(x=made.x, rows=made.rows.drop(columns="official_split"))
    with pytest.raises(FoursplitError, match="gives no column 'official_split'"):
        part(made, source, RULE)


def test_a_split_that_nobody_publishes_is_refused():
    frame = pd.DataFrame({"a": [1.0], "b": [2.0], "y": [0.0], "official_split": ["valid"]})
    with pytest.raises(
        FoursplitError, match=r"unknown official_split of a row 'valid'.* Valid: dev, te"
    ):
        to_examples.examples(frame, Source(**GIVEN))
