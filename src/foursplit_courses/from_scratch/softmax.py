"""Softmax and its cross-entropy with gradient, in a numerically stable form.

Axes: `batch` examples, `n_classes` logits each. The naive forms exist only for comparison with the
stable ones.

Source: Ng, MLS C2 W2 (softmax, and its loss computed from logits); Blanchard, Higham and Higham
(2021), Accurately computing the log-sum-exp and softmax functions.
"""

import numpy as np
from jaxtyping import Float, Int

Logits = Float[np.ndarray, "batch n_classes"]
Labels = Int[np.ndarray, " batch"]


def log_sum_exp(z: Logits) -> Float[np.ndarray, " batch"]:
    """Compute log(sum(exp(z))) of each example, with the largest logit factored out."""
    largest = z.max(axis=1)
    total: np.ndarray = largest + np.log(np.exp(z - largest[:, None]).sum(axis=1))
    return total


def softmax(z: Logits) -> Logits:
    """Convert logits into probabilities that sum to 1."""
    exps = np.exp(z - z.max(axis=1, keepdims=True))
    probabilities: np.ndarray = exps / exps.sum(axis=1, keepdims=True)
    return probabilities


def cross_entropy(z: Logits, y: Labels) -> float:
    """Compute the mean of -log(probability of the true class) from logits, in nats."""
    return float((log_sum_exp(z) - z[np.arange(len(y)), y]).mean())


def cross_entropy_backward(z: Logits, y: Labels) -> Logits:
    """Compute the gradient by the logits: (probability - one-hot label) / n_examples."""
    dz = softmax(z)
    dz[np.arange(len(y)), y] -= 1
    return dz / len(y)


def naive_softmax(z: Logits) -> Logits:
    """Compute softmax as defined: exp overflows above 88 in float32, above 709 in float64."""
    exps = np.exp(z)
    probabilities: np.ndarray = exps / exps.sum(axis=1, keepdims=True)
    return probabilities


def naive_cross_entropy(z: Logits, y: Labels) -> float:
    """Compute the loss from probabilities: infinite at 0, and inexact near 1."""
    return float(-np.log(naive_softmax(z)[np.arange(len(y)), y]).mean())
