"""The plain recurrent layer, forward and backward through time.

Source: Ng, DLS C5 W1 (recurrent neural networks; backpropagation through time); Werbos (1990),
Backpropagation through time: what it does and how to do it.
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


class RnnWeights(NamedTuple):
    """Weights of inputs and of the state, and biases."""

    x: Float[np.ndarray, "n_in n"]
    h: Float[np.ndarray, "n n"]
    b: Float[np.ndarray, " n"]


class RnnGrads(NamedTuple):
    """Gradients of the cost; each has the shape of its variable."""

    x: Steps
    h0: State
    weights: RnnWeights


def rnn_cell(x: Float[np.ndarray, "batch n_in"], h: State, weights: RnnWeights) -> State:
    """Compute the state after one step."""
    state: np.ndarray = np.tanh(x @ weights.x + h @ weights.h + weights.b)
    return state


def rnn(x: Steps, h0: State, weights: RnnWeights) -> Outputs:
    """Compute the state after each step."""
    outputs = multiply_steps(x, weights.x) + weights.b
    h = h0
    for output in outputs:  # (batch, n), changed in place
        output += h @ weights.h
        np.tanh(output, out=output)
        h = output
    return outputs


def rnn_backward(
    d_outputs: Outputs, outputs: Outputs, x: Steps, h0: State, weights: RnnWeights
) -> RnnGrads:
    """Carry the gradient of all outputs back through time, from the last step to the first."""
    d_sums, dh = np.empty_like(outputs), np.zeros_like(h0)
    for step in reversed(range(len(outputs))):
        d_sums[step] = (d_outputs[step] + dh) * (1 - outputs[step] ** 2)
        dh = d_sums[step] @ weights.h.T
    return RnnGrads(
        x=multiply_steps(d_sums, weights.x.T),
        h0=dh,
        weights=RnnWeights(
            x=weight_gradient(x, d_sums),
            h=weight_gradient(states_before(outputs, h0), d_sums),
            b=d_sums.sum(axis=(0, 1)),
        ),
    )
