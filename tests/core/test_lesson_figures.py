"""Figures are written as plain JSON: rounded to what can be seen, and a gap is null."""

import json

import numpy as np
import pytest

from foursplit.core.lesson_figures import Lesson, Lines, Picture, Section, Series, Slider, pixels


def written(figure):
    lesson = Lesson(title="t", lead="l", sections=(Section(heading="h", figures=(figure,)),))
    return json.loads(json.dumps(lesson.as_json(), allow_nan=False))["sections"][0]["figures"][0]


def lines(x, y, **changes):
    series = (Series(name="n", x=x, y=y),)
    return Lines(title="t", x_label="x", y_label="y", series=series, **changes)


def test_arrays_and_lists_are_written_alike_and_rounded():
    x = np.array([0.12345678, 1e-20, 3.0])
    found = written(lines(x, x.tolist()))["series"][0]
    assert found["x"] == found["y"] == [0.123457, 1e-20, 3.0]


def test_what_is_no_number_is_a_gap():
    found = written(lines([1, 2, 3], [np.nan, np.inf, 1.5]))["series"][0]
    assert (found["x"], found["y"]) == ([1, 2, 3], [None, None, 1.5])


def test_every_block_says_its_kind():
    slider = Slider(title="t", label="l", values=("1",), figures=(lines([1], [1]),))
    found = written(slider)
    assert (found["kind"], found["figures"][0]["kind"]) == ("slider", "lines")


def test_a_picture_comes_back_byte_by_byte(rng):
    drawn = rng.integers(0, 256, size=(3, 5, 3), dtype=np.uint8)
    np.testing.assert_array_equal(pixels(written(Picture(title="t", pixels=drawn))), drawn)


def test_a_slider_needs_a_figure_for_each_value():
    with pytest.raises(AssertionError):
        Slider(title="t", label="l", values=("1", "2"), figures=(lines([1], [1]),))
