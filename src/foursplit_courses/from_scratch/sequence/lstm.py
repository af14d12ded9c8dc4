"""The LSTM, forward and backward through time.

The last axis of sums and gates has the input gate's units, then those of the forget gate, the
candidate and the output gate, in PyTorch's order. The course calls the input gate update gate.

Source: Hochreiter and Schmidhuber (1997), Long short-term memory; Gers, Schmidhuber and Cummins
(2000), Learning to forget; Ng, DLS C5 W1.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from foursplit_courses.from_scratch.sequence.through_time import (
    Outputs,
    State,
    Steps,
    multiply_steps,
    states_before,
    weight_gradient,
)

N_GATES = 4
Gates = Float[np.ndarray, "batch gate_n"]


class LstmWeights(NamedTuple):
    """Weights of inputs and of the state, and biases, for three gates and the candidate."""

    x: Float[np.ndarray, "n_in gate_n"]
    h: Float[np.ndarray, "n gate_n"]
    b: Float[np.ndarray, " gate_n"]


class LstmTrace(NamedTuple):
    """What each step computed; the backward pass needs all of it."""

    outputs: Outputs
    cells: Outputs
    tanh_cells: Outputs
    gates: Float[np.ndarray, "step batch gate_n"]  # after their activations


class LstmGrads(NamedTuple):
    """Gradients of the cost; each has the shape of its variable."""

    x: Steps
    h0: State
    c0: State
    weights: LstmWeights


def lstm_cell(
    x: Float[np.ndarray, "batch n_in"], h: State, c: State, weights: LstmWeights
) -> tuple[State, State]:
    """Compute output and cell after one step."""
    gates = x @ weights.x + h @ weights.h + weights.b
    _activate(gates, *_scale_and_shift(h.shape[1], gates.dtype))
    i, f, g, o = np.split(gates, N_GATES, axis=1)
    c = f * c + i * g
    return o * np.tanh(c), c


def lstm(x: Steps, h0: State, c0: State, weights: LstmWeights) -> LstmTrace:
    """Compute output and cell after each step."""
    n = h0.shape[1]
    gates = multiply_steps(x, weights.x) + weights.b  # sums first, gates once activated
    scale, shift = _scale_and_shift(n, gates.dtype)
    shape = (*x.shape[:2], n)
    outputs, cells, tanh_cells = (np.empty(shape, gates.dtype) for _ in range(3))
    h, c = h0, c0
    for step, gate in enumerate(gates):
        gate += h @ weights.h
        _activate(gate, scale, shift)
        np.multiply(gate[:, n : 2 * n], c, out=cells[step])
        cells[step] += gate[:, :n] * gate[:, 2 * n : 3 * n]
        np.tanh(cells[step], out=tanh_cells[step])
        np.multiply(gate[:, 3 * n :], tanh_cells[step], out=outputs[step])
        h, c = outputs[step], cells[step]
    return LstmTrace(outputs, cells, tanh_cells, gates)


def lstm_backward(  # noqa: PLR0913, one more than the forward pass has
    d_outputs: Outputs,
    trace: LstmTrace,
    x: Steps,
    h0: State,
    c0: State,
    weights: LstmWeights,
    d_last_cell: State | None = None,
) -> LstmGrads:
    """Carry the gradients of all outputs, and of the last cell, back through time."""
    d_sums, dh = np.empty_like(trace.gates), np.zeros_like(h0)
    dc = np.zeros_like(c0) if d_last_cell is None else d_last_cell
    for step in reversed(range(len(x))):
        i, f, g, o = np.split(trace.gates[step], N_GATES, axis=1)
        tanh_c, before = trace.tanh_cells[step], trace.cells[step - 1] if step else c0
        dh = dh + d_outputs[step]
        dc = dc + dh * o * (1 - tanh_c * tanh_c)
        d_i, d_f, d_g, d_o = np.split(d_sums[step], N_GATES, axis=1)  # views, filled in place
        np.multiply(dc * g, i * (1 - i), out=d_i)
        np.multiply(dc * before, f * (1 - f), out=d_f)
        np.multiply(dc * i, 1 - g * g, out=d_g)
        np.multiply(dh * tanh_c, o * (1 - o), out=d_o)
        dc = dc * f
        dh = d_sums[step] @ weights.h.T
    return LstmGrads(
        x=multiply_steps(d_sums, weights.x.T),
        h0=dh,
        c0=dc,
        weights=LstmWeights(
            x=weight_gradient(x, d_sums),
            h=weight_gradient(states_before(trace.outputs, h0), d_sums),
            b=d_sums.sum(axis=(0, 1)),
        ),
    )


def _scale_and_shift(n: int, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """Return what makes tanh a sigmoid for the gates and leaves it for the candidate."""
    is_candidate = np.repeat([False, False, True, False], n)
    return np.where(is_candidate, 1, 0.5).astype(dtype), np.where(is_candidate, 0, 0.5).astype(
        dtype
    )


def _activate(sums: Gates, scale: np.ndarray, shift: np.ndarray) -> None:
    """Turn sums into gates in place, by one tanh: the sigmoid of z is 0.5 tanh(z / 2) + 0.5."""
    sums *= scale
    np.tanh(sums, out=sums)
    sums *= scale
    sums += shift
