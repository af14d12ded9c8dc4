"""Exponentially weighted averages, with and without bias correction.

Source: Ng, DLS C2 W2.
"""

import numpy as np
from jaxtyping import Float


def exponential_moving_average(
    values: Float[np.ndarray, " n"], beta: float, *, bias_correction: bool = True
) -> Float[np.ndarray, " n"]:
    """Return v_t = beta * v_(t-1) + (1 - beta) * value_t, from v_0 = 0.

    An average over about 1 / (1 - beta) values. It starts at zero; the correction divides it by
    1 - beta^t, the sum of its weights. Raises ValueError unless 0 <= beta < 1.
    """
    if not 0 <= beta < 1:
        raise ValueError(f"beta: {beta} must be from 0 to below 1")
    averages = np.empty(len(values))
    average = 0.0
    for t, value in enumerate(values):
        average = beta * average + (1 - beta) * value
        averages[t] = average / (1 - beta ** (t + 1)) if bias_correction else average
    return averages


def weights_of_average(n: int, beta: float) -> Float[np.ndarray, " n"]:
    """Return the weights of the last `n` values, newest first; they sum to 1 - beta^n."""
    return (1 - beta) * beta ** np.arange(n)
