"""The backward pass through softmax by its whole matrix of derivatives, the long way.

Axes: `batch` examples, `n_classes` logits each. The short way is `softmax.cross_entropy_backward`,
which subtracts the label; both give the same gradient.

Source: Ng, DLS C2 W3 and C4 W1; Goodfellow, Bengio and Courville (2016), Deep Learning, section
6.2.2.3.
"""

import numpy as np
from jaxtyping import Float, Int

from foursplit_courses.from_scratch.softmax import softmax

Logits = Float[np.ndarray, "batch n_classes"]
Labels = Int[np.ndarray, " batch"]
Jacobians = Float[np.ndarray, "batch n_classes n_classes"]


def softmax_jacobian(z: Logits) -> Jacobians:
    """Compute the derivative of each probability (row) by each logit (column): diag(p) - p p^T."""
    p = softmax(z)
    identity = np.eye(z.shape[1], dtype=p.dtype)
    jacobians: np.ndarray = p[:, :, None] * (identity - p[:, None, :])
    return jacobians


def softmax_backward(da: Logits, z: Logits) -> Logits:
    """Compute the gradient by the logits from `da`, that by the probabilities."""
    gradient: np.ndarray = np.einsum("bi,bij->bj", da, softmax_jacobian(z))
    return gradient


def cross_entropy_by_probability(p: Logits, y: Labels) -> Logits:
    """Compute the gradient of the mean of -log(p of the true class) by the probabilities."""
    gradient = np.zeros_like(p)
    rows = np.arange(len(y))
    gradient[rows, y] = -1 / (p[rows, y] * len(y))
    return gradient
