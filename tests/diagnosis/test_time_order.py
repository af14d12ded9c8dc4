"""Train later than dev is a finding; a split by time has none."""

import numpy as np
import pandas as pd

from foursplit.diagnosis.error_analysis import time_order
from foursplit.diagnosis.prediction_table import validate


def table(split, times):
    n = len(times)
    rows = {"example_id": [f"{split}{i}" for i in range(n)], "loss": np.zeros(n)}
    return validate(pd.DataFrame({**rows, "time": times}), split)


def days(*numbers):
    return pd.Timestamp("2024-01-01") + pd.to_timedelta(list(numbers), "D")


def test_examples_of_train_at_or_after_the_first_of_dev_are_counted():
    tables = {"train": table("train", days(1, 2, 5, 9)), "dev": table("dev", days(5, 6))}
    assert time_order.later_in_train(tables, "dev") == 2  # days 5 and 9
    (found,) = time_order.findings(tables)
    assert found.code == time_order.CODE


def test_a_split_by_time_has_no_finding():
    tables = {"train": table("train", days(1, 2)), "dev": table("dev", days(5, 6))}
    assert time_order.findings(tables) == []


def test_tables_without_times_have_no_finding():
    tables = {s: table(s, days(1, 2)) for s in ("train", "dev")}
    bare = {s: validate(t.frame.drop(columns="time"), s) for s, t in tables.items()}
    assert time_order.later_in_train(bare, "dev") is None
    assert time_order.findings(bare) == []
