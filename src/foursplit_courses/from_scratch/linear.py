"""Linear regression on any number of inputs: cost, gradient, and the solution in one step.

Rows of `x` are examples.  The cost is the course's, half of the mean squared error; a `penalty` of
lambda adds lambda / (2 n) times the squared weights, and leaves the bias alone.

Source: Ng, MLS C1 W2 (multiple regression, normal equation) and W3 (penalty).
"""

from functools import partial

import numpy as np
from jaxtyping import Float64

from foursplit_courses.from_scratch import gradient_descent
from foursplit_courses.from_scratch.gradient_descent import Descent, Parameters

Inputs = Float64[np.ndarray, "example n_inputs"]
Targets = Float64[np.ndarray, " example"]


def predict(x: Inputs, at: Parameters) -> Targets:
    """Weigh the inputs and add the bias: in the target's unit."""
    return x @ at.w + at.b


def cost(x: Inputs, y: Targets, at: Parameters, penalty: float = 0.0) -> float:
    """Give half of the mean squared error, with the penalty."""
    error = predict(x, at) - y
    return float(error @ error + penalty * (at.w @ at.w)) / (2 * len(y))


def gradient(x: Inputs, y: Targets, at: Parameters, penalty: float = 0.0) -> Parameters:
    """Differentiate the cost by weights and bias."""
    error = predict(x, at) - y
    return Parameters((error @ x + penalty * at.w) / len(y), float(error.mean()))


def hessian(x: Inputs, penalty: float = 0.0) -> Float64[np.ndarray, "parameter parameter"]:
    """Differentiate twice, by the weights and then the bias: the same everywhere."""
    with_bias = np.column_stack([x, np.ones(len(x))])
    shrunk = np.append(np.full(x.shape[1], penalty), 0.0)
    return (with_bias.T @ with_bias + np.diag(shrunk)) / len(x)


def largest_rate(x: Inputs, penalty: float = 0.0) -> float:
    """Give the rate above which descent moves away from the minimum: 2 over the largest curvature.

    Source: Nesterov (2004), Introductory Lectures on Convex Optimization, section 1.2.3.
    """
    return float(2 / np.linalg.eigvalsh(hessian(x, penalty))[-1])


def descend(
    x: Inputs,
    y: Targets,
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


def normal_equation(x: Inputs, y: Targets, penalty: float = 0.0) -> Parameters:
    """Solve for the minimum at once; of several minima, the one with the smallest weights.

    Inputs are centred first, which leaves the bias out of the penalty.  What is solved is the
    least-squares problem itself and not its normal equation, whose condition number is the square.
    """
    if penalty < 0:
        raise ValueError(f"penalty: {penalty!r} must be 0 or more")
    middle = x.mean(axis=0)
    rows, answers = x - middle, y - y.mean()
    if penalty:  # each weight's penalty is one example more: sqrt(lambda) w should be 0
        rows = np.vstack([rows, penalty**0.5 * np.eye(x.shape[1])])
        answers = np.append(answers, np.zeros(x.shape[1]))
    w = np.linalg.lstsq(rows, answers, rcond=None)[0]
    return Parameters(w, float(y.mean() - middle @ w))
