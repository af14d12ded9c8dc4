"""The drawn tastes: what was known, who is new, and the error that nobody gets below."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from foursplit.config.load import load
from foursplit.data import to_examples
from foursplit.data.infer_data_spec import infer_data_spec
from foursplit.data.run_expectations import failure_messages, run_expectations
from foursplit.data.split_examples import split_examples
from foursplit_courses.datasets import film_tastes
from foursplit_courses.datasets.film_tastes import PRIOR_COUNT, SPEC
from foursplit_courses.models import als_matrix_factorization as als

PARAMS = load(Path(__file__).parent.parent.parent / "params.yaml")


@cache
def frame():
    return film_tastes.read(Path("nothing is read"))


@cache
def splits():
    examples = to_examples.to_examples(frame(), SPEC)
    dealt, aside = split_examples(examples, SPEC, PARAMS.dataset("film_tastes").split)
    assert not aside.any()  # each pair of user and film is rated once
    return {name: examples.take(dealt == name) for name in ("train", "train_dev", "dev", "test")}


def test_the_data_is_what_its_source_expects_and_the_same_each_time():
    assert failure_messages(run_expectations(frame(), film_tastes.suite(), "film_tastes")) == []
    pd.testing.assert_frame_equal(film_tastes.read(Path("elsewhere")), frame())


def test_whoever_knows_the_tastes_errs_as_the_reference_says():
    table, train = frame(), splits()["train"]
    late = table["domain"] == "fourth year"
    spread = infer_data_spec(train, film_tastes.SPEC).target_iqr
    floor = np.abs(table["meant"] - table["rating"])[late].mean() / spread
    assert floor == pytest.approx(SPEC.reference.error, abs=0.01)


def test_users_are_on_both_sides_of_train_dev_and_on_one_of_test():
    # Parted by user, train-dev would hold strangers alone, and tell nothing of what was learnt.
    users = {name: set(split.x[:, 0].tolist()) for name, split in splits().items()}
    assert len(users["train_dev"] - users["train"]) < 0.05 * len(users["train_dev"])
    assert not users["dev"] & users["test"]
    strangers = users["dev"] - users["train"]
    assert len(strangers) > 20
    rows = splits()["dev"]
    new = np.isin(rows.x[:, 0], [*strangers])
    # `none` counts train and train-dev together: all of those are strangers to train.
    assert new[rows.metadata["meta.user_learnt"] == "none"].all()


def test_what_was_known_is_that_of_a_slow_plain_version():
    table = frame()
    for row in range(0, len(table), 400):
        one = table.loc[row]
        mine = (table["user"] == one["user"]) & (table["day"] < one["day"])
        its = (table["film"] == one["film"]) & (table["day"] < one["day"])
        rating = table["rating"]
        total = rating[mine].sum() + PRIOR_COUNT * film_tastes.PRIOR_MEAN
        assert one["user_mean"] == pytest.approx(total / (mine.sum() + PRIOR_COUNT))
        assert one["log_film_count"] == pytest.approx(np.log1p(its.sum()))
        of_genre = mine & (table["is_drama"] == 1)
        liking = (rating[of_genre] - one["user_mean"]).sum() / (of_genre.sum() + PRIOR_COUNT)
        assert one["likes_drama"] == pytest.approx(liking)


def test_features_learn_what_biases_cannot_and_help_no_stranger():
    data = splits()
    shape = infer_data_spec(data["train"], film_tastes.SPEC)
    made = {
        rank: als.build(als.Args(rank=rank, l2=3.0), shape, 1).fit(data["train"].x, data["train"].y)
        for rank in (0, 8)
    }

    def error(rank, split, chosen=None):
        rows = data[split] if chosen is None else data[split].take(chosen)
        return np.abs(made[rank].predict(rows.x) - rows.y).mean()

    assert error(8, "train_dev") < 0.8 * error(0, "train_dev")
    strangers = ~np.isin(data["dev"].x[:, 0], data["train"].x[:, 0])
    assert error(8, "dev", strangers) > 0.95 * error(0, "dev", strangers)
    assert error(8, "dev", ~strangers) < 0.95 * error(0, "dev", ~strangers)
