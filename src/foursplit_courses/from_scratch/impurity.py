"""How mixed the targets of a node are, and how much a split of the node tidies them.

Source: Ng, MLS C2 W4 (entropy, information gain); Breiman, Friedman, Olshen and Stone (1984),
Classification and Regression Trees, chapters 4 (Gini) and 8 (squared error).
"""

from typing import Literal

import numpy as np

Criterion = Literal["entropy", "gini", "squared_error"]


def entropy(counts: np.ndarray) -> np.ndarray:
    """Bits a label costs: (…, class) counts to (…,); a class that does not occur costs nothing."""
    share = _shares(counts)
    logs = np.log2(share, out=np.zeros_like(share), where=share > 0)
    bits: np.ndarray = np.maximum(0, -(share * logs).sum(axis=-1))
    return bits


def gini(counts: np.ndarray) -> np.ndarray:
    """Chance that two draws differ: (…, class) counts to (…,)."""
    chance: np.ndarray = 1 - (_shares(counts) ** 2).sum(axis=-1)
    return chance


def _shares(counts: np.ndarray) -> np.ndarray:
    counts = np.asarray(counts, dtype=np.float64)
    total = counts.sum(axis=-1, keepdims=True)
    shares: np.ndarray = np.divide(counts, total, out=np.zeros_like(counts), where=total > 0)
    return shares


def impurity(y: np.ndarray, criterion: Criterion) -> float:
    """Measure (example,) class numbers or, by squared error, quantities; of none it is 0."""
    if len(y) == 0:
        return 0.0
    if criterion == "squared_error":
        return float(np.var(y))
    counts = np.bincount(np.asarray(y, dtype=np.int64))
    return float(entropy(counts) if criterion == "entropy" else gini(counts))


def information_gain(
    y: np.ndarray, goes_left: np.ndarray, criterion: Criterion = "entropy"
) -> float:
    """Impurity of a node less that of its two parts, each weighted by its share of examples."""
    share = float(np.mean(goes_left))
    left, right = impurity(y[goes_left], criterion), impurity(y[~goes_left], criterion)
    return impurity(y, criterion) - share * left - (1 - share) * right
