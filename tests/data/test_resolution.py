"""The minimum detectable effect agrees with published figures and simulation."""

import numpy as np
import pytest
from scipy.stats import binomtest

from foursplit.data.resolution import detectable_gain, examples_needed, half_width


@pytest.mark.parametrize(
    ("error", "n", "points"), [(0.10, 100, 5.88), (0.10, 10_000, 0.59), (0.05, 1000, 1.35)]
)
def test_half_width_approaches_the_normal_interval(error, n, points):
    # 1.96 * sqrt(error * (1 - error) / n), in points.
    assert half_width(n, error) * 100 == pytest.approx(points, rel=0.04)


def test_half_width_is_that_of_the_wilson_interval(rng):
    interval = binomtest(30, 300).proportion_ci(method="wilson")
    assert half_width(300, 0.1) == pytest.approx((interval.high - interval.low) / 2)


@pytest.mark.parametrize(
    ("gain", "times", "n"), [(0.01, 2, 1568), (0.005, 5, 7847), (0.001, 10, 78487)]
)
def test_the_number_of_examples_agrees_with_the_formula(gain, times, n):
    assert examples_needed(gain, times) == pytest.approx(n, rel=0.001)


@pytest.mark.parametrize("n", [50, 500, 5000])
def test_detectable_is_the_inverse_of_needed(n):
    assert examples_needed(detectable_gain(n)) == pytest.approx(n, rel=1e-6)


def test_a_detectable_gain_is_detected_in_four_of_five_trials(rng):
    # Exact McNemar on 1,000 pairs, models that disagree on twice the gain: 3 to 1.
    n, trials = 1000, 400
    gain = detectable_gain(n)
    better = rng.binomial(n, 1.5 * gain, trials)
    worse = rng.binomial(n, 0.5 * gain, trials)
    detected = [
        binomtest(int(b), int(b + w)).pvalue < 0.05
        for b, w in zip(better, worse, strict=True)
        if b + w
    ]
    assert 0.70 < np.sum(detected) / trials < 0.88
