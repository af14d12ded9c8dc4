"""Elementary functions and running averages, by hand and against pandas and PyTorch."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from foursplit_courses.from_scratch import elementary
from foursplit_courses.from_scratch.moving_average import (
    exponential_moving_average,
    weights_of_average,
)

FINITE = st.floats(-1e6, 1e6)


@given(arrays(np.float64, (4, 3), elements=FINITE))
def test_rows_have_length_one_but_for_zeros(x):
    rows = elementary.normalize_rows(x)
    lengths = np.linalg.norm(rows, axis=1)
    zero = ~x.any(axis=1)
    np.testing.assert_allclose(lengths[~zero], 1, rtol=1e-6)
    assert not rows[zero].any()


def test_pictures_become_rows_in_order():
    pictures = np.arange(24.0).reshape(2, 2, 2, 3)
    np.testing.assert_array_equal(
        elementary.pictures_to_rows(pictures), [np.arange(12), np.arange(12, 24)]
    )


@given(arrays(np.float64, 5, elements=FINITE), arrays(np.float64, 5, elements=FINITE))
def test_losses_are_pytorchs_sums(a, b):
    one, other = torch.from_numpy(a), torch.from_numpy(b)
    l1 = torch.nn.functional.l1_loss(one, other, reduction="sum").item()
    l2 = torch.nn.functional.mse_loss(one, other, reduction="sum").item()
    assert elementary.l1_loss(a, b) == pytest.approx(l1)
    assert elementary.l2_loss(a, b) == pytest.approx(l2)


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 0.98])
def test_the_corrected_average_is_that_of_pandas(beta, rng):
    values = rng.normal(size=60)
    theirs = pd.Series(values).ewm(alpha=1 - beta, adjust=True).mean()
    np.testing.assert_allclose(exponential_moving_average(values, beta), theirs, rtol=1e-10)


@given(beta=st.floats(0, 0.99), n=st.integers(1, 50))
def test_without_correction_the_start_is_pulled_to_zero(beta, n):
    constant = np.full(n, 7.0)
    np.testing.assert_allclose(exponential_moving_average(constant, beta), 7, rtol=1e-9)
    plain = exponential_moving_average(constant, beta, bias_correction=False)
    np.testing.assert_allclose(plain, 7 * (1 - beta ** np.arange(1, n + 1)), rtol=1e-9)
    assert weights_of_average(n, beta).sum() == pytest.approx(1 - beta**n)


@pytest.mark.parametrize("beta", [-0.1, 1.0])
def test_a_beta_that_averages_nothing_is_refused(beta):
    with pytest.raises(ValueError, match="beta"):
        exponential_moving_average(np.ones(3), beta)
