"""Word vectors: lookup is a product, directions are removed, pairs are made even."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from foursplit_courses.from_scratch.sequence import embedding

SEEDS = st.integers(0, 2**32 - 1)


@settings(max_examples=30)
@given(seed=SEEDS, n_tokens=st.integers(1, 6), n=st.integers(1, 4), batch=st.integers(0, 7))
def test_lookup_is_the_product_with_one_hot_rows_and_so_is_its_gradient(seed, n_tokens, n, batch):
    rng = np.random.default_rng(seed)
    table, ids = rng.normal(size=(n_tokens, n)), rng.integers(0, n_tokens, batch)
    grad, rows = rng.normal(size=(batch, n)), embedding.one_hot(ids, n_tokens)
    np.testing.assert_array_equal(embedding.embed(ids, table), rows @ table)
    ours = embedding.embed_backward(grad, ids, n_tokens)
    np.testing.assert_allclose(ours, rows.T @ grad, rtol=1e-12, atol=1e-12)
    theirs = torch.from_numpy(table).requires_grad_()
    F.embedding(torch.from_numpy(ids), theirs).backward(torch.from_numpy(grad))
    np.testing.assert_allclose(ours, theirs.grad, rtol=1e-12, atol=1e-12)


@settings(max_examples=30)
@given(seed=SEEDS, n=st.integers(1, 5), factor=st.floats(0.01, 100))
def test_the_cosine_is_pytorchs_and_blind_to_length(seed, n, factor):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, n))
    expected = F.cosine_similarity(torch.from_numpy(a), torch.from_numpy(b), dim=0)
    found = embedding.cosine_similarity(a, b)
    assert found == pytest.approx(float(expected), rel=1e-10, abs=1e-12)
    assert embedding.cosine_similarity(factor * a, b) == pytest.approx(found, abs=1e-12)
    assert embedding.cosine_similarities(np.stack([a, 0 * a]), b) == pytest.approx([found, 0])
    assert embedding.cosine_similarity(a, 0 * b) == 0


def test_an_analogy_is_a_parallelogram():
    # man (0, 0) is to woman (0, 2) as king (3, 1) to queen (3, 3); boy lies elsewhere.
    table = np.array([[0.0, 0], [0, 2], [3, 1], [3, 3], [2, 0]])
    assert embedding.analogy(table, 0, 1, 2) == 3
    # Without its true answer, the nearest direction of those left: from king to man or to boy.
    assert embedding.analogy(table, 0, 1, 2, excluded=(3,)) == 1


@settings(max_examples=50)
@given(seed=SEEDS, n=st.integers(2, 6))
def test_a_neutral_vector_has_no_part_along_the_direction_and_keeps_the_rest(seed, n):
    rng = np.random.default_rng(seed)
    v, direction = rng.normal(size=(2, n))
    found = embedding.neutralize(v, direction)
    assert found @ direction == pytest.approx(0, abs=1e-10)
    np.testing.assert_allclose(found + embedding.project(v, direction), v, atol=1e-12)
    np.testing.assert_allclose(embedding.neutralize(found, direction), found, atol=1e-10)


@settings(max_examples=50)
@given(seed=SEEDS, n=st.integers(2, 6))
def test_an_equalized_pair_is_as_far_from_every_neutral_vector(seed, n):
    rng = np.random.default_rng(seed)
    a, b, direction, other = rng.normal(size=(4, n))
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    one, two = embedding.equalize(a, b, direction)
    assert [np.linalg.norm(one), np.linalg.norm(two)] == pytest.approx([1, 1])
    assert one @ direction == pytest.approx(-(two @ direction), abs=1e-10)
    neutral = embedding.neutralize(other, direction)
    assert neutral @ one == pytest.approx(neutral @ two, abs=1e-10)


def test_pairs_that_cannot_be_equalized_are_refused():
    direction = np.array([1.0, 0.0])
    with pytest.raises(ValueError, match="scale a and b"):
        embedding.equalize(np.array([1.0, 3.0]), np.array([-1.0, 3.0]), direction)
    with pytest.raises(ValueError, match="do not differ"):
        embedding.equalize(np.array([0.0, 0.5]), np.array([0.0, -0.5]), direction)
