"""Softmax and its cross-entropy, forward and backward, in a form that never overflows.

Axes: `batch` examples, `n_classes` scores (logits) of each. The naive forms stand beside the safe
ones, to be compared with them and for nothing else.

Source: Ng, MLS C2 W2 (softmax, and its loss computed from the scores); Blanchard, Higham and Higham
(2021), Accurately computing the log-sum-exp and softmax functions.
"""

import numpy as np
from jaxtyping import Float, Int

Scores = Float[np.ndarray, "batch n_classes"]
Labels = Int[np.ndarray, " batch"]


def log_sum_exp(z: Scores) -> Float[np.ndarray, " batch"]:
    """Give log(sum(exp(z))) of each example: the largest score is taken out before exp."""
    most = z.max(axis=1)
    total: np.ndarray = most + np.log(np.exp(z - most[:, None]).sum(axis=1))
    return total


def softmax(z: Scores) -> Scores:
    """Turn scores into probabilities that add to 1."""
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    shares: np.ndarray = powers / powers.sum(axis=1, keepdims=True)
    return shares


def softmax_backward(da: Scores, a: Scores) -> Scores:
    """Carry the derivative by the probabilities `a` back to the scores.

    Every score moves every probability: da_i/dz_j is a_i (1 - a_i) for i = j, else -a_i a_j.
    """
    carried: np.ndarray = a * (da - (da * a).sum(axis=1, keepdims=True))
    return carried


def cross_entropy(z: Scores, y: Labels) -> float:
    """Give the mean of -log(probability of the true class), in nats, without leaving the scores."""
    return float((log_sum_exp(z) - z[np.arange(len(y)), y]).mean())


def cross_entropy_backward(z: Scores, y: Labels) -> Scores:
    """Differentiate the mean by the scores: probability less truth, over the number of examples."""
    dz = softmax(z)
    dz[np.arange(len(y)), y] -= 1
    return dz / len(y)


def naive_softmax(z: Scores) -> Scores:
    """Write the definition down: exp overflows from 89 on in 32 bits, from 710 on in 64."""
    powers = np.exp(z)
    shares: np.ndarray = powers / powers.sum(axis=1, keepdims=True)
    return shares


def naive_cross_entropy(z: Scores, y: Labels) -> float:
    """Go through the probabilities: one that rounds to 0 has no logarithm, one near 1 no digits."""
    return float(-np.log(naive_softmax(z)[np.arange(len(y)), y]).mean())
