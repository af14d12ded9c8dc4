"""Adam: gradient steps scaled by each parameter's running gradient moments.

Source: Kingma and Ba (2015), Adam, algorithm 1; Ng, MLS C2 W2 (a learning rate for each parameter)
and DLS C2 W2.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

Arrays = Sequence[np.ndarray]

EPS = 1e-8  # the paper's epsilon: avoids a division by zero where all gradients are zero


class AdamState(NamedTuple):
    """Number of steps, and running averages of each gradient and of its square."""

    step: int
    exp_avg: list[np.ndarray]
    exp_avg_sq: list[np.ndarray]


def init_state(parameters: Arrays) -> AdamState:
    zeros = [np.zeros_like(p) for p in parameters]
    return AdamState(0, zeros, [z.copy() for z in zeros])


def step(
    parameters: Arrays,
    gradients: Arrays,
    state: AdamState,
    learning_rate: float,
    betas: tuple[float, float] = (0.9, 0.999),
    *,
    in_place: bool = False,
) -> tuple[list[np.ndarray], AdamState]:
    """Return the parameters after one step, and the new state.

    The averages start at zero; the bias corrections undo the pull towards it. With `in_place` the
    arrays that are given are overwritten, which saves the time to fetch new memory.
    """
    n_steps = state.step + 1
    beta1, beta2 = betas
    rates = _Rates(learning_rate, beta1, beta2, 1 - beta1**n_steps, 1 - beta2**n_steps)
    updated: tuple[list[np.ndarray], ...] = ([], [], [])
    for arrays in zip(parameters, state.exp_avg, state.exp_avg_sq, gradients, strict=True):
        old, gradient = arrays[:3], arrays[3]
        dtype = np.result_type(*arrays)
        new = old if in_place else tuple(np.empty_like(a, dtype=dtype) for a in old)
        _update((*old, gradient, *new), np.empty((2, *gradient.shape), dtype), rates)
        for values, one in zip(updated, new, strict=True):
            values.append(one)
    return updated[0], AdamState(n_steps, updated[1], updated[2])


class _Rates(NamedTuple):
    """Numbers of one step, the same for every parameter."""

    learning_rate: float
    beta1: float
    beta2: float
    bias_correction1: float
    bias_correction2: float


def _update(arrays: Arrays, scratch: np.ndarray, rates: _Rates) -> None:
    """Compute the new parameters and averages of an array without further memory.

    p - learning_rate * (m / correction1) / (sqrt(s / correction2) + eps), operation by operation.
    """
    p, m, s, g, new_p, new_m, new_s = arrays
    one, other = scratch
    np.multiply(g, 1 - rates.beta1, out=one)
    np.multiply(m, rates.beta1, out=new_m)
    new_m += one
    np.multiply(g, 1 - rates.beta2, out=one)
    one *= g
    np.multiply(s, rates.beta2, out=new_s)
    new_s += one
    np.divide(new_s, rates.bias_correction2, out=one)
    np.sqrt(one, out=one)
    one += EPS
    np.divide(new_m, rates.bias_correction1, out=other)
    other *= rates.learning_rate
    other /= one
    np.subtract(p, other, out=new_p)
