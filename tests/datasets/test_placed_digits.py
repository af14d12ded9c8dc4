"""Digits in scenes: each lies where its row says, and its two scenes are one group."""

import numpy as np
import pytest

from foursplit.data.fetch import fetch
from foursplit_courses.datasets import digits_0_to_4, digits_5_to_9, placed_digits
from foursplit_courses.datasets.placed_digits import DIGIT, NOISE, SCENE


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    folder = tmp_path_factory.mktemp("placed") / "raw"
    fetch(placed_digits.SPEC, folder)
    return folder


@pytest.fixture(scope="module")
def scenes(raw):
    return placed_digits.read(raw)


def test_all_ink_lies_where_the_row_says(scenes):
    rows = scenes.metadata
    for number in range(0, len(scenes), 41):
        scene = scenes.x[number, 0].copy()
        top, left = rows.loc[number, ["top", "left"]].astype(int)
        assert scene[top : top + DIGIT, left : left + DIGIT].max() > 0.5
        scene[top : top + DIGIT, left : left + DIGIT] = 0
        assert scene.max() < 6 * NOISE


def test_both_scenes_of_a_digit_are_one_group_and_show_the_same_ink(scenes):
    rows = scenes.metadata
    assert (rows.groupby("original").size() == placed_digits.SCENES_PER_DIGIT).all()
    assert (rows.groupby("original")["digit"].nunique() == 1).all()
    first, second = (
        scenes.x[n, 0, t : t + DIGIT, s : s + DIGIT]
        for n, t, s in rows.loc[[0, 1], ["top", "left"]].astype(int).itertuples()
    )
    np.testing.assert_allclose(first, second, atol=6 * NOISE)
    assert placed_digits.SPEC.group == "original"


def test_every_place_is_drawn_about_equally_often(scenes):
    n_places = SCENE - DIGIT + 1
    for axis in ("top", "left"):
        counts = np.bincount(scenes.metadata[axis], minlength=n_places)
        expected = len(scenes) / n_places
        chi_squared = ((counts - expected) ** 2 / expected).sum()
        assert chi_squared < 32.9  # the 99.9% quantile at 12 degrees of freedom


def test_the_two_halves_of_the_digits_are_the_whole(raw):
    table = np.loadtxt(raw / "digits.csv.gz", delimiter=",", dtype=np.float32)
    low, high = digits_0_to_4.read(raw), digits_5_to_9.read(raw)
    for half, digits in ((low, "01234"), (high, "56789")):
        chosen = np.isin(table[:, -1], [int(digit) for digit in digits])
        np.testing.assert_array_equal(half.x[:, 0].reshape(-1, 64), table[chosen, :-1] / 16)
        assert set(half.metadata["digit"]) == set(digits)
    assert len(low) + len(high) == len(table)
