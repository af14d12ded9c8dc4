"""Mean losses beside their derivatives, from what a network's last, linear layer gives.

Source: Ng, MLS C2 W2 (which output and loss for which kind of answer; loss from logits).
"""

import numpy as np
from jaxtyping import Float

from foursplit_courses.from_scratch.activations import sigmoid
from foursplit_courses.from_scratch.network import Loss
from foursplit_courses.from_scratch.softmax import cross_entropy, cross_entropy_backward

Column = Float[np.ndarray, "batch 1"]


def half_squared(outputs: Column, y: Column) -> float:
    """Give half the mean squared error, the course's cost."""
    return float(0.5 * ((outputs - y) ** 2).mean())


def half_squared_slope(outputs: Column, y: Column) -> Column:
    slope: np.ndarray = (outputs - y) / len(y)
    return slope


def logistic(log_odds: Column, y: Column) -> float:
    """Give the mean logistic loss in nats; `y` is 0 or 1.

    log(1 + exp(z)) - y z, written so that exp takes no positive number.
    """
    safe = np.maximum(log_odds, 0) + np.log1p(np.exp(-np.abs(log_odds)))
    return float((safe - y * log_odds).mean())


def logistic_slope(log_odds: Column, y: Column) -> Column:
    slope: np.ndarray = (sigmoid(log_odds) - y) / len(y)
    return slope


HALF_SQUARED = Loss(half_squared, half_squared_slope)
LOGISTIC = Loss(logistic, logistic_slope)
CROSS_ENTROPY = Loss(cross_entropy, cross_entropy_backward)
