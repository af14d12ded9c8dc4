"""The GRU, forward and backward through time.

The last axis of sums and gates has the reset gate's units, then those of the update gate and the
candidate. As in PyTorch, the reset gate multiplies the state's sums, which have biases of their
own, and the update gate keeps the old state; the course's reset gate multiplies the state itself,
and its update gate takes the candidate.

Source: Cho et al. (2014), Learning phrase representations using RNN encoder-decoder; Ng, DLS C5 W1.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from foursplit_courses.from_scratch.activations import sigmoid
from foursplit_courses.from_scratch.sequence.through_time import (
    Outputs,
    State,
    Steps,
    multiply_steps,
    states_before,
    weight_gradient,
)

N_GATES = 3


class GruWeights(NamedTuple):
    """Weights and biases of inputs and of the state, for two gates and the candidate."""

    x: Float[np.ndarray, "n_in gate_n"]
    h: Float[np.ndarray, "n gate_n"]
    b_x: Float[np.ndarray, " gate_n"]
    b_h: Float[np.ndarray, " gate_n"]


class GruTrace(NamedTuple):
    """What each step computed; the backward pass needs all of it."""

    outputs: Outputs
    gates: Float[np.ndarray, "step batch gate_n"]  # after their activations
    state_sums: Outputs  # of the candidate, before the reset gate


class GruGrads(NamedTuple):
    """Gradients of the cost; each has the shape of its variable."""

    x: Steps
    h0: State
    weights: GruWeights


def gru_cell(x: Float[np.ndarray, "batch n_in"], h: State, weights: GruWeights) -> State:
    """Compute the state after one step."""
    return _step(x @ weights.x + weights.b_x, h, weights)[0]


def gru(x: Steps, h0: State, weights: GruWeights) -> GruTrace:
    """Compute the state after each step."""
    sums = multiply_steps(x, weights.x) + weights.b_x
    outputs = np.empty((*x.shape[:2], h0.shape[1]), sums.dtype)
    state_sums, h = np.empty_like(outputs), h0
    for step, of_inputs in enumerate(sums):
        h, sums[step], state_sums[step] = _step(of_inputs, h, weights)
        outputs[step] = h
    return GruTrace(outputs, sums, state_sums)


def gru_backward(
    d_outputs: Outputs, trace: GruTrace, x: Steps, h0: State, weights: GruWeights
) -> GruGrads:
    """Carry the gradient of all outputs back through time."""
    before = states_before(trace.outputs, h0)
    d_x_sums, dh = np.empty_like(trace.gates), np.zeros_like(h0)
    d_h_sums = np.empty_like(d_x_sums)
    for step in reversed(range(len(x))):
        r, z, g = np.split(trace.gates[step], N_GATES, axis=1)
        dh = dh + d_outputs[step]
        d_g = dh * (1 - z) * (1 - g * g)
        d_z = dh * (before[step] - g) * z * (1 - z)
        d_r = d_g * trace.state_sums[step] * r * (1 - r)
        d_x_sums[step] = np.concatenate([d_r, d_z, d_g], axis=1)
        d_h_sums[step] = np.concatenate([d_r, d_z, d_g * r], axis=1)
        dh = dh * z + d_h_sums[step] @ weights.h.T
    return GruGrads(
        x=multiply_steps(d_x_sums, weights.x.T),
        h0=dh,
        weights=GruWeights(
            x=weight_gradient(x, d_x_sums),
            h=weight_gradient(before, d_h_sums),
            b_x=d_x_sums.sum(axis=(0, 1)),
            b_h=d_h_sums.sum(axis=(0, 1)),
        ),
    )


def _step(
    of_inputs: Float[np.ndarray, "batch gate_n"], h: State, weights: GruWeights
) -> tuple[State, np.ndarray, State]:
    """Return the next state, the gates, and the candidate's sums of the state."""
    x_r, x_z, x_g = np.split(of_inputs, N_GATES, axis=1)
    h_r, h_z, h_g = np.split(h @ weights.h + weights.b_h, N_GATES, axis=1)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    g = np.tanh(x_g + r * h_g)
    return (1 - z) * g + z * h, np.concatenate([r, z, g], axis=1), h_g
