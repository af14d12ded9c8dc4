"""Seeds are paired across splits, their noise counts once, and more of them never hide a gain."""

import numpy as np
import pandas as pd
import pytest

from benchmarks import coverage
from foursplit.diagnosis.decomposition.decompose import decompose
from foursplit.diagnosis.prediction_table import Model, validate
from foursplit.diagnosis.settings import Settings
from foursplit.diagnosis.stats.paired_comparison import RECIPES, TRAINED, compare_models
from foursplit.diagnosis.stats.required_seeds import seed_variance
from foursplit.diagnosis.stats.seed_variance import are_paired, interaction, mean_table

N = 4000


def table(loss, split="dev", **columns):
    names = [f"{split}{i}" for i in range(len(loss))]
    return validate(pd.DataFrame({"example_id": names, "loss": loss, **columns}), split)


def draw(rng, rates, n=N):
    return (rng.random((len(rates), n)) < np.asarray(rates)[:, None]) * 1.0


def test_what_moves_two_splits_alike_cancels_in_their_gap(rng):
    # Three seeds, 6 points apart on both splits: each error is uncertain, the gap is not.
    shifts = [-0.06, 0.0, 0.06]
    losses = {
        split: draw(rng, [rate + shift for shift in shifts])
        for split, rate in {"train_dev": 0.15, "dev": 0.20}.items()
    }
    models = [
        Model(tables={split: table(rows[k], split) for split, rows in losses.items()}, name=f"{k}")
        for k in range(3)
    ]
    found = decompose(models, Settings(people=False), same_distribution=False)
    gap = next(gap for gap in found.gaps if gap.gap == "mismatch")
    dev = found.errors["dev"]
    assert dev.hi - dev.lo > 0.1
    assert gap.hi - gap.lo < 0.06
    assert gap.lo > 0


def test_noise_by_example_is_what_seeds_without_an_effect_vary_by():
    variances, noise = [], []
    for seed in range(200):
        losses = draw(np.random.default_rng(seed), [0.2] * 4, n=500)
        variances.append(np.var(losses.mean(axis=1), ddof=1))
        noise.append(interaction(losses, np.ones(500), np.arange(500)))
    assert np.mean(noise) == pytest.approx(0.2 * 0.8 / 500, rel=0.05)
    assert np.mean(variances) == pytest.approx(np.mean(noise), rel=0.15)


def test_seeds_that_shift_every_example_alike_have_no_noise_by_example():
    losses = np.array([[0.2], [0.4], [0.3]]) + np.zeros((3, 50))
    assert interaction(losses, np.ones(50), np.arange(50)) == pytest.approx(0, abs=1e-12)


def test_equal_numbers_are_pairs_only_if_the_errors_are(rng):
    a, b = draw(rng, [0.2] * 3), draw(rng, [0.2] * 3)
    assert not are_paired(a, b)
    assert are_paired(a, np.where(rng.random(a.shape) < 0.1, b, a))


def test_one_seed_compares_trained_models_and_two_the_ways_to_train(rng):
    a, b = draw(rng, [0.2, 0.2], n=200), draw(rng, [0.1, 0.1], n=200)
    one = compare_models(table(a[0]), table(b[0]), rng)
    errors = [dict(enumerate(x.mean(axis=1).tolist())) for x in (a, b)]
    tables = [mean_table([table(row) for row in x]) for x in (a, b)]
    two = compare_models(*tables, rng, seeds=tuple(errors))
    assert (one.scope, two.scope) == (TRAINED, RECIPES)
    assert one.p_value == one.p_trained
    assert two.p_value >= two.p_trained


def test_rows_taken_from_a_mean_keep_the_losses_of_the_seeds(rng):
    losses = draw(rng, [0.2, 0.3], n=20)
    mean = mean_table([table(row) for row in losses])
    rows = np.array([3, 1, 7])
    np.testing.assert_array_equal(mean.take(rows).seed_losses, losses[:, rows])
    np.testing.assert_array_equal(mean.take(np.arange(20) < 5).seed_losses, losses[:, :5])


def test_noise_of_the_examples_is_no_variance_of_seeds(rng):
    losses = [draw(rng, [0.2] * 5, n=300) for _ in range(2)]
    tables = tuple(mean_table([table(row) for row in x]) for x in losses)
    errors = [dict(enumerate(x.mean(axis=1).tolist())) for x in losses]
    assert seed_variance(*errors, tables).mean < seed_variance(*errors).mean


@pytest.mark.slow
@pytest.mark.parametrize("spread", [0.0, 0.005])
def test_power_rises_with_the_number_of_seeds_in_ci(spread):
    power = [coverage.significant(k, coverage.GAIN, spread, 200) for k in (1, 3, 5)]
    assert power == sorted(power)
    assert power[-1] > power[0] + 0.2


@pytest.mark.slow
@pytest.mark.parametrize("k", [3, 5])
@pytest.mark.parametrize("spread", [0.0, 0.02])
def test_equal_ways_to_train_are_seldom_called_different(k, spread):
    assert coverage.significant(k, 0.0, spread, 300) <= coverage.band(300, 0.05)[1]
