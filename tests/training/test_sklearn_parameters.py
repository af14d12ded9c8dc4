"""Parameters of scikit-learn's models are the models' own: worked out by hand for each kind."""

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from foursplit.training.sklearn_parameters import count_learnt

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 10))
QUANTITY = X[:, 0] + RNG.normal(size=60)
CLASSES = np.arange(60) % 3
TWO = (X[:, 0] > 0).astype(int)


@pytest.mark.parametrize(
    ("model", "y", "wanted"),
    [
        (LinearRegression(), QUANTITY, 11),  # ten slopes and an intercept
        (LogisticRegression(), TWO, 11),
        (LogisticRegression(), CLASSES, 33),
        (
            make_pipeline(StandardScaler(), LogisticRegression()),
            TWO,
            11,
        ),  # as a network that standardizes
        # A stump: feature, threshold, and the shares of two classes in each of two leaves.
        (DecisionTreeClassifier(max_depth=1), TWO, 2 + 2 * 2),
        (RandomForestClassifier(5, max_depth=1, bootstrap=False, max_features=None), TWO, 5 * 6),
        (GradientBoostingClassifier(n_estimators=4, max_depth=1), TWO, 4 * (2 + 2)),
        (HistGradientBoostingRegressor(max_iter=3, max_depth=1), QUANTITY, 3 * (2 + 2)),
        (MLPClassifier((4,), max_iter=2), TWO, 10 * 4 + 4 + 4 + 1),
        (GaussianNB(), TWO, 2 * 10 + 2 * 10 + 2),
        (KMeans(3, n_init=1), None, 30),
        (KNeighborsClassifier(), TWO, 60 * 11),  # it keeps the examples and their labels
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.filterwarnings("ignore")
def test_the_learnt_numbers_are_counted(model, y, wanted):
    assert count_learnt(model.fit(X, y)) == wanted


def test_a_kernel_machine_is_its_support_vectors():
    model = SVC().fit(X, TWO)
    assert count_learnt(model) == len(model.support_) * (10 + 1) + 1


def test_an_unknown_kind_has_no_count():
    assert count_learnt(object()) is None
