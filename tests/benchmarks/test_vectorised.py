"""The loops of the benchmark compute what the products do, or there is nothing to compare."""

import numpy as np
import pytest

from benchmarks import vectorised
from foursplit_courses.from_scratch import linear
from foursplit_courses.from_scratch.gradient_descent import Parameters


def test_the_loops_give_what_first_principles_give(rng):
    x, y, w = rng.normal(size=(20, 4)), rng.normal(size=20), rng.normal(size=4)
    assert vectorised.dot(y, y) == pytest.approx(y @ y, rel=1e-12)
    slope = linear.gradient(x, y, Parameters(w, 0.0)).w
    np.testing.assert_allclose(vectorised.gradient(x, y, w), slope, rtol=1e-10)


def test_a_race_between_different_answers_is_refused():
    with pytest.raises(AssertionError):
        vectorised.race("apart", lambda: 1.0, lambda: 1.1)


def test_a_race_measures_both_and_their_ratio(monkeypatch):
    monkeypatch.setattr(vectorised, "REPEATS", 1)
    numbers = np.ones(5000)
    row = vectorised.race("sum", lambda: vectorised.dot(numbers, numbers), lambda: numbers.sum())
    assert row["ratio"] == row["loop_s"] / row["product_s"] > 1
