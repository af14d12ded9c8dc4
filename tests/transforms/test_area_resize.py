"""Pictures come down to a coarser grid, each by itself, and keep their mean."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foursplit.core.errors import FoursplitError
from foursplit_courses.transforms.area_resize import area_resize


def pictures(seed, n=3):
    return np.random.default_rng(seed).random((n, 28, 28)).astype(np.float32)


@given(st.integers(0, 2**32))
def test_areas_agree_with_a_slow_plain_version(seed):
    made = pictures(seed)
    # 448 is a multiple of both sides: each old pixel is 16 fine ones, each new pixel averages 28.
    fine = made.repeat(16, axis=1).repeat(16, axis=2).astype(np.float64)
    slow = fine.reshape(3, 16, 28, 16, 28).mean(axis=(2, 4))
    np.testing.assert_allclose(area_resize(made, 16), slow, atol=1e-6)


@given(st.integers(0, 2**32))
def test_ink_is_kept_and_nothing_leaves_the_range(seed):
    small = area_resize(pictures(seed), 16)
    np.testing.assert_allclose(small.mean(axis=(1, 2)), pictures(seed).mean(axis=(1, 2)), atol=1e-5)
    assert small.min() >= 0
    assert small.max() <= 1 + 1e-6


@given(st.integers(0, 2**32))
def test_no_picture_depends_on_another(seed):
    made = pictures(seed)
    np.testing.assert_allclose(area_resize(made, 16)[1], area_resize(made[1:2], 16)[0], atol=1e-7)


@given(st.integers(0, 2**32), st.integers(1, 28))
def test_colours_are_averaged_each_by_itself(seed, side):
    made = np.random.default_rng(seed).random((2, 28, 28, 3)).astype(np.float32)
    small = area_resize(made, side)
    for colour in range(3):
        np.testing.assert_allclose(
            small[..., colour], area_resize(made[..., colour], side), atol=1e-6
        )


def test_blocks_of_whole_pixels_are_their_means():
    made = np.arange(16, dtype=np.float32).reshape(1, 4, 4)
    # The corners of 2 by 2: (0 + 1 + 4 + 5) / 4 and so on.
    np.testing.assert_allclose(area_resize(made, 2)[0], [[2.5, 4.5], [10.5, 12.5]])


@pytest.mark.parametrize(("axes", "side"), [((2, 8, 9), 4), ((2, 8, 8), 9), ((2, 8, 8), 0)])
def test_what_cannot_be_shrunk_is_refused(axes, side):
    with pytest.raises(FoursplitError, match="area_resize"):
        area_resize(np.zeros(axes, np.float32), side)
