"""Attention, masks, heads, positions and layer norm against PyTorch, loops and differences."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.from_scratch.slopes import slopes
from torch import nn
from torch.nn import functional as F

from foursplit_courses.from_scratch.sequence import attention, layer_norm

SEEDS = st.integers(0, 2**32 - 1)
CLOSE = {"rtol": 1e-10, "atol": 1e-12}


def tensors(*arrays):
    return [torch.from_numpy(array.copy()).requires_grad_() for array in arrays]


@settings(max_examples=40)
@given(seed=SEEDS, n=st.tuples(*(st.integers(1, 5) for _ in range(4))), masked=st.booleans())
def test_attention_is_pytorchs_forward_and_backward(seed, n, masked):
    queries, keys, d, d_value = n
    rng = np.random.default_rng(seed)
    q, k, v = (rng.normal(size=(2, *s)) for s in ((queries, d), (keys, d), (keys, d_value)))
    grad = rng.normal(size=(2, queries, d_value))
    mask = rng.random((2, queries, keys)) < 0.6 if masked else np.ones((2, queries, keys), bool)
    mask[..., 0] = True  # PyTorch has no answer for a query that sees nothing
    theirs = tensors(q, k, v)
    expected = F.scaled_dot_product_attention(*theirs, attn_mask=torch.from_numpy(mask))
    expected.backward(torch.from_numpy(grad))
    ours, weights = attention.attend(q, k, v, mask)
    np.testing.assert_allclose(ours, expected.detach(), **CLOSE)
    np.testing.assert_allclose(weights.sum(axis=-1), 1, rtol=1e-12)
    assert not weights[~mask].any()
    found = attention.attend_backward(grad, weights, q, k, v)
    for mine, tensor in zip(found, theirs, strict=True):
        np.testing.assert_allclose(mine, tensor.grad, **CLOSE)


def test_a_query_that_sees_nothing_answers_nothing():
    q, k, v = np.ones((2, 3)), np.ones((4, 3)), np.ones((4, 2))
    mask = np.array([[False] * 4, [True] * 4])
    answer, weights = attention.attend(q, k, v, mask)
    np.testing.assert_array_equal(answer, [[0, 0], [1, 1]])
    found = attention.attend_backward(np.ones((2, 2)), weights, q, k, v)
    assert np.isfinite(found.q).all()


def test_attention_worked_by_hand():
    # Keys (2 ln 3, 0) and (0, 0), query (sqrt 2 / 2, 0): scores ln 3 and 0, weights 3/4 and 1/4.
    q = np.array([[np.sqrt(2) / 2, 0.0]])
    k = np.array([[2 * np.log(3), 0.0], [0.0, 0.0]])
    answer, weights = attention.attend(q, k, np.array([[4.0], [8.0]]))
    np.testing.assert_allclose(weights, [[0.75, 0.25]], rtol=1e-12)
    np.testing.assert_allclose(answer, [[5.0]], rtol=1e-12)


def drawn_heads(rng, n):
    matrices = [rng.normal(size=(n, n)) for _ in range(4)]
    return attention.HeadWeights(*matrices, *(rng.normal(size=n) for _ in range(4)))


def their_heads(weights, n_heads):
    layer = nn.MultiheadAttention(len(weights.q), n_heads, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        stacked = np.concatenate([weights.q.T, weights.k.T, weights.v.T])
        layer.in_proj_weight.copy_(torch.from_numpy(stacked))
        biases = np.concatenate([weights.b_q, weights.b_k, weights.b_v])
        layer.in_proj_bias.copy_(torch.from_numpy(biases))
        layer.out_proj.weight.copy_(torch.from_numpy(weights.o.T.copy()))
        layer.out_proj.bias.copy_(torch.from_numpy(weights.b_o))
    return layer


@settings(max_examples=25)
@given(
    seed=SEEDS,
    sizes=st.tuples(*(st.integers(1, 3) for _ in range(4))),
    n_heads=st.sampled_from([1, 2, 3]),
)
def test_several_heads_are_pytorchs_with_padding(seed, sizes, n_heads):
    batch, queries, keys, d = sizes
    n, rng = n_heads * d, np.random.default_rng(seed)
    q, k, v = (rng.normal(size=(batch, steps, n)) for steps in (queries, keys, keys))
    grad, weights = rng.normal(size=(batch, queries, n)), drawn_heads(rng, n)
    lengths = rng.integers(1, keys + 1, batch)
    mask = attention.padding_mask(lengths, keys)
    layer, theirs = their_heads(weights, n_heads), tensors(q, k, v)
    expected, shares = layer(
        *theirs, key_padding_mask=torch.from_numpy(~mask[:, 0]), average_attn_weights=False
    )
    expected.backward(torch.from_numpy(grad))
    trace = attention.multi_head(q, k, v, weights, n_heads, mask)
    np.testing.assert_allclose(trace.outputs, expected.detach(), **CLOSE)
    np.testing.assert_allclose(trace.weights, shares.detach(), **CLOSE)
    found = attention.multi_head_backward(grad, trace, q, k, v, weights)
    for mine, tensor in zip(found[:3], theirs, strict=True):
        np.testing.assert_allclose(mine, tensor.grad, **CLOSE)
    stacked = np.concatenate([found.weights.q.T, found.weights.k.T, found.weights.v.T])
    np.testing.assert_allclose(stacked, layer.in_proj_weight.grad, **CLOSE)
    np.testing.assert_allclose(found.weights.o.T, layer.out_proj.weight.grad, **CLOSE)
    np.testing.assert_allclose(found.weights.b_o, layer.out_proj.bias.grad, **CLOSE)
    biases = np.concatenate([found.weights.b_q, found.weights.b_k, found.weights.b_v])
    np.testing.assert_allclose(biases, layer.in_proj_bias.grad, rtol=1e-9, atol=1e-12)


@settings(max_examples=5)
@given(seed=SEEDS)
def test_heads_match_central_differences(seed):
    rng = np.random.default_rng(seed)
    q, k, v, grad = (rng.normal(size=(1, 2, 4)) for _ in range(4))
    weights, mask = drawn_heads(rng, 4), attention.look_ahead_mask(2)
    trace = attention.multi_head(q, k, v, weights, 2, mask)
    found = attention.multi_head_backward(grad, trace, q, k, v, weights)

    def cost(changed):
        return float((attention.multi_head(q, k, v, changed, 2, mask).outputs * grad).sum())

    for field, value in weights._asdict().items():
        slope = slopes(lambda w, f=field: cost(weights._replace(**{f: w})), value)
        np.testing.assert_allclose(getattr(found.weights, field), slope, rtol=1e-5, atol=1e-7)


@settings(max_examples=25)
@given(seed=SEEDS, steps=st.integers(2, 6), data=st.data())
def test_behind_a_look_ahead_mask_no_step_sees_the_later_ones(seed, steps, data):
    cut = data.draw(st.integers(1, steps - 1))
    rng = np.random.default_rng(seed)
    x, weights = rng.normal(size=(1, steps, 4)), drawn_heads(rng, 4)
    other = x.copy()
    other[:, cut:] += rng.normal(size=(1, steps - cut, 4))
    mask = attention.look_ahead_mask(steps)
    one, two = (attention.multi_head(v, v, v, weights, 2, mask).outputs for v in (x, other))
    np.testing.assert_allclose(one[:, :cut], two[:, :cut], rtol=1e-12, atol=1e-12)
    unmasked = [attention.multi_head(v, v, v, weights, 2).outputs for v in (x, other)]
    assert np.abs(unmasked[0][:, :cut] - unmasked[1][:, :cut]).max() > 1e-9


@settings(max_examples=25)
@given(seed=SEEDS, length=st.integers(1, 4), padding=st.integers(1, 4))
def test_padding_changes_nothing(seed, length, padding):
    rng = np.random.default_rng(seed)
    x, weights = rng.normal(size=(1, length, 4)), drawn_heads(rng, 4)
    longer = np.concatenate([x, rng.normal(size=(1, padding, 4))], axis=1)
    alone = attention.multi_head(x, x, x, weights, 2).outputs
    mask = attention.padding_mask(np.array([length]), length + padding)
    padded = attention.multi_head(longer, longer, longer, weights, 2, mask).outputs
    np.testing.assert_allclose(padded[:, :length], alone, rtol=1e-10, atol=1e-12)


def test_numbers_that_do_not_divide_among_the_heads_are_refused():
    x = np.ones((1, 2, 4))
    with pytest.raises(ValueError, match="4 numbers"):
        attention.multi_head(x, x, x, drawn_heads(np.random.default_rng(1), 4), 3)


@given(n_steps=st.integers(1, 40), n=st.integers(1, 12))
def test_positions_by_their_definition(n_steps, n):
    found = attention.sinusoidal_positions(n_steps, n)
    for step in range(n_steps):
        for place in range(n):
            angle = step / 10_000 ** ((place - place % 2) / n)
            assert found[step, place] == pytest.approx(
                np.cos(angle) if place % 2 else np.sin(angle), abs=1e-12
            )


@given(step=st.integers(0, 50), other=st.integers(0, 50), shift=st.integers(0, 50))
def test_products_of_positions_depend_on_their_distance_alone(step, other, shift):
    waves = attention.sinusoidal_positions(101, 8)
    before = waves[step] @ waves[other]
    assert waves[step + shift] @ waves[other + shift] == pytest.approx(before, abs=1e-9)


@settings(max_examples=30)
@given(seed=SEEDS, n=st.integers(1, 6))
def test_layer_norm_is_pytorchs(seed, n):
    rng = np.random.default_rng(seed)
    x, grad = rng.normal(2, 3, size=(2, 3, n)), rng.normal(size=(2, 3, n))
    gamma, beta = rng.normal(size=n), rng.normal(size=n)
    theirs = tensors(x, gamma, beta)
    expected = F.layer_norm(theirs[0], (n,), theirs[1], theirs[2])
    expected.backward(torch.from_numpy(grad))
    close = {"rtol": 1e-9, "atol": 1e-10}
    np.testing.assert_allclose(layer_norm.layer_norm(x, gamma, beta), expected.detach(), **close)
    found = layer_norm.layer_norm_backward(grad, x, gamma)
    for mine, tensor in zip(found, theirs, strict=True):
        np.testing.assert_allclose(mine, tensor.grad, **close)


@settings(max_examples=5)
@given(seed=SEEDS)
def test_layer_norm_matches_central_differences(seed):
    rng = np.random.default_rng(seed)
    x, grad = rng.normal(size=(2, 4)), rng.normal(size=(2, 4))
    gamma, beta = rng.normal(size=4), rng.normal(size=4)
    found = layer_norm.layer_norm_backward(grad, x, gamma)
    slope = slopes(lambda v: float((layer_norm.layer_norm(v, gamma, beta) * grad).sum()), x)
    np.testing.assert_allclose(found.x, slope, rtol=1e-4, atol=1e-6)
