"""Impurity of a node's targets, and the information gain of a split.

Source: Ng, MLS C2 W4 (entropy, information gain); Breiman, Friedman, Olshen and Stone (1984),
Classification and Regression Trees, chapters 4 (Gini) and 8 (squared error).
"""

from typing import Literal

import numpy as np

Criterion = Literal["entropy", "gini", "squared_error"]


def entropy(counts: np.ndarray) -> np.ndarray:
    """Compute the entropy in bits of (…, class) counts, (…,); empty classes contribute 0."""
    fraction = _class_fractions(counts)
    logs = np.log2(fraction, out=np.zeros_like(fraction), where=fraction > 0)
    bits: np.ndarray = np.maximum(0, -(fraction * logs).sum(axis=-1))
    return bits


def gini(counts: np.ndarray) -> np.ndarray:
    """Compute the probability that two draws differ, from (…, class) counts, (…,)."""
    result: np.ndarray = 1 - (_class_fractions(counts) ** 2).sum(axis=-1)
    return result


def _class_fractions(counts: np.ndarray) -> np.ndarray:
    counts = np.asarray(counts, dtype=np.float64)
    total = counts.sum(axis=-1, keepdims=True)
    fractions: np.ndarray = np.divide(counts, total, out=np.zeros_like(counts), where=total > 0)
    return fractions


def impurity(y: np.ndarray, criterion: Criterion) -> float:
    """Compute the impurity of (example,) class ids or quantities; 0 for no examples."""
    if len(y) == 0:
        return 0.0
    if criterion == "squared_error":
        return float(np.var(y))
    counts = np.bincount(np.asarray(y, dtype=np.int64))
    return float(entropy(counts) if criterion == "entropy" else gini(counts))


def information_gain(
    y: np.ndarray, goes_left: np.ndarray, criterion: Criterion = "entropy"
) -> float:
    """Compute the node's impurity minus the weighted mean impurity of its children."""
    fraction = float(np.mean(goes_left))
    left, right = impurity(y[goes_left], criterion), impurity(y[~goes_left], criterion)
    return impurity(y, criterion) - fraction * left - (1 - fraction) * right
