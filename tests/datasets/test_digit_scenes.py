"""Scenes of digits: boxes hold the ink, no two meet, and no digit is in two splits."""

import numpy as np
import pytest

from foursplit.data.boxes import intersection_over_union
from foursplit.data.fetch import fetch
from foursplit_courses.datasets import digit_scenes


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    raw = tmp_path_factory.mktemp("scenes") / "raw"
    fetch(digit_scenes.SPEC, raw)
    return digit_scenes.read(raw)


def test_all_ink_lies_in_a_box_and_no_two_boxes_meet(scenes):
    paper = 255 * 6 * digit_scenes.NOISE
    for number in range(0, len(scenes), 37):
        boxes, scene = scenes.further["boxes"].row(number), scenes.x[number, 0].astype(float)
        for left, top, right, bottom, _ in boxes.astype(int).tolist():
            scene[top:bottom, left:right] = 0
        assert scene.max() <= paper
        overlaps = intersection_over_union(boxes, boxes)
        assert (overlaps[~np.eye(len(boxes), dtype=bool)] == 0).all()


def test_the_pools_share_no_digit(scenes):
    """Were a digit in two pools, it could be in train and in test: a group is a pool."""
    assert scenes.metadata["pool"].nunique() == digit_scenes.N_POOLS
    assert set(scenes.metadata["n_digits"]) == {1, 2, 3, 4}
