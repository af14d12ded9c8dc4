"""How well a classifier tells the examples of two tables apart.

Source: Lopez-Paz and Oquab (2017), Revisiting Classifier Two-Sample Tests.
"""

import numpy as np
import pandas as pd

from foursplit.diagnosis.stats.categorical import category, is_category

FOLDS = 5


def told_apart(
    frame: pd.DataFrame, side: np.ndarray, group: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Score each example as of the second table, by a classifier that saw none of its group."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    words = [is_category(frame[name]) for name in frame]
    x = np.stack(
        [
            category(frame[name]) if is_word else frame[name].to_numpy(np.float64)
            for name, is_word in zip(frame, words, strict=True)
        ],
        axis=1,
    ).astype(np.float64)
    fold, score = _folds(side, group, rng), np.empty(len(side))
    for k in range(FOLDS):
        classifier = HistGradientBoostingClassifier(
            max_iter=50,
            max_leaf_nodes=4,  # shallow: of a few hundred examples deep trees learn the noise
            min_samples_leaf=max(2, min(20, len(side) // 20)),  # 20 in a hundred could not split
            categorical_features=words,
            early_stopping=False,
            random_state=int(rng.integers(2**31)),
        )
        # One thread: sums come out alike on every machine, and small fits wait for no other.
        with threadpool_limits(limits=1):
            classifier.fit(x[fold != k], side[fold != k])
            score[fold == k] = classifier.predict_proba(x[fold == k])[:, 1]
    return score


def _folds(side: np.ndarray, group: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Deal the groups of each table out to folds in turn."""
    n = int(group.max()) + 1
    share = np.bincount(group, weights=side) / np.bincount(group)
    dealt = np.empty(n, dtype=np.int64)
    dealt[np.lexsort((rng.permutation(n), share))] = np.arange(n) % FOLDS
    return np.asarray(dealt[group])


def auc(score: np.ndarray, side: np.ndarray, weight: np.ndarray) -> float:
    """Give the chance that one of the second table outscores one of the first; ties are half."""
    return auc_of_codes(np.unique(score, return_inverse=True)[1], side, weight)


def auc_of_codes(code: np.ndarray, side: np.ndarray, weight: np.ndarray) -> float:
    high = np.bincount(code, weights=weight * side)
    low = np.bincount(code, weights=weight * (1 - side))
    below = np.cumsum(low) - low / 2
    return float((high * below).sum() / (high.sum() * low.sum()))
