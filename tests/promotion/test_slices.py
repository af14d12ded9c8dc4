"""Which slices are judged, and how many looks are paid for: statsmodels, and cases by hand."""

import numpy as np
from tests.promotion.drawn import table

from foursplit.promotion.slices import masks


def test_each_value_of_y_and_meta_with_enough_examples_is_a_slice_once():
    y = np.repeat(["cat", "dog", "owl"], [30, 25, 5])
    names = {"y_hat": y, "meta.kind": y, "meta.place": np.tile(["in", "out"], 30)}
    made = table(np.zeros(60), y=y, **names, **{"meta.content_hash": [f"h{i}" for i in range(60)]})
    found = {name: int(inside.sum()) for name, inside in masks(made, 20)}
    assert found == {"y = cat": 30, "y = dog": 25, "meta.place = in": 30, "meta.place = out": 30}


def test_of_quantities_there_are_quarters_in_meta_and_no_classes():
    rng = np.random.default_rng(1)
    y = rng.normal(size=100)
    made = table(np.zeros(100), y=y, y_hat=y, **{"meta.age": rng.normal(size=100)})
    found = list(masks(made, 20))
    assert len(found) == 4
    assert all(name.startswith("meta.age = ") for name, _ in found)
    assert sum(inside.astype(int) for _, inside in found).tolist() == [1] * 100


def test_a_column_of_one_value_is_no_slice():
    assert list(masks(table(np.zeros(50), **{"meta.same": ["a"] * 50}), 20)) == []
