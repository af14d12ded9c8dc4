"""Whether training has converged: a slope against the noise of its epochs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foursplit.diagnosis.learning_curve.convergence import find_convergence


def rows(loss, every=1):
    return [
        {"epoch": every * (k + 1.0), "train_loss": float(value)} for k, value in enumerate(loss)
    ]


def power(n, rate, every=1, scale=2.0):
    return rows([scale * (every * (k + 1.0)) ** -rate for k in range(n)], every)


@settings(max_examples=30)
@given(st.floats(0.01, 3), st.integers(12, 200), st.integers(1, 80), st.floats(1e-3, 1e3))
def test_the_power_is_found_whatever_unit_the_loss_has_and_how_often_it_was_noted(
    rate, n, every, scale
):
    found = find_convergence([power(n, rate, every, scale)])
    assert found.rate == pytest.approx(rate, rel=1e-6)
    assert found.is_falling
    assert not found.is_short
    # Four times the epochs leave 4^-rate of the loss: at one half, half of it.
    assert found.after(0.3, 4) == pytest.approx(0.3 * 4**-rate, rel=1e-6)


def share_falling(rate, noise, correlation=0.0, n=40, repeats=300):
    rng = np.random.default_rng(5)
    count = 0
    for _ in range(repeats):
        steps, errors = rng.standard_normal(n), np.zeros(n)
        for k in range(n):
            errors[k] = correlation * (errors[k - 1] if k else 0.0) + steps[k]
        loss = (np.arange(n) + 1.0) ** -rate * np.exp(noise * errors)
        count += find_convergence([rows(loss)]).is_falling
    return count / repeats


def test_a_loss_that_only_fluctuates_is_seldom_called_falling():
    assert share_falling(0.0, 0.05) <= 0.025 + 3 * np.sqrt(0.025 * 0.975 / 300)
    # The last loss below the one before it, which looks like a fall, is every second one.
    rng = np.random.default_rng(1)
    naive = np.mean([np.diff(rng.standard_normal(40))[-1] < 0 for _ in range(600)])
    assert naive > 0.4


def test_epochs_that_are_alike_are_no_independent_evidence():
    assert share_falling(0.0, 0.05, correlation=0.4) < 0.12


def test_a_steep_fall_is_found_through_noise():
    assert share_falling(0.5, 0.05) > 0.95


def test_a_loss_that_rises_or_is_flat_has_converged():
    assert not find_convergence([rows(np.linspace(1, 2, 30))]).is_falling
    assert not find_convergence([rows(np.ones(30))]).is_falling


def test_after_few_epochs_the_last_fall_counts_and_nothing_is_forecast_with_an_interval():
    found = find_convergence([rows([1.0, 0.8])])
    assert found.is_short
    assert found.is_falling
    assert found.rate == pytest.approx(np.log(1 / 0.8) / np.log(2))
    assert not find_convergence([rows([1.0, 0.99])]).is_falling
    assert not find_convergence([rows([1.0, 1.2])]).is_falling


@pytest.mark.parametrize(
    "loss", [[], [1.0], [-1.0] * 30, [1.0] * 29 + [np.nan], [1.0] * 29 + [np.inf]]
)
def test_a_curve_that_tells_nothing_has_no_convergence(loss):
    assert find_convergence([rows(loss)]) is None


def test_a_curve_without_train_loss_or_with_too_few_rows_tells_nothing():
    assert find_convergence([[{"epoch": k + 1.0, "dev_loss": 1.0} for k in range(30)]]) is None
    assert find_convergence([power(5, 0.5, every=20)]) is None
    assert find_convergence([]) is None


def test_of_several_seeds_the_median_counts_and_of_two_the_less_hopeful():
    curves = [power(40, rate) for rate in (0.9, 0.1, 0.5)]
    assert find_convergence(curves).rate == pytest.approx(0.5)
    assert find_convergence(curves[:2]).rate == pytest.approx(0.1)
