"""Slices and the Holm correction: statsmodels, and cases by hand."""

import numpy as np
from tests.promotion.drawn import table

from foursplit.promotion.slices import slice_masks


def test_each_value_of_y_and_meta_with_enough_examples_is_a_slice_once():
    y = np.repeat(["cat", "dog", "owl"], [30, 25, 5])
    names = {"y_hat": y, "meta.kind": y, "meta.place": np.tile(["in", "out"], 30)}
    prediction_table = table(
        np.zeros(60), y=y, **names, **{"meta.content_hash": [f"h{i}" for i in range(60)]}
    )
    result = {name: int(mask.sum()) for name, mask in slice_masks(prediction_table, 20)}
    assert result == {"y = cat": 30, "y = dog": 25, "meta.place = in": 30, "meta.place = out": 30}


def test_of_quantities_there_are_quarters_in_meta_and_no_classes():
    rng = np.random.default_rng(1)
    y = rng.normal(size=100)
    prediction_table = table(np.zeros(100), y=y, y_hat=y, **{"meta.age": rng.normal(size=100)})
    result = list(slice_masks(prediction_table, 20))
    assert len(result) == 4
    assert all(name.startswith("meta.age = ") for name, _ in result)
    assert sum(mask.astype(int) for _, mask in result).tolist() == [1] * 100


def test_a_column_of_one_value_is_no_slice():
    assert list(slice_masks(table(np.zeros(50), **{"meta.same": ["a"] * 50}), 20)) == []
