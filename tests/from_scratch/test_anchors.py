"""Anchors: what they add to a grid, boxes that come back, and clusters of known shapes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foursplit.data import boxes as box
from foursplit_courses.from_scratch import anchors as ours

ANCHORS = np.array([[3.0, 9.0], [9.0, 3.0]])  # tall, wide
SIZE = st.floats(0.5, 40)


def centred(sizes):
    return np.column_stack([-sizes / 2, sizes / 2, np.zeros(len(sizes))])


@given(st.lists(st.tuples(SIZE, SIZE), min_size=1, max_size=6))
def test_overlaps_of_shapes_are_those_of_boxes_with_a_common_middle(sizes):
    sizes = np.array(sizes)
    expected = box.intersection_over_union(centred(sizes), centred(ANCHORS))
    np.testing.assert_allclose(ours.shape_overlaps(sizes, ANCHORS), expected, rtol=1e-9)


def outputs_for(targets, n_classes):
    """Return outputs that say what targets say."""
    outputs = np.zeros((*targets.shape[:3], 5 + n_classes))
    outputs[..., 0] = np.where(targets[..., 0] > 0, 20.0, -20.0)
    middle = targets[..., 1:3].astype(np.float64).clip(1e-7, 1 - 1e-7)
    outputs[..., 1:3] = np.log(middle / (1 - middle))
    outputs[..., 3:5] = targets[..., 3:5]
    outputs[..., 5:] = 30 * np.eye(n_classes)[targets[..., 5].astype(int)]
    return outputs


OBJECT = st.tuples(
    st.integers(0, 2), st.integers(0, 3), st.floats(0.05, 0.95), st.floats(0.05, 0.95),
    SIZE, SIZE, st.integers(0, 2),
)  # fmt: skip


@given(
    st.lists(OBJECT, max_size=6).filter(
        lambda objects: all(
            sum(o[:2] == other[:2] for other in objects) <= len(ANCHORS) for o in objects
        )
    )
)
def test_boxes_come_back_from_what_cells_and_anchors_must_answer(objects):
    true = np.array(
        [
            (8 * (c + x) - w / 2, 8 * (r + y) - h / 2, 8 * (c + x) + w / 2, 8 * (r + y) + h / 2, k)
            for r, c, x, y, w, h, k in objects
        ]
    ).reshape(-1, 5)
    targets = ours.encode_anchors(true, 3, 4, 8, ANCHORS)
    assert targets[..., 0].sum() == len(true)
    decoded = ours.decode_anchors(outputs_for(targets, 3), 8, ANCHORS)
    back = decoded[decoded[:, 5] >= 0.6][:, :5]
    order = [np.lexsort(np.round(rows, 3).T) for rows in (back, true)]
    np.testing.assert_allclose(back[order[0]], true[order[1]], atol=1e-3)


def test_two_objects_in_one_cell_are_one_without_anchors_and_two_with():
    tall, wide = (6.5, 3.5, 9.5, 12.5, 0), (3.5, 6.5, 12.5, 9.5, 1)  # middles at (8, 8)
    both = np.array([tall, wide])
    assert box.encode_grid(both, 4, 4, 4)[..., 0].sum() == 1
    targets = ours.encode_anchors(both, 4, 4, 4, ANCHORS)
    np.testing.assert_array_equal(targets[2, 2, :, [0, 5]], [[1, 1], [0, 1]])
    np.testing.assert_allclose(targets[2, 2, :, 3:5], 0, atol=1e-7)  # each is its anchor
    with pytest.raises(ValueError, match=r"cell \(2, 2\) has more than 2"):
        ours.encode_anchors(np.array([tall, wide, tall]), 4, 4, 4, ANCHORS)


def test_the_score_is_the_probability_of_an_object_times_that_of_its_class():
    # sigmoid(0) = 1/2; logits log 3 and 0 give 3/4 and 1/4.
    output = np.array([0, 0, 0, 0, 0, np.log(3), 0]).reshape(1, 1, 1, 7)
    (found,) = ours.decode_anchors(output, 8, np.array([[4.0, 2.0]]))
    np.testing.assert_allclose(found, [2, 3, 6, 5, 0, 3 / 8])


def test_shapes_drawn_around_three_are_found_again():
    rng = np.random.default_rng(7)
    true = np.array([[4.0, 4.0], [6.0, 20.0], [40.0, 15.0]])
    sizes = np.concatenate([shape * rng.uniform(0.85, 1.15, (60, 2)) for shape in true])
    found = ours.cluster_anchors(sizes, 3, rng)
    np.testing.assert_allclose(found, true, rtol=0.06)
    two = ours.cluster_anchors(sizes, 2, rng)
    assert ours.mean_overlap(sizes, two) < ours.mean_overlap(sizes, found)


@given(
    st.lists(st.tuples(SIZE, SIZE), min_size=2, max_size=12, unique=True), st.integers(0, 2**32 - 1)
)
def test_clusters_overlap_at_least_as_much_as_their_mean_and_all_of_them_fully(sizes, seed):
    sizes = np.array(sizes)
    every = ours.cluster_anchors(sizes, len(sizes), np.random.default_rng(seed))
    assert ours.mean_overlap(sizes, every) == pytest.approx(1)
    one = ours.cluster_anchors(sizes, 1, np.random.default_rng(seed))
    assert (
        ours.mean_overlap(sizes, one) >= ours.mean_overlap(sizes, sizes.mean(axis=0)[None]) - 1e-12
    )


@pytest.mark.parametrize(
    ("sizes", "n", "message"),
    [
        ([[1.0, 2.0], [1.0, 2.0]], 2, "n_anchors: 2 must be from 1 to 1"),
        ([[1.0, 2.0]], 0, "n_anchors: 0"),
        ([[0.0, 2.0]], 1, "sizes: 0.0"),
    ],
)
def test_clusters_that_cannot_be_are_refused(sizes, n, message):
    with pytest.raises(ValueError, match=message):
        ours.cluster_anchors(np.array(sizes), n, np.random.default_rng(1))


def test_the_filter_keeps_likely_boxes_of_each_place_and_no_more_than_asked_for():
    places = np.arange(20) * 10.0
    boxes = np.column_stack(
        [places, places, places + 5, places + 5, np.zeros(20), np.linspace(0.3, 0.99, 20)]
    )
    twice = np.concatenate([boxes, boxes - [0.5, 0, 0.5, 0, 0, 0.01]])
    found = ours.filter_boxes(twice)
    np.testing.assert_array_equal(found, boxes[::-1][:10])
    assert (ours.filter_boxes(twice, max_boxes=99)[:, 5] >= 0.6).all()
