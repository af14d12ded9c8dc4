"""Ranking metrics: DCG, nDCG and recall at k; the error of a list is 1 - nDCG@k.

A rating's error measures a number; a list is wrong only where a less relevant item is ranked above
a more relevant one, and errors near the top matter most.

Terms of the project as used here.  *Example*: a user with all held-out ratings, since films of one
list are not independent.  *Human level*: none, as only the user knows; a desired error replaces
it.  *Train-dev*: other ratings of the same period; *dev* and *test*: later ones, so that their gap
is due to changing tastes and new films.  *Ceiling analysis*: if a first step retrieves candidates
and a second ranks them, the best order of the candidates separates the two errors.

Source: Järvelin and Kekäläinen (2002), Cumulated gain-based evaluation of IR techniques; Ng, MLS C3
W2 (retrieval and ranking).  The gain is the relevance itself, as in scikit-learn.
"""

import numpy as np


def dcg(relevance: np.ndarray, score: np.ndarray, k: int) -> float:
    """Compute the DCG at `k`: relevances by descending score, rank p discounted by log2(p + 1).

    Tied scores each get the mean of their relevances.
    """
    _check(relevance, score, k)
    discount = np.zeros(len(score))
    discount[:k] = 1 / np.log2(np.arange(2, min(k, len(score)) + 2))
    _, tied = np.unique(-score, return_inverse=True)
    n_tied = np.bincount(tied)
    mean = np.bincount(tied, relevance) / n_tied
    ends = np.cumsum(n_tied)
    achieved = np.r_[0.0, np.cumsum(discount)]
    return float(mean @ (achieved[ends] - achieved[ends - n_tied]))


def ndcg(relevance: np.ndarray, score: np.ndarray, k: int) -> float:
    """Compute the DCG divided by that of the ideal order; nan if nothing is relevant."""
    best = dcg(relevance, relevance, k)
    return dcg(relevance, score, k) / best if best > 0 else float("nan")


def recall_at_k(relevant: np.ndarray, score: np.ndarray, k: int) -> float:
    """Compute the fraction of relevant items among the first `k`; nan if none is relevant.

    Of equal scores the earlier item ranks first.
    """
    _check(relevant, score, k)
    first = np.argsort(-score, kind="stable")[:k]
    n = int(np.count_nonzero(relevant))
    return float(np.count_nonzero(relevant[first]) / n) if n else float("nan")


def retrieval_and_ranking_error(
    relevance: np.ndarray, score: np.ndarray, retrieved: np.ndarray, k: int
) -> tuple[float, float]:
    """Split 1 - nDCG@k into the errors of retriever and ranker; `retrieved` marks the candidates.

    The retrieval error remains with the best order of the candidates; the ranking error is what the
    order by `score` adds.  Items that were not retrieved rank below all candidates.
    """
    if retrieved.dtype != bool or retrieved.shape != relevance.shape:
        raise ValueError("retrieved: must be true or false for each item")
    ideal = dcg(relevance, relevance, k)
    if ideal <= 0:
        return float("nan"), float("nan")
    retrieved_relevance = np.where(retrieved, relevance, 0.0)
    best = dcg(retrieved_relevance, retrieved_relevance, k) / ideal
    achieved = dcg(retrieved_relevance, np.where(retrieved, score, -np.inf), k) / ideal
    return 1 - best, best - achieved


def _check(relevance: np.ndarray, score: np.ndarray, k: int) -> None:
    if k < 1:
        raise ValueError(f"k: {k} must be at least 1")
    if relevance.shape != score.shape or relevance.ndim != 1 or len(score) == 0:
        raise ValueError(
            f"relevance and score: shapes {relevance.shape} and {score.shape} must be equal, "
            "(item,), with at least one item"
        )
    if relevance.dtype != bool and (relevance < 0).any():
        raise ValueError(f"relevance: {relevance.min()} must be 0 or more")
