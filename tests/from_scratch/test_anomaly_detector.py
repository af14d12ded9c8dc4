"""Clusters and detectors learn, answer and come back as they should."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from foursplit.core.examples import DataSpec
from foursplit_courses.from_scratch.kmeans_estimator import KMeansEstimator
from foursplit_courses.models import (
    gaussian_density,
    k_means,
    k_means_sklearn,
    logistic_f1_threshold,
    mixture_density,
)

SHAPE = DataSpec(inputs=(2,))


def clusters(k, seed=1):
    return k_means.build(k_means.Args(n_clusters=k), SHAPE, seed)


def test_the_mean_share_on_train_is_inertia_over_the_total_sum_of_squares(rng):
    x = rng.normal(size=(200, 2)).astype(np.float32)
    result = clusters(5).fit(x, x[:, 0]).predict(x)
    wide = x.astype(np.float64)
    total = ((wide - wide.mean(axis=0)) ** 2).sum()
    model = clusters(5).fit(x, x[:, 0])
    inertia = ((wide[:, None] - model.centroids) ** 2).sum(axis=2).min(axis=1).sum()
    assert result[:, 0].mean() == pytest.approx(inertia / total)
    assert result[:, 1].mean() == pytest.approx(1)


def test_one_cluster_is_the_trivial_predictor(rng):
    x, other = rng.normal(size=(50, 2)), rng.normal(size=(20, 2)) + 3
    result = clusters(1).fit(x, x[:, 0]).predict(other)
    np.testing.assert_allclose(result[:, 0], result[:, 1])
    np.testing.assert_allclose(result[:, 2], x[:, 0].mean())


def test_answers_worked_by_hand():
    x = np.array([[0.0, 0.0], [2.0, 0.0], [10.0, 0.0], [12.0, 0.0]])
    model = KMeansEstimator(lambda _: np.array([[1.0, 0.0], [11.0, 0.0]])).fit(
        x, np.array([1.0, 3, 5, 9])
    )
    # The mean is 6; squared distances to it are 36, 16, 16, 36: 26 on average.
    np.testing.assert_allclose(
        model.predict(np.array([[1.0, 1.0], [11.0, 0.0]])), [[1 / 26, 1, 2], [0, 25 / 26, 7]]
    )
    assert model.n_parameters == 4


def test_ours_and_scikit_learns_leave_about_the_same(rng):
    x = np.concatenate(
        [rng.normal(size=(80, 2)) + 6 * np.array([a, b]) for a in (0, 1) for b in (0, 1)]
    )
    twin = k_means_sklearn.build(k_means_sklearn.Args(n_clusters=4), SHAPE, 1)
    ours = clusters(4).fit(x, x[:, 0]).predict(x)[:, 0].mean()
    assert ours == pytest.approx(twin.fit(x, x[:, 0]).predict(x)[:, 0].mean(), rel=1e-6)


def test_the_same_everywhere_is_refused():
    with pytest.raises(ValueError, match="all examples are equal"):
        clusters(1).fit(np.ones((5, 2)), np.ones(5))


def detector(**args):
    return gaussian_density.build(gaussian_density.Args(**args), SHAPE, 1)


def servers(rng, n=300):
    y = (np.arange(n) % 15 == 0).astype(int)
    x = rng.normal(size=(n, 2))
    x[:, 1] = x[:, 0] + 0.1 * x[:, 1]
    x[y == 1, 1] += 2  # off the line, and within both ranges
    return x, y


def test_only_what_is_usual_is_learnt_from(rng):
    x, y = servers(rng)
    with_them, without = detector().fit(x, y), detector().fit(x[y == 0], y[y == 0])
    for name, value in with_them.arrays().items():
        np.testing.assert_array_equal(value, without.arrays()[name])


def test_nothing_is_flagged_until_the_threshold_is_chosen_and_then_as_f1_says(rng):
    x, y = servers(rng)
    model = detector(multivariate=True).fit(x, y)
    assert (model.predict(x) < 0).all()
    model.tune(x, y)
    assert f1_score(y, model.predict(x) > 0) > 0.95


def test_covariances_find_what_each_input_alone_misses(rng):
    (x, y), test = servers(rng), servers(rng)
    scores = {}
    for multivariate in (False, True):
        model = detector(multivariate=multivariate).fit(x, y)
        model.tune(x, y)
        scores[multivariate] = f1_score(test[1], model.predict(test[0]) > 0)
    assert scores[True] > scores[False] + 0.4


def test_parameters_are_counted_as_the_formulas_do(rng):
    x, y = servers(rng)
    # Two means and two deviations, or three numbers of a covariance; and a threshold.
    assert detector().fit(x, y).n_parameters == 2 + 2 + 1
    assert detector(multivariate=True).fit(x, y).n_parameters == 2 + 3 + 1
    three = mixture_density.build(mixture_density.Args(n_components=3), SHAPE, 1).fit(x, y)
    assert three.n_parameters == 3 * (2 + 3) + 2 + 1


def test_what_cannot_be_learnt_is_refused_by_name(rng):
    x, y = servers(rng)
    with pytest.raises(ValueError, match="no example is normal"):
        detector().fit(x, np.ones(len(x)))
    with pytest.raises(ValueError, match="y_true: no example"):
        detector().fit(x, y).tune(x, 0 * y)


def test_a_classifier_with_products_goes_round_what_is_usual_and_is_scikit_learns(rng):
    x = rng.normal(size=(400, 2))
    y = ((x**2).sum(axis=1) > 5).astype(int)
    models = {
        quadratic_features: logistic_f1_threshold.build(
            logistic_f1_threshold.Args(quadratic_features=quadratic_features), SHAPE, 1
        ).fit(x, y)
        for quadratic_features in (True, False)
    }
    other = make_pipeline(
        StandardScaler(), PolynomialFeatures(include_bias=False), LogisticRegression(max_iter=2000)
    ).fit(x, y)
    np.testing.assert_allclose(models[True].predict(x), other.decision_function(x), atol=1e-6)
    for model in models.values():
        model.tune(x, y)
    scores = {
        quadratic_features: f1_score(y, model.predict(x) > 0)
        for quadratic_features, model in models.items()
    }
    assert scores[True] > 0.95
    assert scores[False] < 0.7


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (lambda: k_means.Args(n_clusters=0), "n_clusters: 0"),
        (lambda: k_means.Args(n_clusters=1, n_init=0), "n_init: 0"),
        (lambda: k_means_sklearn.Args(n_clusters=0), "n_clusters: 0"),
        (lambda: logistic_f1_threshold.Args(C=0.0), "C: 0"),
        (lambda: mixture_density.Args(n_components=0), "n_components: 0"),
        (lambda: mixture_density.Args(n_components=1, ridge=-1.0), "ridge: -1"),
    ],
)
def test_settings_that_make_no_sense_are_refused(args, message):
    with pytest.raises(ValueError, match=message):
        args()
