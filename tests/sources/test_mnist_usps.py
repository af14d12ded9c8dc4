"""MNIST's pictures come down to USPS's size, each by itself, and keep their ink."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from foursplit.sources.mnist_usps import shrink


def pictures(seed, n=3):
    return np.random.default_rng(seed).random((n, 28, 28)).astype(np.float32)


@given(st.integers(0, 2**32))
def test_areas_agree_with_a_slow_plain_version(seed):
    made = pictures(seed)
    # 448 is a multiple of both sides: each old pixel is 16 fine ones, each new pixel averages 28.
    fine = made.repeat(16, axis=1).repeat(16, axis=2).astype(np.float64)
    slow = fine.reshape(3, 16, 28, 16, 28).mean(axis=(2, 4))
    np.testing.assert_allclose(shrink(made), slow, atol=1e-6)


@given(st.integers(0, 2**32))
def test_ink_is_kept_and_nothing_leaves_the_range(seed):
    small = shrink(pictures(seed))
    np.testing.assert_allclose(small.mean(axis=(1, 2)), pictures(seed).mean(axis=(1, 2)), atol=1e-5)
    assert small.min() >= 0
    assert small.max() <= 1 + 1e-6


@given(st.integers(0, 2**32))
def test_no_picture_depends_on_another(seed):
    made = pictures(seed)
    np.testing.assert_allclose(shrink(made)[1], shrink(made[1:2])[0], atol=1e-7)
