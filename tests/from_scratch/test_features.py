"""Made inputs against scikit-learn's, those of the networks, and counts by hand."""

from math import comb

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from foursplit.layers.polynomial import Polynomial
from foursplit_courses.from_scratch import features, linear
from foursplit_courses.from_scratch.gradient_descent import Parameters

SEED = st.integers(0, 2**32 - 1)


@given(SEED, st.integers(1, 4), st.integers(1, 5))
def test_products_are_those_of_scikit_learn_and_of_the_networks(seed, n_inputs, degree):
    x = np.random.default_rng(seed).normal(size=(5, n_inputs))
    ours = features.polynomial_features(x, degree)
    assert ours.shape[1] == comb(n_inputs + degree, degree) - 1
    theirs = PolynomialFeatures(degree, include_bias=False).fit_transform(x)
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-14)
    layer = Polynomial(n_inputs, degree)(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(ours, layer, rtol=1e-12, atol=1e-14)


def test_the_microchips_have_27_terms():
    assert features.polynomial_features(np.ones((1, 2)), 6).shape == (1, 27)


def test_powers_by_hand():
    assert features.power_features(np.array([2.0, -3.0]), 3).tolist() == [[2, 4, 8], [-3, 9, -27]]


@given(SEED)
def test_z_scores_are_scikit_learns_and_new_examples_use_the_old_scale(seed):
    rng = np.random.default_rng(seed)
    x, new = rng.normal(size=(2, 20, 3)) * [1, 20, 0.3] + [5, 0, -2]
    scaler, scale = StandardScaler().fit(x), features.fit_scaler(x)
    np.testing.assert_allclose(scale.transform(x), scaler.transform(x), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(scale.transform(new), scaler.transform(new), rtol=1e-9, atol=1e-9)


def test_an_input_that_never_varies_is_only_shifted():
    x = np.column_stack([np.full(10, 0.1), np.arange(10.0)])
    assert np.abs(features.fit_scaler(x).transform(x)[:, 0]).max() < 1e-12


@given(SEED)
def test_undoing_the_scale_keeps_every_answer(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(20, 3)) * [1, 200, 0.3] + [5, 1000, -2]
    at, scale = Parameters(rng.normal(size=3), 2.0), features.fit_scaler(x)
    scaled = linear.predict(scale.transform(x), at)
    np.testing.assert_allclose(linear.predict(x, scale.unscale(at)), scaled, rtol=1e-8, atol=1e-8)


def test_a_degree_of_zero_is_refused():
    with pytest.raises(ValueError, match="degree: 0"):
        features.polynomial_features(np.ones((2, 2)), 0)


def test_terms_of_other_examples_are_scaled_as_those_of_the_first():
    rng = np.random.default_rng(5)
    x, other = rng.normal(size=(30, 2)), rng.normal(size=(4, 2))
    terms, of_other = features.scaled_polynomial_features(3, x, other)
    np.testing.assert_allclose(terms.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(terms.std(axis=0), 1)
    raw = features.polynomial_features(x, 3)
    expected = (features.polynomial_features(other, 3) - raw.mean(axis=0)) / raw.std(axis=0)
    np.testing.assert_allclose(of_other, expected)
