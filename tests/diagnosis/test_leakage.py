"""Planted leaks are found, and what is merely alike is not taken for one."""

import json

import numpy as np
import pandas as pd
import pytest

from foursplit.diagnosis.error_analysis import leakage
from foursplit.diagnosis.error_analysis.leakage import check_leakage
from foursplit.diagnosis.prediction_table import validate


def split(name, rng, n, error=0.2, **more):
    frame = {
        "example_id": [f"{name}{k}" for k in range(n)],
        "loss": (rng.random(n) < error).astype(float),
        "meta.a": rng.normal(size=n),
        "meta.b": rng.choice(["x", "y"], n),
        **more,
    }
    return validate(pd.DataFrame(frame), name)


def copied(source, target, n):
    """Put the contents of the first `n` examples of `source` into `target`, which gets them right.

    A model knows by heart what it was trained on.
    """
    frame = target.frame.copy()
    frame.loc[: n - 1, ["meta.a", "meta.b"]] = source.frame.loc[: n - 1, ["meta.a", "meta.b"]]
    frame.loc[: n - 1, "loss"] = 0.0
    return validate(frame.drop(columns="is_error"), target.split)


def test_planted_duplicates_are_counted(rng):
    train = split("train", rng, 300)
    found = check_leakage({"train": train, "dev": copied(train, split("dev", rng, 100), 30)}, rng)
    overlap = found.overlaps[0]
    assert (overlap.first, overlap.second, overlap.by) == ("train", "dev", "content")
    assert (overlap.n, overlap.rate) == (30, 0.3)
    assert found.found


def test_the_error_without_leaks_is_the_higher_one(rng):
    train = split("train", rng, 1000)
    dev = copied(train, split("dev", rng, 1000, error=0.3), 500)
    clean = check_leakage({"train": train, "dev": dev}, rng).splits[0]
    assert clean.n_leaked == 500
    assert clean.error < 0.2  # half of it is known by heart
    assert clean.clean_error.lo < 0.3 < clean.clean_error.hi
    assert clean.clean_error.value == pytest.approx(dev.loss[500:].mean())


def test_every_pair_of_splits_is_compared(rng):
    tables = {s: split(s, rng, 50) for s in ("train", "train_dev", "dev", "test")}
    found = check_leakage(tables, rng)
    assert [(o.first, o.second) for o in found.overlaps] == [
        ("train", "train_dev"),
        ("train", "dev"),
        ("train", "test"),
        ("train_dev", "dev"),
        ("train_dev", "test"),
        ("dev", "test"),
    ]
    assert not found.found
    assert [s.split for s in found.splits] == ["train_dev", "dev", "test"]


def test_groups_in_two_splits_are_found(rng):
    train = split("train", rng, 100, group_id=[f"p{k // 10}" for k in range(100)])
    dev = split("dev", rng, 50, group_id=[f"p{9 + k // 10}" for k in range(50)])
    found = check_leakage({"train": train, "dev": dev}, rng)
    by_group = next(o for o in found.overlaps if o.by == "group")
    assert (by_group.n, by_group.rate) == (10, 0.2)  # patient p9
    assert found.splits[0].clean_error.n_groups == 4


def test_a_group_is_one_within_its_domain_alone(rng):
    names = {"group_id": [f"block {k // 10}" for k in range(50)]}
    train = split("train", rng, 50, **names, domain=["palace"] * 50)
    dev = split("dev", rng, 50, **names, domain=["palace"] * 10 + ["flower"] * 40)
    found = check_leakage({"train": train, "dev": dev}, rng)
    assert next(o for o in found.overlaps if o.by == "group").n == 10


def test_a_split_that_leaked_whole_has_no_clean_error(rng):
    train = split("train", rng, 40)
    found = check_leakage({"train": train, "dev": copied(train, split("dev", rng, 40), 40)}, rng)
    assert found.splits[0].clean_error is None


def test_a_given_hash_is_believed_over_everything_else(rng):
    def hashed(name, start):
        return split(name, rng, 50, **{"meta.content_hash": [f"h{start + k}" for k in range(50)]})

    found = check_leakage({"train": hashed("train", 0), "dev": hashed("dev", 45)}, rng)
    assert found.content == ("meta.content_hash",)
    assert found.overlaps[0].n == 5


def test_a_hash_outlives_the_check_of_a_table(rng):
    """Rows that look alike by what is known of them, and are not: quantities, with one band."""
    same = {"meta.a": [1.0] * 40, "y": [float(k % 5) for k in range(40)]}
    frames = {
        name: split(name, rng, 40, **same, content_hash=[f"{name}{k}" for k in range(40)])
        for name in ("train", "dev")
    }
    assert check_leakage(frames, rng).content == ("content_hash",)
    assert not check_leakage(frames, rng).found


def test_alike_in_a_few_words_is_no_duplicate(rng):
    def poor(name):
        return validate(split(name, rng, 200).frame.drop(columns="meta.a"), name)

    found = check_leakage({"train": poor("train"), "dev": poor("dev")}, rng)
    assert not found.found
    assert any("content_hash" in lacking for lacking in found.insufficient)


def test_certain_answers_are_no_duplicates(rng):
    # A third of all images are put into a class with probability 1: equal, and not the same.
    def sure(name):
        p = np.where(rng.random(300) < 1 / 3, 1.0, rng.random(300))
        frame = {"example_id": [f"{name}{k}" for k in range(300)], "loss": np.zeros(300)}
        return validate(pd.DataFrame({**frame, "proba_a": p, "proba_b": 1 - p}), name)

    assert not check_leakage({"train": sure("train"), "dev": sure("dev")}, rng).found


def test_equal_probabilities_of_the_same_input_are_found(rng):
    p = rng.random(100)

    def one(name, values):
        ids = [f"{name}{k}" for k in range(len(values))]
        return validate(pd.DataFrame({"example_id": ids, "loss": 0.0, "proba_a": values}), name)

    found = check_leakage(
        {"train": one("train", p), "dev": one("dev", np.r_[p[:7], rng.random(43)])}, rng
    )
    assert found.overlaps[0].n == 7


def test_numbers_are_the_same_whatever_the_file_calls_them(rng):
    train = split("train", rng, 40, **{"meta.a": np.arange(40)})
    dev = split("dev", rng, 40, **{"meta.a": np.arange(40).astype(float)})
    frame = dev.frame.assign(**{"meta.b": train.frame["meta.b"]})
    assert check_leakage({"train": train, "dev": validate(frame, "dev")}, rng).overlaps[0].n == 40


def test_contents_keep_all_their_bits():
    # A float has 53 of the 64: of so many contents some would be rounded together.
    frame = pd.DataFrame({"meta.a": np.arange(1000)})
    keys = leakage._hash(frame, ("meta.a",), {"meta.a"})
    left = leakage._rare(keys, [keys])
    assert any(int(key) % 2 for key in left[left > 2**62])


def test_what_leaks_from_two_splits_is_counted_once_each(rng):
    train, train_dev = split("train", rng, 100), split("train_dev", rng, 100)
    dev = copied(train, split("dev", rng, 100), 10)
    last = ["meta.a", "meta.b"]
    dev.frame.loc[95:, last] = train_dev.frame.loc[95:, last]
    found = check_leakage({"train": train, "train_dev": train_dev, "dev": dev}, rng)
    assert found.splits[-1].n_leaked == 10 + 5


def test_without_columns_to_compare_it_says_what_to_give(rng):
    bare = {
        s: validate(pd.DataFrame({"example_id": [s], "loss": [0.0]}), s) for s in ("train", "dev")
    }
    found = check_leakage(bare, rng)
    assert len(found.insufficient) == 2
    assert not found.overlaps


def test_the_order_of_rows_changes_nothing(rng):
    train = split("train", rng, 300)
    dev = copied(train, split("dev", rng, 100), 30)
    mixed = {"dev": dev.take(rng.permutation(100)), "train": train.take(rng.permutation(300))}
    one = check_leakage({"train": train, "dev": dev}, np.random.default_rng(1)).as_json()
    assert check_leakage(mixed, np.random.default_rng(1)).as_json() == one
    json.dumps(one)
