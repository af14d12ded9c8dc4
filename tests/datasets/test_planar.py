"""Points in a plane: drawn from what they say, and no classifier beats the stated least error."""

import importlib
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.neighbors import KNeighborsClassifier

from foursplit_courses.transforms import planar

CURVES = {name: getattr(planar, name)() for name in ("circles", "moons", "blobs")}
SAMPLES = {
    **{name: curve.sample for name, curve in CURVES.items()},
    "flower": planar.flower_sample,
    "football": planar.football_sample,
    "quantiles": planar.quantiles_sample,
}
BAYES = {
    **{name: curve.bayes_classes for name, curve in CURVES.items()},
    "flower": planar.flower_bayes_classes,
    "football": planar.football_bayes_classes,
}


def dataset(name):
    return importlib.import_module(f"foursplit_courses.datasets.planar_{name}")


@pytest.mark.parametrize("name", SAMPLES)
def test_a_set_is_the_same_each_time_and_meets_its_expectations(name):
    file = dataset(name)
    frame = file.read(Path("nowhere"))
    assert frame.equals(file.read(Path("nowhere")))
    assert len(frame) == file.N_POINTS
    assert frame[list(planar.FEATURES)].abs().max().max() <= file.LIMIT
    assert 0.4 < frame["colour"].mean() < 0.6


@pytest.mark.parametrize("name", BAYES)
def test_the_least_error_is_what_the_set_states(name, rng):
    n = 4_000 if name in ("circles", "moons") else 40_000
    x, y = SAMPLES[name](n, rng)
    stated = dataset(name).SPEC.reference.error
    error = (BAYES[name](x) != y).mean()
    assert abs(error - stated) < 4 * (stated * (1 - stated) / n) ** 0.5


@pytest.mark.parametrize("name", BAYES)
def test_no_classifier_of_many_neighbours_beats_it(name, rng):
    (x, y), (x_new, y_new) = SAMPLES[name](8_000, rng), SAMPLES[name](3_000, rng)
    fitted = KNeighborsClassifier(25).fit(x, y)
    neighbours = (fitted.predict(x_new) != y_new).mean()
    best = (BAYES[name](x_new) != y_new).mean()
    assert best <= neighbours + 2 * (best / 3_000) ** 0.5
    assert neighbours < best + 0.05  # and it is no bound that nothing comes near to


def test_circles_are_told_apart_at_the_middle_between_them(rng):
    x, y = planar.circles().sample(20_000, rng)
    nearer = (np.hypot(*x.T) < 0.9).astype(int)
    assert (nearer != y).mean() == pytest.approx(norm.cdf(-2), abs=0.004)  # noise 0.05, 0.1 away


def test_quantiles_are_halves(rng):
    x, y = planar.quantiles_sample(40_000, rng)
    assert y.mean() == pytest.approx(0.5, abs=0.01)
    assert np.hypot(*x[y == 1].T).min() > np.hypot(*x[y == 0].T).max()
