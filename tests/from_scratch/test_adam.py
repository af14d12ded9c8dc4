"""Adam's steps are PyTorch's, and its first step is as long as the rate whatever the gradient."""

import numpy as np
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
