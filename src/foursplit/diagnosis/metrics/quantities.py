"""Metrics of quantities that are no means over examples: RMSE and R², of weighted examples.

Source: Ng, MLS C1 W2 (mean squared error); Kvalseth (1985), "Cautionary note about R²".
"""

import numpy as np

from foursplit.diagnosis.metrics.answers import Answers
from foursplit.diagnosis.metrics.labels import ratio


def mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return (sample,) weighted means of (example,) values under (sample, example) weights."""
    return ratio(weights @ values, weights.sum(axis=1), np.nan)


def rmse(answers: Answers, weights: np.ndarray) -> np.ndarray:
    """Return the root of the mean squared residual, in the target's unit."""
    return np.sqrt(mean((answers.y - answers.y_hat) ** 2, weights))


def r2(answers: Answers, weights: np.ndarray) -> np.ndarray:
    """Return the share of the target's variance that is explained; NaN where it does not vary."""
    middle = answers.y.mean()  # the variance of a sample does not change with it; its digits do
    y = answers.y - middle
    variance = mean(y**2, weights) - mean(y, weights) ** 2
    squared = mean((answers.y - answers.y_hat) ** 2, weights)
    return 1 - ratio(squared, np.where(variance > 1e-12 * y.var(), variance, 0.0), np.nan)
