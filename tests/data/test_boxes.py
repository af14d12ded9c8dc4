"""Boxes: overlaps worked by hand, a grid that comes back, and what counts as right."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foursplit.data import boxes as box


def boxes(*rows):
    return np.array(rows, dtype=np.float64)


@pytest.mark.parametrize(
    ("a", "b", "overlap"),
    [
        ((0, 0, 4, 4, 1), (0, 0, 4, 4, 1), 1.0),
        ((0, 0, 4, 4, 1), (2, 0, 6, 4, 1), 8 / 24),
        ((0, 0, 4, 4, 1), (4, 0, 8, 4, 1), 0.0),  # side by side
        ((2, 1, 4, 3, 1), (1, 2, 3, 4, 1), 1 / 7),  # the course's own example
        ((1, 1, 1, 1, 1), (1, 1, 1, 1, 1), 0.0),  # without an area
    ],
)
def test_overlaps_are_those_by_hand(a, b, overlap):
    assert box.intersection_over_union(boxes(a), boxes(b))[0, 0] == pytest.approx(overlap)


def test_of_overlapping_boxes_of_a_class_the_best_is_kept():
    found = boxes(
        (0, 0, 4, 4, 1, 0.6), (0, 0, 4, 5, 1, 0.9), (0, 0, 4, 4, 2, 0.5), (9, 9, 12, 12, 1, 0.7)
    )
    assert box.non_max_suppression(found)[:, 5].tolist() == [0.9, 0.7, 0.5]


def test_each_true_box_is_found_once():
    true = boxes((0, 0, 4, 4, 1), (8, 8, 12, 12, 2))
    twice = boxes((0, 0, 4, 4, 1, 0.9), (0, 0, 4, 4, 1, 0.8))
    assert box.count_right(twice, true) == 1
    assert box.f1(twice, true) == pytest.approx(2 * 1 / 4)
    wrong_class = boxes((0, 0, 4, 4, 2, 0.9))
    assert box.f1(wrong_class, true) == 0
    assert box.f1(np.zeros((0, 6)), np.zeros((0, 5))) == 1
    assert box.f1(twice, np.zeros((0, 5))) == 0


CELL = st.tuples(
    st.integers(0, 3), st.integers(0, 3), st.floats(0.05, 0.95), st.floats(0.05, 0.95),
    st.floats(2, 9), st.floats(2, 9), st.integers(0, 2),
)  # fmt: skip


@given(st.lists(CELL, min_size=1, max_size=5, unique_by=lambda cell: cell[:2]))
def test_a_grid_gives_back_the_boxes_it_was_made_of(cells):
    true = np.array(
        [
            (4 * (c + x) - w / 2, 4 * (r + y) - h / 2, 4 * (c + x) + w / 2, 4 * (r + y) + h / 2, k)
            for r, c, x, y, w, h, k in cells
        ]
    )
    grid = box.encode_grid(true, 4, 4, stride=4)
    outputs = np.zeros((4, 4, 5 + 3))
    outputs[..., 0] = np.where(grid[..., 0] > 0, 9.0, -9.0)
    middle = grid[..., 1:3].clip(1e-6, 1 - 1e-6)
    outputs[..., 1:3] = np.log(middle / (1 - middle))
    outputs[..., 3:5] = grid[..., 3:5]
    outputs[..., 5:] = 9 * np.eye(3)[grid[..., 5].astype(int)]
    back = box.decode_grid(outputs, stride=4)
    assert len(back) == len(true)
    assert box.count_right(back, true, min_iou=0.99) == len(true)


PIXELS = st.tuples(*(st.integers(0, 8) for _ in range(4))).map(
    lambda c: (min(c[0], c[1]), min(c[2], c[3]), max(c[0], c[1]), max(c[2], c[3]))
)


def pixels(left, top, right, bottom):
    return {(row, column) for row in range(top, bottom) for column in range(left, right)}


@given(st.lists(PIXELS, min_size=1, max_size=4), st.lists(PIXELS, min_size=1, max_size=4))
def test_overlaps_are_those_of_counted_pixels(a, b):
    overlaps = box.intersection_over_union(np.array(a, float), np.array(b, float))
    for (i, one), (j, other) in product(enumerate(a), enumerate(b)):
        shared, union = pixels(*one) & pixels(*other), pixels(*one) | pixels(*other)
        assert overlaps[i, j] == pytest.approx(len(shared) / max(len(union), 1))


SCORED = st.tuples(PIXELS, st.integers(0, 1), st.integers(0, 1000))
"""A box of pixels, its class, and its score in thousandths."""


@given(st.lists(SCORED, max_size=8, unique_by=lambda row: row[2]), st.sampled_from([0.3, 0.5, 0.7]))
def test_suppression_is_that_of_taking_the_best_and_removing_what_overlaps_it(rows, limit):
    left, expected = sorted(rows, key=lambda row: -row[2]), []
    while left:
        best, *left = left
        expected.append(best)

        def stays(row, best=best):
            shared, union = (
                f(pixels(*row[0]), pixels(*best[0])) for f in (set.__and__, set.__or__)
            )
            return row[1] != best[1] or len(shared) <= limit * len(union) or not shared

        left = [row for row in left if stays(row)]
    found = box.non_max_suppression(
        np.array([(*c, label, score) for c, label, score in rows], float).reshape(-1, 6), limit
    )
    assert found[:, 5].tolist() == [row[2] for row in expected]
