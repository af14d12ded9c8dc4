"""Mean losses and their gradients with respect to the outputs of a linear last layer.

Source: Ng, MLS C2 W2 (which output and loss for which kind of answer; loss from logits).
"""

import numpy as np
from jaxtyping import Float

from foursplit_courses.from_scratch.activations import sigmoid
from foursplit_courses.from_scratch.network import Loss
from foursplit_courses.from_scratch.softmax import cross_entropy, cross_entropy_backward

Column = Float[np.ndarray, "batch 1"]


def squared_error_cost(outputs: Column, y: Column) -> float:
    """Compute half the mean squared error, the course's cost."""
    return float(0.5 * ((outputs - y) ** 2).mean())


def squared_error_grad(outputs: Column, y: Column) -> Column:
    grad: np.ndarray = (outputs - y) / len(y)
    return grad


def binary_cross_entropy_with_logits(logits: Column, y: Column) -> float:
    """Compute the mean logistic loss in nats; `y` is 0 or 1.

    log(1 + exp(z)) - y z, written so that the argument of exp is never positive.
    """
    softplus = np.maximum(logits, 0) + np.log1p(np.exp(-np.abs(logits)))
    return float((softplus - y * logits).mean())


def binary_cross_entropy_grad(logits: Column, y: Column) -> Column:
    grad: np.ndarray = (sigmoid(logits) - y) / len(y)
    return grad


SQUARED_ERROR = Loss(squared_error_cost, squared_error_grad)
BINARY_CROSS_ENTROPY = Loss(binary_cross_entropy_with_logits, binary_cross_entropy_grad)
CROSS_ENTROPY = Loss(cross_entropy, cross_entropy_backward)
