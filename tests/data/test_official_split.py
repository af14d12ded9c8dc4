"""The official split is kept row by row; rows that it leaks are removed from train only."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foursplit.config.schema import SplitConfig
from foursplit.core.dataset_spec import DatasetSpec
from foursplit.core.errors import FoursplitError
from foursplit.core.examples import Examples
from foursplit.data import to_examples
from foursplit.data.split_examples import split_examples

RULE = SplitConfig(
    seed=1,
    domains={"source": {"train": 0.6, "train_dev": 0.2, "dev": 0.2}},
    protocol="official",
    near_duplicate_distance=0,
)
DECLARED = {"title": "t", "provenance": "", "files": (), "target": "y", "features": ("a", "b")}


def published(n, seed, splits=("train", "test"), n_groups=None):
    """Return n examples with an official split, in groups that it may split."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n, 2)).round(1), columns=["a", "b"])
    frame["y"] = rng.normal(size=n)
    frame["official_split"] = rng.choice(list(splits), n)
    frame["patient"] = rng.integers(0, n_groups or n, n).astype(str)
    dataset = DatasetSpec(**DECLARED, group="patient" if n_groups else None)
    return to_examples.to_examples(frame, dataset), dataset


@given(st.integers(0, 2**32), st.sampled_from([None, 300]))
def test_the_test_split_is_the_official_one_and_loses_no_row(seed, n_groups):
    examples, dataset = published(400, seed, n_groups=n_groups)
    splits, removed = split_examples(examples, dataset, RULE)
    official = examples.metadata["official_split"].to_numpy() == "test"
    assert ((splits == "test") == official).all()
    assert not removed[official].any()


@given(st.integers(0, 2**32))
def test_groups_that_the_official_split_divides_lose_their_train_rows(seed):
    examples, dataset = published(400, seed, n_groups=300)
    splits, removed = split_examples(examples, dataset, RULE)
    remaining = pd.DataFrame({"group": examples.metadata["group_id"], "split": splits})[~removed]
    assert (remaining.groupby("group")["split"].nunique() == 1).all()
    content = pd.DataFrame({"content": examples.metadata["content"], "split": splits})[~removed]
    assert (content.groupby("content")["split"].nunique() == 1).all()
    # The naive way fails here: the official split itself divides groups.
    naive = examples.metadata.groupby("group_id")["official_split"].nunique()
    assert (naive > 1).any()


def test_adding_rows_changes_no_assignment():
    examples, dataset = published(400, 3)
    more, _ = published(100, 4)
    grown = Examples(
        x=np.concatenate([examples.x, more.x]),
        metadata=pd.concat([examples.metadata, more.metadata], ignore_index=True),
    )
    before, _ = split_examples(examples, dataset, RULE)
    after, _ = split_examples(grown, dataset, RULE)
    assert after[:400].tolist() == before.tolist()


def test_an_official_dev_split_is_kept_too():
    examples, dataset = published(400, 5, splits=("train", "dev", "test"))
    rule = SplitConfig(
        seed=1,
        domains={"source": {"train": 0.8, "train_dev": 0.2}},
        protocol="official",
        near_duplicate_distance=0,
    )
    splits, _ = split_examples(examples, dataset, rule)
    for name in ("dev", "test"):
        assert ((splits == name) == (examples.metadata["official_split"] == name)).all()


def test_the_hash_protocol_ignores_the_official_split():
    examples, dataset = published(400, 6)
    shares = {"train": 0.5, "train_dev": 0.1, "dev": 0.2, "test": 0.2}
    rule = SplitConfig(seed=1, domains={"source": shares}, near_duplicate_distance=0)
    without = Examples(x=examples.x, metadata=examples.metadata.drop(columns="official_split"))
    assert (
        split_examples(examples, dataset, rule)[0].tolist()
        == split_examples(without, dataset, rule)[0].tolist()
    )


@pytest.mark.parametrize(
    "shares",
    [
        {"source": {"train": 0.5, "train_dev": 0.1, "dev": 0.2, "test": 0.2}},
        {"source": {"train": 0.8, "train_dev": 0.2}, "target": {"dev": 1.0}},
    ],
)
def test_shares_for_an_official_test_split_raise(shares):
    with pytest.raises(ValueError, match="the official protocol brings its test"):
        SplitConfig(seed=1, domains=shares, protocol="official")


def test_a_dataset_without_an_official_split_raises():
    examples, dataset = published(50, 7)
    examples = Examples(x=examples.x, metadata=examples.metadata.drop(columns="official_split"))
    with pytest.raises(FoursplitError, match="returns no column 'official_split'"):
        split_examples(examples, dataset, RULE)


def test_an_unknown_official_split_raises():
    frame = pd.DataFrame({"a": [1.0], "b": [2.0], "y": [0.0], "official_split": ["valid"]})
    with pytest.raises(
        FoursplitError, match=r"unknown official_split of a row 'valid'.* Valid: dev, te"
    ):
        to_examples.to_examples(frame, DatasetSpec(**DECLARED))
