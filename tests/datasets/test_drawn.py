"""Data sets drawn from a seed: the rule behind them, equal rows each time, and the least error."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import multivariate_normal
from sklearn.datasets import load_digits

from foursplit.core.seeds import generator
from foursplit.data.fetch import fetch
from foursplit_courses.datasets import coffee, six_blobs, zeros_ones


@pytest.mark.parametrize("dataset", [coffee, six_blobs])
def test_a_drawn_table_is_the_same_each_time(dataset):
    first, again = dataset.read(Path("nowhere")), dataset.read(Path("nowhere"))
    assert first.equals(again)
    assert set(dataset.SPEC.slices) <= set(first.columns)


@pytest.mark.parametrize(
    ("temperature", "duration", "good"),
    [
        (200, 13, True),
        (174, 13, False),  # not hot enough
        (200, 11.9, False),  # not long enough
        (217.5, 13.4, True),  # half-way between the corners the limit is 13.5 minutes
        (217.5, 13.6, False),
        (261, 12, False),  # beyond the hot corner nothing is left
    ],
)
def test_good_roasts_lie_inside_the_triangle(temperature, duration, good):
    assert coffee.is_good_roast(np.array([temperature]), np.array([duration]))[0] == good


@given(st.floats(150, 285), st.floats(11.5, 15.5))
def test_a_good_roast_stays_good_when_it_is_a_little_nearer_to_the_middle(temperature, duration):
    # The triangle is convex, so the way to a point inside leaves it nowhere.
    inside = (195.0, 12.8)
    half = (temperature + inside[0]) / 2, (duration + inside[1]) / 2
    if coffee.is_good_roast(np.array([temperature]), np.array([duration]))[0]:
        assert coffee.is_good_roast(np.array([half[0]]), np.array([half[1]]))[0]


def test_the_labels_are_the_rules():
    frame = coffee.read(Path("nowhere"))
    truth = coffee.is_good_roast(frame["temperature"].to_numpy(), frame["duration"].to_numpy())
    np.testing.assert_array_equal(frame["roast"], truth)


def test_the_nearest_centre_is_the_likeliest_blob():
    points, _ = six_blobs.sample(600, generator("test blobs"))
    spread = np.eye(2) * six_blobs.STD**2
    density = np.array([multivariate_normal(c, spread).pdf(points) for c in six_blobs.CENTERS])
    np.testing.assert_array_equal(six_blobs.nearest_blob(points), density.argmax(axis=0))


def test_the_least_error_is_the_one_that_the_dataset_declares():
    points, blob = six_blobs.sample(600_000, generator("test blobs: least error"))
    wrong = six_blobs.nearest_blob(points) != blob
    # Four deviations of the mean of 600,000 draws.
    slack = 4 * (wrong.std() / len(wrong) ** 0.5) + 0.0001
    assert wrong.mean() == pytest.approx(six_blobs.SPEC.reference.error, abs=slack)


def test_zeros_and_ones_are_scikit_learns(tmp_path):
    fetch(zeros_ones.SPEC, tmp_path / "raw")
    read = zeros_ones.read(tmp_path / "raw")
    loaded = load_digits()
    chosen = loaded.target < 2
    np.testing.assert_array_equal(read.x[:, 0], loaded.images[chosen].astype(np.float32) / 16)
    np.testing.assert_array_equal(read.metadata["digit"], loaded.target[chosen])
