"""Logistic regression: the sigmoid, its cost and gradient, and the minimum by Newton's method.

Rows of `x` are examples, `y` is 0 or 1.  The cost is in nats an example; a `penalty` of lambda adds
lambda / (2 n) times the squared weights, and leaves the bias alone.

Source: Ng, MLS C1 W3; Newton: Hastie, Tibshirani and Friedman (2009), section 4.4.1.
"""

from functools import partial

import numpy as np
from jaxtyping import Float64

from foursplit_courses.from_scratch import gradient_descent
from foursplit_courses.from_scratch.gradient_descent import Descent, Parameters
from foursplit_courses.from_scratch.linear import Inputs, predict

Labels = Float64[np.ndarray, " example"]
SMALLEST_STEP = 2.0**-30  # a Newton step that must be shortened below this gains nothing any more


def sigmoid(z: Float64[np.ndarray, "..."]) -> Float64[np.ndarray, "..."]:
    """Turn log-odds into probabilities; exp sees no positive number, so nothing overflows."""
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, small) / (1 + small)


def loss(z: Labels, y: Labels) -> Labels:
    """Give each example's loss, in nats, from its log-odds.

    log(1 + exp(z)) - y z is -log f for y = 1 and -log(1 - f) for y = 0, and stays exact where f
    rounds to 0 or 1 and its logarithm would be infinite.
    """
    return np.logaddexp(0, z) - y * z


def cost(x: Inputs, y: Labels, at: Parameters, penalty: float = 0.0) -> float:
    """Give the mean loss, with the penalty."""
    return float(loss(predict(x, at), y).mean() + penalty * (at.w @ at.w) / (2 * len(y)))


def gradient(x: Inputs, y: Labels, at: Parameters, penalty: float = 0.0) -> Parameters:
    """Differentiate the cost: as for a line, with probabilities in place of its answers."""
    error = sigmoid(predict(x, at)) - y
    return Parameters((error @ x + penalty * at.w) / len(y), float(error.mean()))


def hessian(
    x: Inputs, at: Parameters, penalty: float = 0.0
) -> Float64[np.ndarray, "parameter parameter"]:
    """Differentiate twice, by the weights and then the bias."""
    probability = sigmoid(predict(x, at))
    with_bias = np.column_stack([x, np.ones(len(x))])
    shrunk = np.append(np.full(x.shape[1], penalty), 0.0)
    weighed = with_bias * (probability * (1 - probability))[:, None]
    return (with_bias.T @ weighed + np.diag(shrunk)) / len(x)


def descend(
    x: Inputs,
    y: Labels,
    start: Parameters | None = None,
    *,
    rate: float,
    n_steps: int,
    penalty: float = 0.0,
) -> Descent:
    """Go down the cost from `start`, or from zero."""
    return gradient_descent.descend(
        partial(cost, x, y, penalty=penalty),
        partial(gradient, x, y, penalty=penalty),
        start or gradient_descent.origin(x.shape[1]),
        rate=rate,
        n_steps=n_steps,
    )


def solve(
    x: Inputs, y: Labels, penalty: float = 0.0, *, tolerance: float = 1e-10, n_steps: int = 100
) -> Parameters:
    """Find the minimum by Newton's method, each step halved until the cost falls.

    Raises ValueError if `n_steps` do not bring the gradient below `tolerance`: without a penalty
    there is no minimum where a plane parts the classes.
    """
    at = gradient_descent.origin(x.shape[1])
    for _ in range(n_steps):
        slope = np.append(*gradient(x, y, at, penalty))
        if np.abs(slope).max() < tolerance:
            return at
        step = np.linalg.lstsq(hessian(x, at, penalty), slope, rcond=None)[0]
        at = _moved(x, y, at, step, penalty)
    left = np.abs(slope).max()
    raise ValueError(
        f"no minimum after {n_steps} Newton steps: the gradient is still {left:.1e}. Without a "
        "penalty, classes that a plane parts have none; give a penalty above 0"
    )


def _moved(
    x: Inputs, y: Labels, at: Parameters, step: Float64[np.ndarray, " parameter"], penalty: float
) -> Parameters:
    """Take the step, or its half, its quarter and so on, until the cost does not rise."""
    share = 1.0
    # Near the minimum the cost changes by less than its rounding error, which is no rise.
    before = cost(x, y, at, penalty) * (1 + 1e-13)
    while True:
        there = Parameters(at.w - share * step[:-1], at.b - share * float(step[-1]))
        if cost(x, y, there, penalty) <= before or share < SMALLEST_STEP:
            return there
        share /= 2


def squared_cost(x: Inputs, y: Labels, at: Parameters) -> float:
    """Give half of the mean squared error of the probabilities: the cost that is not convex."""
    error = sigmoid(predict(x, at)) - y
    return float(error @ error) / (2 * len(y))


def squared_gradient(x: Inputs, y: Labels, at: Parameters) -> Parameters:
    """Differentiate that one: the factor f (1 - f) is nearly 0 where an answer is surely wrong."""
    probability = sigmoid(predict(x, at))
    slope = (probability - y) * probability * (1 - probability)
    return Parameters(slope @ x / len(y), float(slope.mean()))
