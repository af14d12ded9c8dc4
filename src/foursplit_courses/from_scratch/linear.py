"""Linear regression on any number of inputs: cost, gradient and closed-form solution.

Rows of `x` are examples.  The cost is the course's, half the mean squared error; `l2`, the course's
lambda, adds lambda / (2 n) times the squared weights; the bias is not regularized.

Source: Ng, MLS C1 W2 (multiple regression, normal equation) and W3 (regularization).
"""

import numpy as np
from jaxtyping import Float64

from foursplit_courses.from_scratch.gradient_descent import ModelDescent, Parameters

Inputs = Float64[np.ndarray, "example n_inputs"]
Targets = Float64[np.ndarray, " example"]


def predict(x: Inputs, parameters: Parameters) -> Targets:
    """Return x @ w + b, in the unit of the target."""
    return x @ parameters.w + parameters.b


def cost(x: Inputs, y: Targets, parameters: Parameters, l2: float = 0.0) -> float:
    """Compute half the mean squared error plus the L2 penalty."""
    error = predict(x, parameters) - y
    return float(error @ error + l2 * (parameters.w @ parameters.w)) / (2 * len(y))


def gradient(x: Inputs, y: Targets, parameters: Parameters, l2: float = 0.0) -> Parameters:
    """Compute the gradient of the cost by weights and bias."""
    error = predict(x, parameters) - y
    return Parameters((error @ x + l2 * parameters.w) / len(y), float(error.mean()))


def hessian(x: Inputs, l2: float = 0.0) -> Float64[np.ndarray, "parameter parameter"]:
    """Compute the second derivatives by weights, then bias; they are constant."""
    with_bias = np.column_stack([x, np.ones(len(x))])
    l2_diagonal = np.append(np.full(x.shape[1], l2), 0.0)
    return (with_bias.T @ with_bias + np.diag(l2_diagonal)) / len(x)


def max_stable_learning_rate(x: Inputs, l2: float = 0.0) -> float:
    """Return 2 / (largest eigenvalue of the Hessian): above it gradient descent diverges.

    Source: Nesterov (2004), Introductory Lectures on Convex Optimization, section 1.2.3.
    """
    return float(2 / np.linalg.eigvalsh(hessian(x, l2))[-1])


gradient_descent = ModelDescent(cost, gradient)
"""Minimize the cost by gradient descent from `start`, by default zero."""


def normal_equation(x: Inputs, y: Targets, l2: float = 0.0) -> Parameters:
    """Compute the minimum in closed form; of several minima, the one of least norm.

    Inputs are centered first, which leaves the bias out of the penalty.  The least-squares problem
    is solved itself, not its normal equation, whose condition number is the square.
    """
    if l2 < 0:
        raise ValueError(f"l2: {l2!r} must be 0 or more")
    center = x.mean(axis=0)
    rows, targets = x - center, y - y.mean()
    if l2:  # the penalty of a weight equals one more example: sqrt(l2) * w = 0
        rows = np.vstack([rows, l2**0.5 * np.eye(x.shape[1])])
        targets = np.append(targets, np.zeros(x.shape[1]))
    w = np.linalg.lstsq(rows, targets, rcond=None)[0]
    return Parameters(w, float(y.mean() - center @ w))
