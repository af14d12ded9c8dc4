"""Several seeds of a model: means by example, and the variance that training again adds."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.prediction_table import validate
from foursplit.diagnosis.stats import seed_variance
from foursplit.diagnosis.stats.bootstrap import estimate
from foursplit.diagnosis.stats.paired_comparison import align_rows
from foursplit.diagnosis.stats.seed_variance import align_losses, t_draws


def table(loss, names=None):
    names = names or [f"d{k}" for k in range(len(loss))]
    return validate(pd.DataFrame({"example_id": names, "loss": loss}), "dev")


def test_losses_are_averaged_by_example_whatever_their_order():
    mean = seed_variance.mean_table([table([0, 1, 0]), table([1, 1, 0], ["d2", "d0", "d1"])])
    assert list(mean.loss) == [0.5, 0.5, 0.5]  # d0: 0 and 1; d1: 1 and 0; d2: 0 and 1
    with pytest.raises(FoursplitError, match="its examples are not those of"):
        seed_variance.mean_table([table([0, 1]), table([0, 1], ["d0", "x"])])


def test_variances_of_data_and_of_seeds_add_up(rng):
    # Of k seeds the mean moves by sd / sqrt(k), drawn with Student's tails: k - 1 over k - 3 more.
    one = estimate(
        (np.arange(1000) < 100) * 1.0,
        np.ones(1000),
        np.arange(1000),
        rng,
        n_resamples=200_000,
        confidence=0.95,
    )
    errors = [0.09, 0.10, 0.11, 0.12, 0.08, 0.10, 0.10, 0.10]
    wide = seed_variance.add_seed_variance(one, errors, rng, 0.95)
    k = len(errors)
    wanted = np.var(one.replicates) + np.var(errors, ddof=1) / k * (k - 1) / (k - 3)
    assert np.var(wide.replicates) == pytest.approx(wanted, rel=0.02)
    assert seed_variance.add_seed_variance(one, errors[:1], rng, 0.95) is one


def test_the_interval_holds_the_error_of_training_again_as_often_as_it_says():
    # Seeds move the error by 2 points each; what is asked for is the mean over all seeds.
    rng, held, naive = np.random.default_rng(6), 0, 0
    for _ in range(250):
        rates = np.clip(0.2 + rng.normal(0, 0.02, 4), 0.01, 0.99)
        losses = (rng.random((4, 800)) < rates[:, None]) * 1.0
        one = estimate(
            losses.mean(axis=0), np.ones(800), np.arange(800), rng, n_resamples=200, confidence=0.95
        )
        wide = seed_variance.add_seed_variance(one, list(losses.mean(axis=1)), rng, 0.95)
        held += wide.lo <= 0.2 <= wide.hi
        naive += one.lo <= 0.2 <= one.hi
    least = stats.binom(250, 0.95).ppf(0.0005)
    assert held >= least
    assert naive < least  # of one training run alone it would be far too sure


def test_rows_and_losses_are_aligned_with_the_second_argument():
    scored = table([1, 0, 2], ["d2", "d0", "d1"])
    like = table([0, 0, 0], ["d0", "d1", "d2"])
    assert list(align_rows(scored, like).frame["example_id"]) == ["d0", "d1", "d2"]
    assert list(align_rows(scored, like).loss) == [0, 2, 1]
    assert list(align_losses(scored, like)) == [0, 2, 1]


def test_draws_of_a_mean_over_seeds_follow_student(rng):
    errors = [0.1, 0.14, 0.12, 0.2]
    draws = t_draws(errors, rng, 4000)
    scale = np.std(errors, ddof=1) / 2
    assert stats.kstest(draws, stats.t(3, scale=scale).cdf).pvalue > 0.001
    assert not t_draws(errors[:1], rng, 5).any()
