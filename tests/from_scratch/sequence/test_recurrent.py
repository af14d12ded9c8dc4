"""RNN, LSTM and GRU, one way and both, against PyTorch, their own cells and central differences."""

from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.from_scratch.slopes import slopes
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from foursplit_courses.from_scratch.sequence import bidirectional as both
from foursplit_courses.from_scratch.sequence import gru, lstm, rnn

SEEDS = st.integers(0, 2**32 - 1)
SIZES = st.tuples(st.integers(1, 5), st.integers(1, 3), st.integers(1, 4), st.integers(1, 4))
NAMES = ("rnn", "lstm", "gru")
N_GATES = {"rnn": 1, "lstm": 4, "gru": 3}
THEIRS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
CLOSE = {"rtol": 1e-10, "atol": 1e-12}


class Drawn(NamedTuple):
    """A layer with its inputs, first states and a gradient of its outputs."""

    x: np.ndarray
    h: np.ndarray
    c: np.ndarray
    weights: tuple
    grad: np.ndarray


def drawn(name, sizes, seed):
    steps, batch, n_in, n = sizes
    rng = np.random.default_rng(seed)
    gates = N_GATES[name] * n
    shapes = [(n_in, gates), (n, gates), (gates,)] + ([(gates,)] if name == "gru" else [])
    kind = {"rnn": rnn.RnnWeights, "lstm": lstm.LstmWeights, "gru": gru.GruWeights}[name]
    return Drawn(
        rng.normal(size=(steps, batch, n_in)),
        rng.normal(size=(batch, n)),
        rng.normal(size=(batch, n)),
        kind(*(rng.normal(size=shape) for shape in shapes)),
        rng.normal(size=(steps, batch, n)),
    )


def outputs(name, d):
    if name == "rnn":
        return rnn.rnn(d.x, d.h, d.weights)
    if name == "lstm":
        return lstm.lstm(d.x, d.h, d.c, d.weights).outputs
    return gru.gru(d.x, d.h, d.weights).outputs


def grads(name, d):
    if name == "rnn":
        return rnn.rnn_backward(d.grad, outputs(name, d), d.x, d.h, d.weights)
    if name == "lstm":
        trace = lstm.lstm(d.x, d.h, d.c, d.weights)
        return lstm.lstm_backward(d.grad, trace, d.x, d.h, d.c, d.weights)
    return gru.gru_backward(d.grad, gru.gru(d.x, d.h, d.weights), d.x, d.h, d.weights)


def as_torch(name, weights, layer=None, direction=""):
    """Give PyTorch's layer the same weights; where ours has one bias, its second is 0."""
    n_in, n = len(weights.x), len(weights.h)
    layer = layer or THEIRS[name](n_in, n, dtype=torch.float64)
    biases = (weights.b_x, weights.b_h) if name == "gru" else (weights.b, 0 * weights.b)
    values = {"weight_ih": weights.x.T, "weight_hh": weights.h.T}
    values |= {"bias_ih": biases[0], "bias_hh": biases[1]}
    with torch.no_grad():
        for key, value in values.items():
            getattr(layer, f"{key}_l0{direction}").copy_(torch.from_numpy(value.copy()))
    return layer


def compare_weights(name, ours, layer, direction=""):
    of = {key: getattr(layer, f"{key}_l0{direction}").grad.numpy() for key in (
        "weight_ih", "weight_hh", "bias_ih", "bias_hh")}  # fmt: skip
    np.testing.assert_allclose(ours.x, of["weight_ih"].T, **CLOSE)
    np.testing.assert_allclose(ours.h, of["weight_hh"].T, **CLOSE)
    if name == "gru":
        np.testing.assert_allclose(ours.b_x, of["bias_ih"], **CLOSE)
        np.testing.assert_allclose(ours.b_h, of["bias_hh"], **CLOSE)
    else:
        np.testing.assert_allclose(ours.b, of["bias_ih"], **CLOSE)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25)
@given(sizes=SIZES, seed=SEEDS)
def test_a_layer_is_pytorchs_forward_and_backward(name, sizes, seed):
    d = drawn(name, sizes, seed)
    layer = as_torch(name, d.weights)
    x, h, c = (torch.from_numpy(v.copy()).requires_grad_() for v in (d.x, d.h, d.c))
    first = (h[None], c[None]) if name == "lstm" else h[None]
    expected, _ = layer(x, first)
    expected.backward(torch.from_numpy(d.grad))
    found = grads(name, d)
    np.testing.assert_allclose(outputs(name, d), expected.detach(), **CLOSE)
    np.testing.assert_allclose(found.x, x.grad, **CLOSE)
    np.testing.assert_allclose(found.h0, h.grad, **CLOSE)
    if name == "lstm":
        np.testing.assert_allclose(found.c0, c.grad, **CLOSE)
    compare_weights(name, found.weights, layer)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=5)
@given(seed=SEEDS)
def test_gradients_through_time_match_central_differences(name, seed):
    d = drawn(name, (3, 2, 2, 2), seed)
    found = grads(name, d)

    def cost(**changed):
        return float((outputs(name, d._replace(**changed)) * d.grad).sum())

    close = {"rtol": 1e-5, "atol": 1e-7}
    np.testing.assert_allclose(found.x, slopes(lambda v: cost(x=v), d.x), **close)
    np.testing.assert_allclose(found.h0, slopes(lambda v: cost(h=v), d.h), **close)
    for field, value in d.weights._asdict().items():
        slope = slopes(lambda v, f=field: cost(weights=d.weights._replace(**{f: v})), value)
        np.testing.assert_allclose(getattr(found.weights, field), slope, **close)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=15)
@given(sizes=SIZES, seed=SEEDS)
def test_a_layer_is_its_cell_step_by_step(name, sizes, seed):
    d = drawn(name, sizes, seed)
    h, c, found = d.h, d.c, []
    for x in d.x:
        if name == "lstm":
            h, c = lstm.lstm_cell(x, h, c, d.weights)
        else:
            h = {"rnn": rnn.rnn_cell, "gru": gru.gru_cell}[name](x, h, d.weights)
        found.append(h)
    np.testing.assert_allclose(outputs(name, d), found, **CLOSE)


@settings(max_examples=10)
@given(seed=SEEDS)
def test_the_last_cells_gradient_goes_back_through_the_lstm(seed):
    d = drawn("lstm", (3, 2, 2, 2), seed)
    trace = lstm.lstm(d.x, d.h, d.c, d.weights)
    found = lstm.lstm_backward(0 * d.grad, trace, d.x, d.h, d.c, d.weights, np.ones_like(d.c))
    slope = slopes(lambda v: lstm.lstm(v, d.h, d.c, d.weights).cells[-1].sum(), d.x)
    np.testing.assert_allclose(found.x, slope, rtol=1e-5, atol=1e-7)


def test_an_lstm_that_forgets_nothing_and_takes_nothing_keeps_its_cell():
    # Forget gate open (bias 40), input gate shut (bias -40): the cell after 100 steps is the first.
    n, steps = 3, 100
    biases = np.repeat([-40.0, 40.0, 0.0, 0.0], n)
    weights = lstm.LstmWeights(np.zeros((2, 4 * n)), np.zeros((n, 4 * n)), biases)
    first = np.array([[1.0, -2.0, 0.5]])
    trace = lstm.lstm(np.ones((steps, 1, 2)), np.zeros((1, n)), first, weights)
    np.testing.assert_allclose(trace.cells[-1], first, rtol=1e-12)
    back = lstm.lstm_backward(
        np.zeros((steps, 1, n)), trace, np.ones((steps, 1, 2)), np.zeros((1, n)), first, weights,
        np.ones((1, n)),
    )  # fmt: skip
    # The gradient arrives whole, where a plain layer's with weights of a half has all but vanished.
    np.testing.assert_allclose(back.c0, np.ones((1, n)), rtol=1e-12)
    plain = rnn.RnnWeights(np.zeros((2, n)), 0.5 * np.eye(n), np.zeros(n))
    x, last = np.zeros((steps, 1, 2)), np.zeros((steps, 1, n))
    last[-1] = 1
    states = rnn.rnn(x, first, plain)
    assert np.abs(rnn.rnn_backward(last, states, x, first, plain).h0).max() < 0.5**steps * 1.001


def layer_of(name, d):
    """Return a direction as functions of inputs and of the outputs' gradient, from states of 0."""
    zero = d._replace(h=0 * d.h, c=0 * d.c)
    read = {}

    def forwards(x):
        read["x"] = x
        return outputs(name, zero._replace(x=x))

    return forwards, lambda grad: grads(name, zero._replace(x=read["x"], grad=grad))


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=20)
@given(sizes=SIZES, seed=SEEDS, data=st.data())
def test_both_directions_are_pytorchs_for_texts_of_any_length(name, sizes, seed, data):
    steps, batch, n_in, n = sizes
    lengths = data.draw(st.lists(st.integers(1, steps), min_size=batch, max_size=batch))
    lengths[0] = steps  # PyTorch pads to the longest
    one, other = drawn(name, sizes, seed), drawn(name, sizes, seed ^ 1)
    layer = THEIRS[name](n_in, n, bidirectional=True, dtype=torch.float64)
    as_torch(name, one.weights, layer)
    as_torch(name, other.weights, layer, "_reverse")
    x = torch.from_numpy(one.x.copy()).requires_grad_()
    packed = pack_padded_sequence(x, torch.tensor(lengths), enforce_sorted=False)
    expected, _ = pad_packed_sequence(layer(packed)[0])
    grad = np.concatenate([one.grad, other.grad], axis=2)
    expected.backward(torch.from_numpy(grad))
    (ahead, ahead_back), (back, back_back) = layer_of(name, one), layer_of(name, other)
    counts = np.array(lengths)
    ours = both.bidirectional(one.x, counts, ahead, back)
    np.testing.assert_allclose(ours, expected.detach(), **CLOSE)
    found = both.bidirectional_backward(grad, counts, ahead_back, back_back)
    np.testing.assert_allclose(found.x, x.grad, **CLOSE)
    compare_weights(name, found.forwards.weights, layer)
    compare_weights(name, found.backwards.weights, layer, "_reverse")


@given(seed=SEEDS, lengths=st.lists(st.integers(0, 4), min_size=1, max_size=4))
def test_reversing_twice_changes_nothing_and_padding_stays(seed, lengths):
    x = np.random.default_rng(seed).normal(size=(4, len(lengths), 2))
    once = both.reverse_steps(x, np.array(lengths))
    np.testing.assert_array_equal(both.reverse_steps(once, np.array(lengths)), x)
    for example, length in enumerate(lengths):
        np.testing.assert_array_equal(once[:length, example], x[:length, example][::-1])
        np.testing.assert_array_equal(once[length:, example], x[length:, example])
