"""Safe softmax and cross-entropy: laws, PyTorch and SciPy as oracles, and where the naive fails."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import special
from torch.nn import functional as F

from foursplit_courses.from_scratch import softmax as ours

SCORES = st.tuples(st.integers(1, 5), st.integers(1, 6)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.floats(-1e4, 1e4))
)
SEEDS = st.integers(0, 2**32 - 1)


def drawn(seed, n=7, n_classes=4):
    rng = np.random.default_rng(seed)
    return rng.normal(0, 4, (n, n_classes)), rng.integers(0, n_classes, n)


@given(SCORES)
def test_probabilities_add_to_one_and_keep_the_order_of_scores(z):
    shares = ours.softmax(z)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-12)
    assert (shares >= 0).all()
    largest = np.take_along_axis(shares, z.argmax(axis=1)[:, None], axis=1)
    assert (largest[:, 0] == shares.max(axis=1)).all()


@given(SCORES, st.floats(-1e4, 1e4))
def test_what_is_added_to_all_scores_changes_no_probability(z, shift):
    np.testing.assert_allclose(ours.softmax(z + shift), ours.softmax(z), rtol=1e-8, atol=1e-10)


@given(SCORES)
def test_agrees_with_scipy(z):
    np.testing.assert_allclose(ours.softmax(z), special.softmax(z, axis=1), rtol=1e-12, atol=1e-300)
    theirs = special.logsumexp(z, axis=1)
    # Near 0 what is left of the digits is what the sum kept of 1.
    np.testing.assert_allclose(ours.log_sum_exp(z), theirs, rtol=1e-12, atol=1e-14)


@given(SEEDS)
def test_loss_and_gradient_are_those_of_pytorch(seed):
    z, y = drawn(seed)
    theirs = torch.from_numpy(z).requires_grad_()
    loss = F.cross_entropy(theirs, torch.from_numpy(y))
    loss.backward()
    assert ours.cross_entropy(z, y) == pytest.approx(loss.item(), rel=1e-12)
    np.testing.assert_allclose(ours.cross_entropy_backward(z, y), theirs.grad, atol=1e-14)


@given(SEEDS)
def test_the_gradient_matches_central_differences(seed):
    z, y = drawn(seed, n=3, n_classes=3)
    result = ours.cross_entropy_backward(z, y)
    for place in np.ndindex(z.shape):
        step = np.zeros_like(z)
        step[place] = 1e-6
        slope = (ours.cross_entropy(z + step, y) - ours.cross_entropy(z - step, y)) / 2e-6
        assert result[place] == pytest.approx(slope, abs=1e-8)


def test_worked_by_hand():
    # exp(0), exp(log 3): 1 and 3, so shares 1/4 and 3/4; the true class is the first: log 4.
    z = np.array([[0.0, np.log(3.0)]])
    np.testing.assert_allclose(ours.softmax(z), [[0.25, 0.75]])
    assert ours.cross_entropy(z, np.array([0])) == pytest.approx(np.log(4))


@pytest.mark.parametrize(("kind", "score"), [(np.float32, 89.0), (np.float64, 710.0)])
def test_the_naive_form_overflows_and_the_safe_one_does_not(kind, score):
    z = np.array([[score, 0.0]], dtype=kind)
    with pytest.warns(RuntimeWarning):
        assert np.isnan(ours.naive_softmax(z)).any()
    np.testing.assert_array_equal(ours.softmax(z)[:, 0], 1)


def test_the_naive_loss_loses_an_impossible_class_and_the_safe_one_counts_it():
    z, y = np.array([[0.0, -800.0]]), np.array([1])
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        assert ours.naive_cross_entropy(z, y) == np.inf
    assert ours.cross_entropy(z, y) == pytest.approx(800)


def test_the_naive_loss_has_no_digits_left_where_the_answer_is_sure():
    # The true loss is log(1 + exp(-20)) = 2.06e-9; in 32 bits the probability is 1 and its log 0.
    z, y = np.array([[20.0, 0.0]], dtype=np.float32), np.array([0])
    assert ours.naive_cross_entropy(z, y) == 0
    exact = np.log1p(np.exp(-20.0))
    assert ours.cross_entropy(z.astype(np.float64), y) == pytest.approx(exact, rel=1e-6)
