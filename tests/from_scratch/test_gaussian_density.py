"""Densities are SciPy's, mixtures climb to where scikit-learn's end, thresholds are the best."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import f1_score
from sklearn.mixture import GaussianMixture

from foursplit_courses.from_scratch import gaussian_density, mixture


def correlated(rng, n=200):
    mix = np.eye(3) + np.tril(rng.normal(size=(3, 3)), -1)  # never singular
    return rng.normal(size=(n, 3)) @ mix + [1.0, 200.0, -3.0]


@given(st.integers(0, 200))
def test_the_multivariate_density_is_scipys(seed):
    rng = np.random.default_rng(seed)
    x = correlated(rng)
    other = stats.multivariate_normal(x.mean(axis=0), np.cov(x.T, bias=True))
    result = gaussian_density.fit_multivariate(x).log_density(x)
    np.testing.assert_allclose(result, other.logpdf(x), rtol=1e-6, atol=1e-6)


def test_the_independent_density_is_scipys_product(rng):
    x = correlated(rng)
    other = stats.norm(x.mean(axis=0), x.std(axis=0)).logpdf(x).sum(axis=1)
    np.testing.assert_allclose(gaussian_density.fit_independent(x).log_density(x), other)


def test_a_density_adds_up_to_one(rng):
    x = rng.normal(size=(50, 2)) @ np.array([[1.0, 0.8], [0.0, 0.4]])
    at = np.linspace(-8, 8, 400)
    grid = np.stack(np.meshgrid(at, at), axis=-1).reshape(-1, 2)
    for made in (gaussian_density.fit_independent(x), gaussian_density.fit_multivariate(x)):
        total = np.exp(made.log_density(grid)).sum() * (at[1] - at[0]) ** 2
        assert total == pytest.approx(1, abs=1e-3)


def test_many_inputs_are_no_zero_density():
    """The naive way fails here: the product of 800 densities is too small for a number."""
    x = np.random.default_rng(0).normal(size=(50, 800))
    result = gaussian_density.fit_independent(x).log_density(x)
    assert np.isfinite(result).all()
    assert (np.exp(result) == 0).all()


def test_what_lies_between_two_correlated_inputs_is_found_by_one_density_alone(rng):
    first = rng.normal(size=500)
    x = np.stack([first, first + 0.1 * rng.normal(size=500)], axis=1)
    odd = np.array([[1.0, -1.0]])  # each value is usual, both together are not
    alone, together = gaussian_density.fit_independent(x), gaussian_density.fit_multivariate(x)
    assert alone.log_density(odd)[0] > np.quantile(alone.log_density(x), 0.05)
    assert together.log_density(odd)[0] < together.log_density(x).min()


def brute(log_density, truth):
    """Try every threshold there is."""
    edges = [*np.unique(log_density), np.inf]
    return max(f1_score(truth, log_density < edge, zero_division=0) for edge in edges)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(-6, 6), st.booleans()), min_size=1, max_size=25))
def test_the_threshold_is_the_best_of_all(rows):
    p = np.array([float(value) for value, _ in rows])
    truth = np.array([flag for _, flag in rows])
    if not truth.any():
        with pytest.raises(ValueError, match="y_true: no example"):
            gaussian_density.select_threshold(p, truth)
        return
    result = gaussian_density.select_threshold(p, truth)
    assert result.f1 == pytest.approx(brute(p, truth))
    assert f1_score(truth, p < result.value) == pytest.approx(result.f1)


def test_the_threshold_worked_by_hand():
    # Flagging the lowest two finds both anomalies with one false alarm less than three would.
    p = np.array([-9.0, -5.0, -4.0, -1.0, 0.0])
    result = gaussian_density.select_threshold(p, np.array([1, 0, 1, 0, 0]))
    # One flagged: F1 2/3; three flagged: 4/5.
    assert result == gaussian_density.Threshold(value=-2.5, f1=0.8)


@pytest.mark.parametrize(
    "kind", [gaussian_density.fit_independent, gaussian_density.fit_multivariate]
)
def test_an_input_that_never_varies_is_refused(kind, rng):
    x = np.column_stack([rng.normal(size=20), np.full(20, 3.0)])
    with pytest.raises(ValueError, match="is constant"):
        kind(x)


def test_an_input_that_follows_from_others_is_refused_in_any_unit(rng):
    x = rng.normal(size=(50, 2))
    for scale in (1e-6, 1.0, 1e6):
        with pytest.raises(ValueError, match="singular"):
            gaussian_density.fit_multivariate(np.column_stack([x, scale * (x[:, 0] + x[:, 1])]))


def two_kinds(rng, n=300):
    first = rng.normal(size=(n, 2)) @ np.array([[1.0, 0.5], [0.0, 0.3]])
    return np.concatenate([first, rng.normal(size=(n // 2, 2)) * 0.5 + [3.0, -2.0]])


@given(st.integers(0, 30))
def test_no_step_makes_the_examples_less_likely(seed):
    rng = np.random.default_rng(seed)
    x = two_kinds(rng, 60)
    result = mixture.fit(x, 3, rng=rng, ridge=0.0, tol=0.0, max_iter=20)
    assert np.diff(result.log_likelihoods).min() >= -1e-10


def test_it_ends_where_scikit_learn_ends(rng):
    x = two_kinds(rng)
    belongs = np.eye(2)[(x[:, 0] > 1.5).astype(int)]
    start = mixture.m_step(x, belongs, np.full(2, 1e-6))
    ours = mixture.expectation_maximization(x, start, np.full(2, 1e-6), max_iter=500, tol=1e-12)
    other = GaussianMixture(
        2,
        tol=1e-12,
        max_iter=500,
        weights_init=start.weights,
        means_init=[part.mean for part in start.components],
        precisions_init=[np.linalg.inv(p.factor @ p.factor.T) for p in start.components],
    ).fit(x)
    np.testing.assert_allclose(ours.weights, other.weights_, atol=1e-5)
    np.testing.assert_allclose([p.mean for p in ours.components], other.means_, atol=1e-4)
    np.testing.assert_allclose(ours.log_density(x), other.score_samples(x), atol=1e-3)


def test_one_component_is_the_multivariate_gaussian(rng):
    x = correlated(rng)
    result = mixture.fit(x, 1, rng=rng, ridge=0.0)
    np.testing.assert_allclose(
        result.log_density(x), gaussian_density.fit_multivariate(x).log_density(x)
    )


def test_responsibilities_are_probabilities_and_shares_add_up(rng):
    x = two_kinds(rng)
    result = mixture.fit(x, 3, rng=rng)
    np.testing.assert_allclose(result.responsibilities(x).sum(axis=1), 1)
    assert result.weights.sum() == pytest.approx(1)


def test_a_component_without_examples_is_refused():
    with pytest.raises(ValueError, match="component 1: no example"):
        mixture.m_step(np.zeros((3, 1)), np.array([[1.0, 0.0]] * 3), np.ones(1))
