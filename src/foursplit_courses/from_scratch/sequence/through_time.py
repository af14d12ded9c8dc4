"""What recurrent layers share: arrays by step, and products of all steps at once.

Axes: `step` comes first, then `batch` examples, then `n_in` inputs or `n` units, as in PyTorch. The
course has examples last, so a weight matrix here is the course's transposed.
"""

import numpy as np
from jaxtyping import Float

Steps = Float[np.ndarray, "step batch n_in"]
Outputs = Float[np.ndarray, "step batch n"]
State = Float[np.ndarray, "batch n"]


def multiply_steps(
    x: Float[np.ndarray, "step batch n_in"], w: Float[np.ndarray, "n_in n_out"]
) -> Float[np.ndarray, "step batch n_out"]:
    """Compute `x @ w` of all steps in one matrix product."""
    product: np.ndarray = (x.reshape(-1, x.shape[2]) @ w).reshape(*x.shape[:2], w.shape[1])
    return product


def weight_gradient(
    inputs: Float[np.ndarray, "step batch n_in"], d_sums: Float[np.ndarray, "step batch n_out"]
) -> Float[np.ndarray, "n_in n_out"]:
    """Sum the weights' gradient over steps and examples: every step has the same weights."""
    gradient: np.ndarray = inputs.reshape(-1, inputs.shape[2]).T @ d_sums.reshape(
        -1, d_sums.shape[2]
    )
    return gradient


def states_before(outputs: Outputs, h0: State) -> Outputs:
    """Return the state that each step began with."""
    return np.concatenate([h0[None], outputs[:-1]])
