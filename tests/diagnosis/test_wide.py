"""Thousands of columns: as many are searched as time allows, and it is said which."""

import time

import numpy as np
import pandas as pd
import pytest

from foursplit.diagnosis import prediction_table, read_prediction_tables
from foursplit.diagnosis.diagnose import diagnose_as_json
from foursplit.diagnosis.error_analysis import annotation_sheet
from foursplit.diagnosis.prediction_table import META, MOST_SEARCHED, Model
from foursplit.diagnosis.settings import Settings
from foursplit.io.progress import report_elapsed


def wide(split, n_columns, n=200, constant=0):
    rng = np.random.default_rng(len(split))
    meta = rng.integers(0, 4, (n, n_columns))
    meta[:, :constant] = 1
    names = [f"{META}c{k:04d}" for k in range(n_columns)]
    known = pd.DataFrame(
        {
            "example_id": [f"{split}{k}" for k in range(n)],
            "loss": (rng.random(n) < 0.3) * 1.0,
        }
    )
    return pd.concat([known, pd.DataFrame(meta, columns=names)], axis=1)


def test_the_first_columns_that_part_the_examples_are_searched_and_named():
    made = {s: prediction_table.validate(wide(s, 300, constant=7), s) for s in ("train", "dev")}
    assert made["dev"].searched == [f"{META}c{k:04d}" for k in range(7, 7 + MOST_SEARCHED)]
    assert len(made["dev"].meta) == 300
    told = diagnose_as_json([Model(tables=made)], Settings(n_resamples=50))
    (said,) = [f["title"] for f in told["findings"] if f["code"] == "ST013"]
    assert "300 columns" in said
    assert f"{META}c0007" in said
    drawn = annotation_sheet.sheet(made["dev"], np.random.default_rng(1))
    assert sum(name.startswith(META) for name in drawn) == MOST_SEARCHED


def test_as_many_columns_as_fit_are_all_searched():
    dev = prediction_table.validate(wide("dev", MOST_SEARCHED, constant=3), "dev")
    assert dev.searched == dev.meta
    told = diagnose_as_json([Model(tables={"dev": dev})], Settings(n_resamples=50))
    assert not [f for f in told["findings"] if f["code"] == "ST013"]


@pytest.mark.slow
def test_three_thousand_columns_take_seconds(tmp_path):
    for split in ("train", "dev"):
        wide(split, 3000, n=2000).to_csv(tmp_path / f"{split}.csv", index=False)
    began = time.process_time()  # the machine may have other work
    diagnose_as_json(read_prediction_tables.read_folder(tmp_path), Settings())
    assert time.process_time() - began < 20


def test_long_work_says_that_it_goes_on(capsys):
    with report_elapsed("counting", interval_s=0.01):
        time.sleep(0.1)
    assert "counting" in capsys.readouterr().err
    with report_elapsed("counting"):
        pass
    assert capsys.readouterr().err == ""
