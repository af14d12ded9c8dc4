"""Linear regression on one feature: cost, gradient and gradient descent.

The cost is half the mean squared error.  Source: Ng, MLS C1 W1.
"""

from dataclasses import dataclass

import numpy as np

Vector = np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class FitResult:
    """Weight, intercept and cost after each step, the start included."""

    w: Vector
    b: Vector
    cost: Vector


def predict(x: Vector, w: float | Vector, b: float | Vector) -> Vector:
    """Return w x + b."""
    return w * x + b


def cost(x: Vector, y: Vector, w: float, b: float) -> float:
    """Compute half the mean squared error, in squared units of y."""
    return float(np.mean((predict(x, w, b) - y) ** 2) / 2)


def cost_grid(x: Vector, y: Vector, w: Vector, b: Vector) -> Vector:
    """Compute the cost on a grid: element (row, column) is that of (w[column], b[row])."""
    predictions = predict(x[None, None, :], w[None, :, None], b[:, None, None])  # (b, w, example)
    costs: Vector = np.mean((predictions - y) ** 2, axis=2) / 2
    return costs


def gradient(x: Vector, y: Vector, w: float, b: float) -> tuple[float, float]:
    """Compute the derivatives of the cost by w and b."""
    error = predict(x, w, b) - y
    return float(np.mean(error * x)), float(np.mean(error))


def hessian(x: Vector) -> Vector:
    """Compute the (2, 2) second derivatives of the cost by w and b; they are constant."""
    return np.array([[np.mean(x**2), np.mean(x)], [np.mean(x), 1.0]])


def max_stable_learning_rate(x: Vector) -> float:
    """Return 2 / (largest eigenvalue of the Hessian): from it on gradient descent diverges.

    Along an eigenvector each step multiplies the distance by 1 - learning_rate * eigenvalue.
    """
    return float(2 / np.linalg.eigvalsh(hessian(x))[-1])


def gradient_descent(
    x: Vector,
    y: Vector,
    learning_rate: float,
    n_steps: int,
    start: tuple[float, float] = (0.0, 0.0),
) -> FitResult:
    """Minimize the cost by gradient descent, both parameters updated together.

    If the learning rate is too large, the values overflow to infinity and then NaN.
    """
    w, b, costs = (np.empty(n_steps + 1) for _ in range(3))
    w[0], b[0] = start
    with np.errstate(over="ignore", invalid="ignore"):
        costs[0] = cost(x, y, w[0], b[0])
        for step in range(n_steps):
            grad_w, grad_b = gradient(x, y, w[step], b[step])
            w[step + 1], b[step + 1] = (
                w[step] - learning_rate * grad_w,
                b[step] - learning_rate * grad_b,
            )
            costs[step + 1] = cost(x, y, w[step + 1], b[step + 1])
    return FitResult(w=w, b=b, cost=costs)


def convergence_step(costs: Vector, tol: float) -> int | None:
    """Return the first step that lowers the cost by at most `tol`, or None."""
    decreases = costs[:-1] - costs[1:]
    steps = np.nonzero((decreases >= 0) & (decreases <= tol))[0]
    return int(steps[0]) + 1 if len(steps) else None
