"""Whether examples or seeds are lacking: by hand, by the formula, and in `compare_models`."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from foursplit.diagnosis.prediction_table import validate
from foursplit.diagnosis.stats.paired_comparison import compare_models
from foursplit.diagnosis.stats.required_seeds import (
    SeedVariance,
    examples_with_seeds,
    seed_variance,
    seeds_with_examples,
)


def compared(a, b):
    """Compare two models from (seed, example) losses."""
    tables = [
        validate(
            pd.DataFrame(
                {"example_id": [f"{i}" for i in range(x.shape[1])], "loss": x.mean(axis=0)}
            ),
            "dev",
        )
        for x in (a, b)
    ]
    seeds = tuple(dict(enumerate(x.mean(axis=1).tolist())) for x in (a, b))
    return compare_models(*tables, np.random.default_rng(1), n_resamples=300, seeds=seeds)


def errors(*by_seed, n=37):
    return np.stack([(np.arange(n) < wrong) * 1.0 for wrong in by_seed])


def test_coffee_lacks_seeds_and_not_22_examples():
    # Dev errors of 1, 11, 1 and of 1, 1, 1 of 37: one seed in three makes all the difference.
    found = compared(errors(1, 11, 1), errors(1, 1, 1))
    assert found.p_value > 0.05
    assert found.n_needed is None
    assert found.seeds_needed > 10
    assert f"{found.seeds_needed:,} seeds" in found.sentence
    assert "examples alone do not suffice" in found.sentence


def test_equal_seeds_are_paired_and_others_add():
    paired = seed_variance({1: 0.1, 2: 0.2, 3: 0.3}, {1: 0.0, 2: 0.1, 3: 0.2})
    assert (paired.one, paired.mean) == pytest.approx((0, 0), abs=1e-12)
    others = seed_variance({1: 0.1, 2: 0.2, 3: 0.3}, {4: 0.0, 5: 0.2})
    assert others.one == pytest.approx(0.01 + 0.02)
    assert others.mean == pytest.approx(0.01 / 3 + 0.02 / 2)
    assert others.n_seeds == 2


def test_without_a_variance_of_seeds_the_examples_are_those_of_one_seed():
    none = SeedVariance(one=0.0, mean=0.0, n_seeds=1)
    assert examples_with_seeds(500, 0.03, none) == 500
    assert seeds_with_examples(500, 1000, 0.03, none) is None


def test_more_seeds_need_fewer_examples_and_more_examples_fewer_seeds():
    seeds = [SeedVariance(one=6e-4, mean=6e-4 / k, n_seeds=k) for k in (3, 10, 30)]
    needed = [examples_with_seeds(500, 0.03, one) for one in seeds]
    assert needed[0] is None or needed[0] > needed[1]
    assert needed[1] > needed[2] > 500
    # At one seed's variance of 6e-4 and 1,000 examples, half of 9e-4 is left: (t + t)^2 / k < 3/4.
    factor = [(stats.t(k - 1).ppf(0.975) + stats.t(k - 1).ppf(0.8)) ** 2 for k in (12, 13, 14)]
    by_hand = next(k for k, f in zip((12, 13, 14), factor, strict=True) if f / k <= 0.75)
    assert seeds_with_examples(500, 1000, 0.03, seeds[0]) == by_hand
    by_n = [seeds_with_examples(500, n, 0.03, seeds[0]) for n in (400, 600, 1000, 10_000)]
    assert by_n[0] is None  # endless seeds do not replace examples
    assert by_n[1] > by_n[2] > by_n[3]


@pytest.mark.slow
def test_so_many_seeds_detect_the_difference_four_times_in_five():
    # Two points of difference on 2,000 examples, seeds of 2 points each way.
    rng, rates, sd = np.random.default_rng(2), (0.12, 0.10), 0.02
    n_needed = 2000 * 7.85 * (0.12 * 0.88 + 0.10 * 0.90) / 2000 / 0.02**2
    variance = SeedVariance(one=2 * sd**2, mean=2 * sd**2 / 3, n_seeds=3)
    k = seeds_with_examples(int(n_needed / 20), 2000, 0.02, variance)
    hits, trials = 0, 150
    for _ in range(trials):
        a, b = (
            (rng.random((k, 2000)) < np.clip(rate + rng.normal(0, sd, (k, 1)), 0, 1)) * 1.0
            for rate in rates
        )
        hits += compared(a, b).p_value < 0.05
    assert stats.binom(trials, 0.8).ppf(0.0005) <= hits
