"""How much each hyperparameter matters to the metric, and what the metric is over two of them.

Source: Hutter, Hoos and Leyton-Brown (2014), An Efficient Approach for Assessing Hyperparameter
Importance; Ng, DLS C2 W3 (priorities among hyperparameters).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from foursplit.config.search import SearchRange
from foursplit.evaluation.search.run import Trial
from foursplit.evaluation.search.space import share

MIN_TRIALS = 8
"""Trials from which on a forest is fitted to them."""

N_TREES = 64

CONTOUR_POINTS = 21

DIGITS = 4


def importance(
    trials: Sequence[Trial], space: Mapping[str, SearchRange], seed: int
) -> dict[str, float]:
    """Return the share of the metric's variance that each explains alone, the largest first.

    fANOVA on a random forest over the hyperparameters' scales.  Empty for too few trials, one
    hyperparameter, or a metric that never changes.
    """
    x, y = _arrays(trials, space)
    if len(y) < MIN_TRIALS or len(space) < 2 or np.ptp(y) == 0:
        return {}
    import optuna
    from optuna.distributions import FloatDistribution
    from optuna.importance import FanovaImportanceEvaluator

    study = optuna.create_study()
    axis = FloatDistribution(0.0, 1.0)
    for row, value in zip(x.tolist(), y.tolist(), strict=True):
        params = dict(zip(space, row, strict=True))
        study.add_trial(
            optuna.trial.create_trial(
                params=params, distributions=dict.fromkeys(space, axis), value=value
            )
        )
    evaluator = FanovaImportanceEvaluator(n_trees=N_TREES, seed=seed)
    found = evaluator.evaluate(study)
    total = sum(found.values())
    shares = {name: _rounded(value / total) for name, value in found.items()}
    return dict(sorted(shares.items(), key=lambda item: (-item[1], item[0])))


def contour(
    trials: Sequence[Trial], space: Mapping[str, SearchRange], names: tuple[str, str], seed: int
) -> dict[str, Any]:
    """Return the metric over the scales of two hyperparameters, as a forest fits it to all trials.

    `z[row][column]` is at (x[column], y[row]); the others are averaged over the trials' values.
    """
    from sklearn.ensemble import RandomForestRegressor

    x, y = _arrays(trials, space)
    forest = RandomForestRegressor(n_estimators=N_TREES, random_state=seed, min_samples_leaf=2)
    forest.fit(x, y)
    first, second = ([*space].index(name) for name in names)
    axis = np.linspace(0, 1, CONTOUR_POINTS)
    points = np.repeat(x[None, :, :], CONTOUR_POINTS**2, axis=0)
    rows, columns = (axes.ravel() for axes in np.meshgrid(axis, axis, indexing="ij"))
    points[:, :, first], points[:, :, second] = columns[:, None], rows[:, None]
    z = forest.predict(points.reshape(-1, x.shape[1])).reshape(len(rows), -1).mean(axis=1)
    return {
        "x": names[0],
        "y": names[1],
        "axis": [_rounded(value) for value in axis.tolist()],
        "z": [[_rounded(v) for v in row] for row in z.reshape(CONTOUR_POINTS, -1).tolist()],
    }


def _arrays(
    trials: Sequence[Trial], space: Mapping[str, SearchRange]
) -> tuple[np.ndarray, np.ndarray]:
    """Return (trial, hyperparameter) places on their scales, and the metric; whole ones only."""
    ended = [trial for trial in trials if trial.result.dev is not None]
    x = [[share(given, t.values[name]) for name, given in space.items()] for t in ended]
    y = [trial.result.dev for trial in ended]
    return np.array(x, dtype=np.float64).reshape(len(ended), len(space)), np.array(y, np.float64)


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
