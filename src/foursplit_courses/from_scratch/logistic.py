"""Logistic regression: sigmoid, cost, gradient, gradient descent and Newton's method.

Rows of `x` are examples, `y` is 0 or 1.  The cost is in nats; `l2`, the course's lambda,
adds lambda / (2 n) times the squared weights; the bias is not regularized.

Source: Ng, MLS C1 W3; Newton: Hastie, Tibshirani and Friedman (2009), section 4.4.1.
"""

import numpy as np
from jaxtyping import Float64

from foursplit_courses.from_scratch.gradient_descent import (
    ModelDescent,
    Parameters,
    zero_parameters,
)
from foursplit_courses.from_scratch.linear import Inputs, predict

Labels = Float64[np.ndarray, " example"]
MIN_STEP_SIZE = 2.0**-30  # the line search of a Newton step stops here


def sigmoid(z: Float64[np.ndarray, "..."]) -> Float64[np.ndarray, "..."]:
    """Convert logits into probabilities; exp never gets a positive argument, so none overflows."""
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, small) / (1 + small)


def loss(z: Labels, y: Labels) -> Labels:
    """Compute the loss of each example from its logit, in nats.

    log(1 + exp(z)) - y z is -log f for y = 1 and -log(1 - f) for y = 0, and stays exact where f
    rounds to 0 or 1 and its logarithm would be infinite.
    """
    return np.logaddexp(0, z) - y * z


def cost(x: Inputs, y: Labels, parameters: Parameters, l2: float = 0.0) -> float:
    """Compute the mean loss plus the L2 penalty."""
    return float(
        loss(predict(x, parameters), y).mean() + l2 * (parameters.w @ parameters.w) / (2 * len(y))
    )


def error_rate(x: Inputs, y: Labels, parameters: Parameters) -> float:
    """Compute the fraction of examples whose likelier class is wrong."""
    return float(((predict(x, parameters) > 0) != (y == 1)).mean())


def gradient(x: Inputs, y: Labels, parameters: Parameters, l2: float = 0.0) -> Parameters:
    """Compute the gradient: as in linear regression, with probabilities as predictions."""
    error = sigmoid(predict(x, parameters)) - y
    return Parameters((error @ x + l2 * parameters.w) / len(y), float(error.mean()))


def hessian(
    x: Inputs, parameters: Parameters, l2: float = 0.0
) -> Float64[np.ndarray, "parameter parameter"]:
    """Compute the second derivatives by weights, then bias."""
    probability = sigmoid(predict(x, parameters))
    with_bias = np.column_stack([x, np.ones(len(x))])
    l2_diagonal = np.append(np.full(x.shape[1], l2), 0.0)
    weighted = with_bias * (probability * (1 - probability))[:, None]
    return (with_bias.T @ weighted + np.diag(l2_diagonal)) / len(x)


gradient_descent = ModelDescent(cost, gradient)
"""Minimize the cost by gradient descent from `start`, by default zero."""


def solve(
    x: Inputs, y: Labels, l2: float = 0.0, *, tol: float = 1e-10, max_iter: int = 100
) -> Parameters:
    """Minimize the cost by Newton's method with backtracking line search.

    Raises ValueError if the gradient is not below `tol` after `max_iter` steps: linearly separable
    classes have no minimum without a penalty.
    """
    parameters = zero_parameters(x.shape[1])
    for _ in range(max_iter):
        grad = np.append(*gradient(x, y, parameters, l2))
        if np.abs(grad).max() < tol:
            return parameters
        step = np.linalg.lstsq(hessian(x, parameters, l2), grad, rcond=None)[0]
        parameters = _line_search(x, y, parameters, step, l2)
    remaining = np.abs(grad).max()
    raise ValueError(
        f"no minimum after {max_iter} Newton steps: the gradient is still {remaining:.1e}. "
        "Linearly separable classes have no minimum without a penalty: set l2 above 0"
    )


def _line_search(
    x: Inputs, y: Labels, parameters: Parameters, step: Float64[np.ndarray, " parameter"], l2: float
) -> Parameters:
    """Halve the step until the cost does not increase; return the new parameters."""
    step_size = 1.0
    # Near the minimum the cost changes by less than its rounding error: allow that much.
    before = cost(x, y, parameters, l2) * (1 + 1e-13)
    while True:
        following = Parameters(
            parameters.w - step_size * step[:-1], parameters.b - step_size * float(step[-1])
        )
        if cost(x, y, following, l2) <= before or step_size < MIN_STEP_SIZE:
            return following
        step_size /= 2


def squared_cost(x: Inputs, y: Labels, parameters: Parameters) -> float:
    """Compute half the mean squared error of the probabilities, a non-convex cost."""
    error = sigmoid(predict(x, parameters)) - y
    return float(error @ error) / (2 * len(y))


def squared_gradient(x: Inputs, y: Labels, parameters: Parameters) -> Parameters:
    """Compute its gradient: the factor f (1 - f) is near 0 for confident wrong answers."""
    probability = sigmoid(predict(x, parameters))
    grad = (probability - y) * probability * (1 - probability)
    return Parameters(grad @ x / len(y), float(grad.mean()))
