"""The pictures of a run say what its numbers say."""

import io

import numpy as np
import pandas as pd
import pytest

from foursplit.tracking.runs import run_pictures

GAPS = {"avoidable_bias": -0.02, "variance": 0.06, "mismatch": 0.16, "dev_overfit": -0.03}
SUMMARY = {
    "human": {"error": 0.02},
    "splits": {
        split: {"value": value}
        for split, value in (("train", 0.0), ("train_dev", 0.06), ("dev", 0.22), ("test", 0.19))
    },
    "ledger": [{"gap": gap, "value": value, "status": "secondary"} for gap, value in GAPS.items()],
    "verdict": {"sentence": "Work on data mismatch (+16.0%). And more."},
}


def bars(figure):
    return [(bar.get_y(), bar.get_y() + bar.get_height()) for bar in figure.axes[0].patches]


def test_each_gap_joins_the_levels_on_both_sides():
    found = bars(run_pictures.plot_ledger(SUMMARY))
    assert len(found) == 9  # five levels, four gaps between them
    for place in (1, 3, 5, 7):
        (_, before), gap, (_, after) = found[place - 1 : place + 2]
        assert gap == pytest.approx((before, after))


def test_without_a_human_level_the_ledger_starts_at_train():
    summary = {**SUMMARY, "human": None, "ledger": SUMMARY["ledger"][1:3]}
    summary["splits"] = {k: v for k, v in SUMMARY["splits"].items() if k != "test"}
    figure = run_pictures.plot_ledger(summary)
    names = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert names == ["train", "variance", "train-dev", "data\nmismatch", "dev"]


def test_a_ledger_of_zeros_can_be_drawn():
    zero = {split: {"value": 0.0} for split in ("train", "dev")}
    gap = {"gap": "variance_or_mismatch", "value": 0.0, "status": "immaterial"}
    summary = {**SUMMARY, "human": None, "splits": zero, "ledger": [gap]}
    run_pictures.plot_ledger(summary).savefig(io.BytesIO())


def test_every_class_has_its_row_even_one_that_dev_lacks():
    table = pd.DataFrame({"y": ["a", "a", "b"], "y_hat": ["a", "c", "b"]})
    counted = run_pictures.confusion_counts(table, ["a", "b", "c"])
    np.testing.assert_array_equal(counted, [[1, 0, 1], [0, 1, 0], [0, 0, 0]])
    figure = run_pictures.plot_confusion(counted)
    assert figure.axes[0].get_title() == "dev: 1 of 3 wrong"
    assert len(figure.axes[0].texts) == 3  # no zeros


def test_every_example_has_its_residual():
    table = pd.DataFrame({"y": [1.0, 2.0, 3.0], "y_hat": [1.5, 2.0, 9.0]})
    table["is_error"] = [False, False, True]
    near, wrong = run_pictures.plot_residuals(table).axes[0].collections
    assert near.get_offsets().tolist() == [[1.5, 0.5], [2.0, 0.0]]
    assert wrong.get_offsets().tolist() == [[9.0, 6.0]]
