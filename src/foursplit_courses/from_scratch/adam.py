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
) -> tuple[list[np.ndarray], AdamState]:
    """Return the parameters after one step, and the new state.

    The averages start at zero; the bias corrections undo the pull towards it.
    """
    n_steps = state.step + 1
    beta1, beta2 = betas
    exp_avg = [beta1 * m + (1 - beta1) * g for m, g in zip(state.exp_avg, gradients, strict=True)]
    exp_avg_sq = [
        beta2 * s + (1 - beta2) * g * g for s, g in zip(state.exp_avg_sq, gradients, strict=True)
    ]
    bias_correction1, bias_correction2 = 1 - beta1**n_steps, 1 - beta2**n_steps
    updated = [
        p - learning_rate * (m / bias_correction1) / (np.sqrt(s / bias_correction2) + EPS)
        for p, m, s in zip(parameters, exp_avg, exp_avg_sq, strict=True)
    ]
    return updated, AdamState(n_steps, exp_avg, exp_avg_sq)
