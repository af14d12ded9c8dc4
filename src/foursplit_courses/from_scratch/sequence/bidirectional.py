"""A layer that reads a sequence in both directions, for any recurrent layer and any lengths.

Source: Schuster and Paliwal (1997), Bidirectional recurrent neural networks; Ng, DLS C5 W1.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from foursplit_courses.from_scratch.sequence.through_time import Outputs, Steps

Lengths = Int[np.ndarray, " batch"]
Layer = Callable[[np.ndarray], np.ndarray]
"""From (step, batch, n_in) inputs to (step, batch, n) outputs."""

Backward = Callable[[np.ndarray], Any]
"""From the gradient of a layer's outputs to its gradients, of which `x` is that of its inputs."""


class BidirectionalGrads(NamedTuple):
    """The gradient of the inputs, and all that each direction's backward pass returned."""

    x: Steps
    forwards: Any
    backwards: Any


def bidirectional(
    x: Steps, lengths: Lengths, forwards: Layer, backwards: Layer
) -> Float[np.ndarray, "step batch two_n"]:
    """Compute each step's output of both directions; behind an example's end it is zero."""
    back = reverse_steps(backwards(reverse_steps(x, lengths)), lengths)
    return np.concatenate([forwards(x), back], axis=2) * _is_inside(len(x), lengths)


def bidirectional_backward(
    d_outputs: Float[np.ndarray, "step batch two_n"],
    lengths: Lengths,
    forwards: Backward,
    backwards: Backward,
) -> BidirectionalGrads:
    """Add up what both directions' backward passes say of the inputs."""
    inside = d_outputs * _is_inside(len(d_outputs), lengths)
    of_forwards, of_backwards = np.split(inside, 2, axis=2)
    ahead = forwards(of_forwards)
    back = backwards(reverse_steps(of_backwards, lengths))
    return BidirectionalGrads(ahead.x + reverse_steps(back.x, lengths), ahead, back)


def reverse_steps(x: Outputs, lengths: Lengths) -> Outputs:
    """Reverse each example's own steps; its padding stays at the end."""
    steps = np.arange(len(x))[:, None]
    order = np.where(steps < lengths, lengths - 1 - steps, steps)  # (step, batch)
    return x[order, np.arange(x.shape[1])]


def _is_inside(n_steps: int, lengths: Lengths) -> np.ndarray:
    return (np.arange(n_steps)[:, None] < lengths)[:, :, None]
