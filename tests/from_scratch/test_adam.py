"""Adam's steps are PyTorch's, and its first step is as long as the rate whatever the gradient."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from foursplit_courses.from_scratch import adam


def test_thirty_steps_are_those_of_pytorch(rng):
    values = [rng.normal(size=(3, 2)), rng.normal(size=2)]
    theirs = [torch.from_numpy(v.copy()).requires_grad_() for v in values]
    optimizer = torch.optim.Adam(theirs, lr=0.02)
    moments = adam.init_state(values)
    for _ in range(30):
        optimizer.zero_grad()
        sum((p**4).sum() for p in theirs).backward()  # gradient 4 p^3, of very different sizes
        optimizer.step()
        values, moments = adam.step(values, [4 * v**3 for v in values], moments, 0.02)
    for ours, other in zip(values, theirs, strict=True):
        np.testing.assert_allclose(ours, other.detach(), rtol=1e-10)


@given(st.floats(1e-3, 1e6), st.sampled_from([-1, 1]))
def test_the_first_step_is_as_long_as_the_rate_against_the_gradients_sign(size, sign):
    # Without the correction for the start at zero it would be a third as long.
    (moved,), _ = adam.step(
        [np.zeros(1)], [np.array([sign * size])], adam.init_state([np.zeros(1)]), 0.1
    )
    np.testing.assert_allclose(moved, [-0.1 * sign], rtol=1e-4)


def test_a_parameter_without_gradient_stays():
    (still,), _ = adam.step([np.ones(2)], [np.zeros(2)], adam.init_state([np.ones(2)]), 0.1)
    np.testing.assert_array_equal(still, [1, 1])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_step_in_place_gives_the_same_and_leaves_arrays_alone_otherwise(dtype, order, rng):
    arrays = [
        np.asarray(rng.normal(size=shape).astype(dtype), order=order) for shape in ((5, 3), (3,))
    ]
    pure, state = [p.copy() for p in arrays], adam.init_state(arrays)
    mine, own_state = [p.copy(order="K") for p in arrays], adam.init_state(arrays)
    for _ in range(3):
        gradients = [rng.normal(size=p.shape).astype(dtype) for p in arrays]
        before = [p.copy() for p in pure]
        updated, state = adam.step(pure, gradients, state, 0.01)
        assert all(np.array_equal(a, b) for a, b in zip(pure, before, strict=True))
        again, own_state = adam.step(mine, gradients, own_state, 0.01, in_place=True)
        assert all(a is b for a, b in zip(again, mine, strict=True))
        for a, b in zip((*updated, *state.exp_avg), (*mine, *own_state.exp_avg), strict=True):
            assert a.dtype == b.dtype == dtype
            assert np.array_equal(a, b)
        pure = updated
