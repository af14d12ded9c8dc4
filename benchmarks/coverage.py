"""How often intervals hold the truth, and how often equal models are called different.

Data sets are drawn with a known true error: weighted metrics, rare classes, few groups, unequal
groups, several seeds.  Beside each of our intervals, on the same data, is a plain bootstrap: groups
are drawn with replacement, and the percentiles are read.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binom

from foursplit.diagnosis.prediction_table import PredictionTable, validate
from foursplit.diagnosis.stats.bootstrap import (
    bootstrap_replicates,
    estimate,
    percentile_interval,
)
from foursplit.diagnosis.stats.paired_comparison import compare_models
from foursplit.diagnosis.stats.seed_variance import mean_table

RESULT = Path(__file__).parent / "results" / "coverage.json"
DATA_SETS = 800
RESAMPLES = 1000
NOMINAL, BAND = 0.95, 0.999


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Losses with their weights and groups, and the true error."""

    loss: np.ndarray
    weight: np.ndarray
    groups: np.ndarray
    truth: float


Draw = Callable[[np.random.Generator], Sample]


def plain(n: int, rate: float) -> Draw:
    """Draw independent rows of equal weight."""
    return lambda rng: Sample(
        loss=(rng.random(n) < rate) * 1.0, weight=np.ones(n), groups=np.arange(n), truth=rate
    )


def balanced(n: tuple[int, ...], rates: tuple[float, ...]) -> Draw:
    """Draw classes of n rows, weighted such that each class counts alike."""
    of_class = np.repeat(np.arange(len(n)), n)
    weight = 1 / np.asarray(n)[of_class]

    def draw(rng: np.random.Generator) -> Sample:
        loss = (rng.random(len(weight)) < np.asarray(rates)[of_class]) * 1.0
        return Sample(
            loss=loss, weight=weight, groups=np.arange(len(loss)), truth=float(np.mean(rates))
        )

    return draw


def weighted_class(n: int, share: float, times: float, rates: tuple[float, float]) -> Draw:
    """Draw rows of which a random share counts `times` as much."""
    mass = np.array([1 - share, times * share])

    def draw(rng: np.random.Generator) -> Sample:
        is_heavy = (rng.random(n) < share).astype(int)
        loss = (rng.random(n) < np.asarray(rates)[is_heavy]) * 1.0
        weight = np.where(is_heavy, times, 1.0)
        return Sample(
            loss=loss, weight=weight, groups=np.arange(n), truth=float(mass @ rates / mass.sum())
        )

    return draw


def many_weights(n: int, rate: float) -> Draw:
    """Draw rows whose weights are all different."""

    def draw(rng: np.random.Generator) -> Sample:
        weight = rng.gamma(1.0, size=n) + 0.05
        loss = (rng.random(n) < rate) * 1.0
        return Sample(loss=loss, weight=weight, groups=np.arange(n), truth=rate)

    return draw


def grouped(n_groups: int, size: int, rate: float, correlation: float) -> Draw:
    """Draw groups whose rates are beta distributed; `correlation` is that within groups."""
    precision = 1 / correlation - 1
    return _of_groups(
        lambda rng: rng.beta(rate * precision, (1 - rate) * precision, n_groups),
        lambda _: np.full(n_groups, size),
        rate,
    )


def uneven(n_groups: int, mean_size: int, rate: float, correlation: float) -> Draw:
    """Draw groups of geometric sizes."""
    precision = 1 / correlation - 1
    return _of_groups(
        lambda rng: rng.beta(rate * precision, (1 - rate) * precision, n_groups),
        lambda rng: 1 + rng.geometric(1 / mean_size, n_groups),
        rate,
    )


def two_kinds(n_groups: int, size: int, share: float, rates: tuple[float, float]) -> Draw:
    """Draw groups of which a share is bad: no beta distribution."""
    return _of_groups(
        lambda rng: np.where(rng.random(n_groups) < share, *rates),
        lambda _: np.full(n_groups, size),
        share * rates[0] + (1 - share) * rates[1],
    )


def bad_large_groups(n_groups: int) -> Draw:
    """Draw groups of which three in ten are six times as large and five times as bad."""

    def draw(rng: np.random.Generator) -> Sample:
        is_large = rng.random(n_groups) < 0.3
        rate = np.where(is_large, 0.10, 0.02)
        return _expand(rng, rng.beta(rate * 9, (1 - rate) * 9), np.where(is_large, 60, 10), truth)

    truth = (0.3 * 60 * 0.10 + 0.7 * 10 * 0.02) / (0.3 * 60 + 0.7 * 10)
    return draw


def _of_groups(
    rates: Callable[[np.random.Generator], np.ndarray],
    sizes: Callable[[np.random.Generator], np.ndarray],
    truth: float,
) -> Draw:
    return lambda rng: _expand(rng, rates(rng), sizes(rng), truth)


def _expand(rng: np.random.Generator, rates: np.ndarray, sizes: np.ndarray, truth: float) -> Sample:
    groups = np.repeat(np.arange(len(sizes)), sizes)
    loss = (rng.random(len(groups)) < rates[groups]) * 1.0
    return Sample(loss=loss, weight=np.ones(len(loss)), groups=groups, truth=truth)


def seeds(n: int, n_seeds: int, rate: float) -> Draw:
    """Draw the mean of several seeds whose errors fall on the same hard examples."""

    def draw(rng: np.random.Generator) -> Sample:
        hard = rng.beta(0.3 * rate / (1 - rate), 0.3, n)
        loss = (rng.random((n_seeds, n)) < hard).mean(axis=0)
        return Sample(loss=loss, weight=np.ones(n), groups=np.arange(n), truth=rate)

    return draw


REGIMES: dict[str, Draw] = {
    "1,000 rows, error 5%": plain(1000, 0.05),
    "300 rows, error 1%": plain(300, 0.01),
    "balanced, 3 of 100 positive, misses 10%, alarms 1%": balanced((3, 97), (0.1, 0.01)),
    "balanced, 10 of 300 positive, misses 10%, alarms 2%": balanced((10, 290), (0.1, 0.02)),
    "balanced, 6 of 200 positive, misses 30%, alarms 5%": balanced((6, 194), (0.3, 0.05)),
    "balanced, 20 of 600 positive, misses 10%, alarms 2%": balanced((20, 580), (0.1, 0.02)),
    "balanced, 5 classes of 4 to 80 rows, errors 10% to 2%": balanced(
        (4, 10, 20, 40, 80), (0.1, 0.1, 0.05, 0.03, 0.02)
    ),
    "10% of 300 rows weigh 6, errors 10% and 2%": weighted_class(300, 0.1, 6.0, (0.02, 0.1)),
    "300 rows, all weights different, error 3%": many_weights(300, 0.03),
    "8 groups of 60, error 5%, correlation 0.2": grouped(8, 60, 0.05, 0.2),
    "8 groups of 50, error 20%, correlation 0.1": grouped(8, 50, 0.2, 0.1),
    "25 groups of 25, error 5%, correlation 0.1": grouped(25, 25, 0.05, 0.1),
    "40 groups of 25, error 5%, correlation 0.1": grouped(40, 25, 0.05, 0.1),
    "40 groups of 25, error 2%, correlation 0.1": grouped(40, 25, 0.02, 0.1),
    "100 groups of 20, error 3%, correlation 0.1": grouped(100, 20, 0.03, 0.1),
    "600 groups of 5, error 1%, correlation 0.1": grouped(600, 5, 0.01, 0.1),
    "25 groups of about 25, error 5%, correlation 0.1": uneven(25, 25, 0.05, 0.1),
    "60 groups of 20, one in ten errs on half": two_kinds(60, 20, 0.1, (0.5, 0.01)),
    "40 groups, the large ones worse": bad_large_groups(40),
    "300 rows, mean of 3 seeds, error 2%": seeds(300, 3, 0.02),
}
"""What is simulated, by name."""


def band(n: int, rate: float = NOMINAL) -> tuple[float, float]:
    """Return the shares of n data sets that a true `rate` gives in 999 of 1,000 simulations."""
    low, high = binom(n, rate).interval(BAND)
    return float(low / n), float(high / n)


def measure(draw: Draw, n_data_sets: int) -> dict[str, float]:
    """Return how often the intervals of a regime hold the truth, ours and the plain bootstrap's."""
    held = {"ours": 0, "bootstrap": 0, "too_low": 0}
    for number in range(n_data_sets):
        rng = np.random.default_rng(number)
        sample = draw(rng)
        ours = estimate(
            sample.loss,
            sample.weight,
            sample.groups,
            rng,
            n_resamples=RESAMPLES,
            confidence=NOMINAL,
        )
        low, high = _bootstrap(sample, rng)
        held["ours"] += ours.lo - 1e-12 <= sample.truth <= ours.hi + 1e-12
        held["too_low"] += ours.hi < sample.truth
        held["bootstrap"] += low <= sample.truth <= high
    return {name: round(count / n_data_sets, 4) for name, count in held.items()}


def _bootstrap(sample: Sample, rng: np.random.Generator) -> tuple[float, float]:
    sums = np.bincount(sample.groups, weights=sample.weight * sample.loss)
    weights = np.bincount(sample.groups, weights=sample.weight)
    return percentile_interval(bootstrap_replicates(sums, weights, rng, RESAMPLES), NOMINAL)


def rejected(draw: Draw, n_data_sets: int) -> float:
    """Return how often `compare_models` calls two equal models of a regime different."""
    wrong = 0
    for number in range(n_data_sets):
        rng = np.random.default_rng(number)
        first = draw(rng)
        # The other model errs on half of the same examples, and as often on others.
        second = draw(rng)
        shared = rng.random(len(first.loss)) < 0.5
        other = np.where(shared, first.loss, second.loss)
        tables = (_table(first, first.loss), _table(first, other))
        wrong += compare_models(*tables, rng, n_resamples=RESAMPLES).p_value < 1 - NOMINAL
    return round(wrong / n_data_sets, 4)


def _table(sample: Sample, loss: np.ndarray) -> PredictionTable:
    names = np.arange(len(loss)).astype(str)
    columns: dict[str, Any] = {"example_id": names, "loss": loss, "weight": sample.weight}
    if len(np.unique(sample.groups)) < len(loss):
        columns["group_id"] = sample.groups
    return validate(pd.DataFrame(columns), "dev")


FIXED_ROWS = [
    name
    for name in REGIMES
    if name.startswith(("balanced", "8 groups", "25 groups of 25", "40 groups of 25"))
]
"""Regimes whose rows keep weight and group, so that two models can be drawn on the same rows."""


N_COMPARED, ERROR, GAIN = 447, 0.15, 0.03
N_SEEDS, SPREADS = (1, 3, 5), (0.0, 0.01, 0.02)


def trained(rng: np.random.Generator, n_seeds: int, error: float, spread: float) -> np.ndarray:
    """Draw (seed, example) losses; the true errors of the seeds vary by `spread`."""
    rates = np.clip(rng.normal(error, spread, n_seeds), 0, 1)
    return (rng.random((n_seeds, N_COMPARED)) < rates[:, None]) * 1.0


def significant(n_seeds: int, gain: float, spread: float, n_trials: int) -> float:
    """Return how often two ways to train that differ by `gain` are called different."""
    found = 0
    for number in range(n_trials):
        rng = np.random.default_rng(number)
        losses = [trained(rng, n_seeds, ERROR - part, spread) for part in (0.0, gain)]
        tables = [mean_table([_rows(row) for row in model]) for model in losses]
        errors = [dict(enumerate(model.mean(axis=1).tolist())) for model in losses]
        result = compare_models(
            tables[0], tables[1], rng, n_resamples=RESAMPLES, seeds=(errors[0], errors[1])
        )
        found += result.p_value < 1 - NOMINAL
    return round(found / n_trials, 4)


def _rows(loss: np.ndarray) -> PredictionTable:
    """Return a table without the checks, which take longer than the comparison."""
    names = np.arange(len(loss)).astype(str)
    frame = pd.DataFrame({"example_id": names, "loss": loss, "weight": 1.0, "is_error": loss > 0})
    return PredictionTable(split="dev", frame=frame)


def simulate_intervals(n: int) -> dict[str, Any]:
    """Simulate every regime."""
    return {
        "intervals": {name: measure(draw, n) for name, draw in REGIMES.items()},
        "equal_models_called_different": {
            name: rejected(REGIMES[name], n // 2) for name in FIXED_ROWS
        },
    }


def simulate_seeds(n: int) -> dict[str, Any]:
    """Simulate comparisons of equal and of better ways to train, by the number of seeds."""
    rows = [
        {
            "seeds": k,
            "sd_of_seeds": spread,
            "equal": significant(k, 0.0, spread, n // 2),
            "better": significant(k, GAIN, spread, n // 2),
        }
        for spread in SPREADS
        for k in N_SEEDS
    ]
    return {"seeds": {"n": N_COMPARED, "error": ERROR, "gain": GAIN, "significant": rows}}


PARTS = {"intervals": simulate_intervals, "seeds": simulate_seeds}


def main() -> None:
    """Simulate all parts, or one, and keep the figures beside those of the others."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=PARTS)
    parser.add_argument("--data-sets", type=int, default=DATA_SETS)
    given = parser.parse_args()
    n = given.data_sets
    found = json.loads(RESULT.read_text()) if RESULT.is_file() else {}
    found |= {"data_sets": n, "nominal": NOMINAL, "band": band(n)}
    for part, simulate in PARTS.items():
        if given.part in (None, part):
            found |= simulate(n)
            RESULT.write_text(json.dumps(found, indent=1) + "\n")
    print(RESULT.read_text())


if __name__ == "__main__":
    main()
