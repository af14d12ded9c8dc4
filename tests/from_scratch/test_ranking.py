"""Top lists against scikit-learn, cases worked by hand, and laws."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import dcg_score, ndcg_score

from foursplit_courses.from_scratch.ranking import (
    dcg,
    ndcg,
    recall_at_k,
    retrieval_and_ranking_error,
)

CASES = st.tuples(st.integers(0, 2**32), st.integers(2, 12), st.integers(1, 14))


def drawn(case):
    """Draw half-star ratings and scores, many of them equal."""
    seed, n, k = case
    rng = np.random.default_rng(seed)
    return rng.integers(0, 11, n) / 2, rng.integers(0, 6, n).astype(float), k


@given(CASES)
def test_the_gain_is_that_of_scikit_learn_ties_included(case):
    relevance, score, k = drawn(case)
    assert dcg(relevance, score, k) == pytest.approx(dcg_score([relevance], [score], k=k))
    if relevance.any():
        assert ndcg(relevance, score, k) == pytest.approx(ndcg_score([relevance], [score], k=k))


def test_a_list_of_three_is_that_worked_by_hand():
    # Best order 3, 2, 1; ours puts 2 first, then 3, then 1.
    ours = 2 / math.log2(2) + 3 / math.log2(3) + 1 / math.log2(4)
    best = 3 / math.log2(2) + 2 / math.log2(3) + 1 / math.log2(4)
    result = ndcg(np.array([1.0, 2.0, 3.0]), np.array([0.1, 0.9, 0.5]), 3)
    assert result == pytest.approx(ours / best)
    assert ndcg(np.array([1.0, 2.0, 3.0]), np.array([0.1, 0.9, 0.5]), 1) == pytest.approx(2 / 3)


@given(CASES)
def test_the_order_of_the_truth_is_right_and_any_rising_change_of_scores_too(case):
    relevance, score, k = drawn(case)
    if not relevance.any():
        return
    assert ndcg(relevance, relevance, k) == pytest.approx(1)
    assert ndcg(relevance, np.exp(score), k) == pytest.approx(ndcg(relevance, score, k))


def test_a_constant_score_gains_nothing_from_the_order_of_the_rows():
    # The naive way fails here: a stable sort keeps the rows' order, which may be the right one.
    relevance = np.array([5.0, 4.0, 0.0, 0.0])
    constant = np.zeros(4)
    naive = relevance[np.argsort(-constant, kind="stable")][:2] @ (1 / np.log2([2, 3]))
    assert naive == dcg(relevance, relevance, 2)
    assert dcg(relevance, constant, 2) == pytest.approx(dcg(relevance[::-1], constant, 2))
    assert ndcg(relevance, constant, 2) < 0.5


def test_recall_counts_the_relevant_among_the_first():
    relevant = np.array([True, False, True, True])
    score = np.array([0.9, 0.8, 0.7, 0.1])
    assert [recall_at_k(relevant, score, k) for k in (1, 2, 3, 4)] == [1 / 3, 1 / 3, 2 / 3, 1]


def test_where_nothing_is_relevant_no_list_is_wrong():
    nothing, score = np.zeros(3), np.arange(3.0)
    assert math.isnan(ndcg(nothing, score, 2))
    assert math.isnan(recall_at_k(nothing.astype(bool), score, 2))
    assert all(map(math.isnan, retrieval_and_ranking_error(nothing, score, score > 0, 2)))


@given(CASES, st.integers(0, 2**32))
def test_retriever_and_ranker_add_up_to_the_error(case, seed):
    relevance, score, k = drawn(case)
    retrieved = np.random.default_rng(seed).random(len(score)) < 0.5
    by_retriever, by_ranker = retrieval_and_ranking_error(relevance, score, retrieved, k)
    if not relevance.any():
        return
    assert by_retriever >= -1e-12
    assert by_ranker >= -1e-12
    # All retrieved: the ranker has the whole error. The truth as scores: it has none.
    every = np.ones(len(score), dtype=bool)
    whole = retrieval_and_ranking_error(relevance, score, every, k)
    assert whole == pytest.approx((0, 1 - ndcg(relevance, score, k)))
    assert retrieval_and_ranking_error(relevance, relevance, retrieved, k)[1] == pytest.approx(
        0, abs=1e-12
    )


def test_what_is_wrong_is_named():
    with pytest.raises(ValueError, match="k: 0 must be at least 1"):
        dcg(np.ones(2), np.ones(2), 0)
    with pytest.raises(ValueError, match=r"shapes \(2,\) and \(3,\)"):
        dcg(np.ones(2), np.ones(3), 1)
    with pytest.raises(ValueError, match=r"relevance: -1\.0 must be 0 or more"):
        dcg(np.array([-1.0, 1.0]), np.ones(2), 1)
    with pytest.raises(ValueError, match="true or false"):
        retrieval_and_ranking_error(np.ones(2), np.ones(2), np.ones(2), 1)
