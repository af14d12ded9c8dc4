"""The error of a top list: one user is one example, and what is lost is 1 - nDCG@k.

A rating's error says how far off a number is; a list is wrong only where something worse stands
above something better, and near the top it matters most.

What the rest of the project's words mean here.  *Example*: a user with all that was held out, since
films of one list are not independent.  *Human level*: none, as nobody but the user knows; a desired
error stands in.  *Train-dev*: other ratings of the same time; *dev* and *test*: later ones, so that
their gap is what taste and new films do in time.  *Ceiling of a part*: where a first step retrieves
candidates and a second orders them, the best order of what was retrieved parts the two errors.

Source: Järvelin and Kekäläinen (2002), Cumulated gain-based evaluation of IR techniques; Ng, MLS C3
W2 (retrieval and ranking).  The gain is the relevance itself, as in scikit-learn.
"""

import numpy as np


def gain(relevance: np.ndarray, score: np.ndarray, k: int) -> float:
    """Sum the relevances of the first `k` by `score`, the place p discounted by log2(p + 1).

    Equal scores have no order: each gets the mean of their relevances.
    """
    _check(relevance, score, k)
    discount = np.zeros(len(score))
    discount[:k] = 1 / np.log2(np.arange(2, min(k, len(score)) + 2))
    _, tied = np.unique(-score, return_inverse=True)
    n_tied = np.bincount(tied)
    mean = np.bincount(tied, relevance) / n_tied
    ends = np.cumsum(n_tied)
    reached = np.r_[0.0, np.cumsum(discount)]
    return float(mean @ (reached[ends] - reached[ends - n_tied]))


def ndcg(relevance: np.ndarray, score: np.ndarray, k: int) -> float:
    """Give the list's gain as a share of the best list's; nan where nothing is relevant."""
    best = gain(relevance, relevance, k)
    return gain(relevance, score, k) / best if best > 0 else float("nan")


def recall(relevant: np.ndarray, score: np.ndarray, k: int) -> float:
    """Give the share of the relevant (true or false) among the first `k`, nan where none is.

    Of equal scores the earlier item stands first.
    """
    _check(relevant, score, k)
    first = np.argsort(-score, kind="stable")[:k]
    n = int(np.count_nonzero(relevant))
    return float(np.count_nonzero(relevant[first]) / n) if n else float("nan")


def parted_error(
    relevance: np.ndarray, score: np.ndarray, retrieved: np.ndarray, k: int
) -> tuple[float, float]:
    """Part 1 - nDCG@k between retriever and ranker; `retrieved` marks the candidates.

    The first is what the best order of the candidates still loses; the second what the order by
    `score` loses besides.  What was not retrieved stands below all candidates.
    """
    if retrieved.dtype != bool or retrieved.shape != relevance.shape:
        raise ValueError("retrieved: must be true or false for each item")
    ideal = gain(relevance, relevance, k)
    if ideal <= 0:
        return float("nan"), float("nan")
    found = np.where(retrieved, relevance, 0.0)
    best = gain(found, found, k) / ideal
    reached = gain(found, np.where(retrieved, score, -np.inf), k) / ideal
    return 1 - best, best - reached


def _check(relevance: np.ndarray, score: np.ndarray, k: int) -> None:
    if k < 1:
        raise ValueError(f"k: {k} must be at least 1")
    if relevance.shape != score.shape or relevance.ndim != 1 or len(score) == 0:
        raise ValueError(
            f"relevance and score: shapes {relevance.shape} and {score.shape} must be one and the "
            "same, (item,), with one item at least"
        )
    if relevance.dtype != bool and (relevance < 0).any():
        raise ValueError(f"relevance: {relevance.min()} must be 0 or more")
