"""First weights of a layer, and what each choice keeps constant from layer to layer.

Weights have shape (inputs, units). A unit that sums n inputs of variance v with weights of variance
s has variance n * v * s: Glorot keeps it where activations are nearly linear at zero (forward and
backward, as far as both can be had), He where ReLU removes half of it.

Source: Ng, DLS C1 W3 (broken symmetry) and C2 W1; Glorot and Bengio (2010), Understanding the
difficulty of training deep feedforward neural networks; He et al. (2015), Delving deep into
rectifiers; Saxe, McClelland and Ganguli (2014), Exact solutions.
"""

from collections.abc import Callable
from typing import Literal

import numpy as np

InitializerName = Literal["zeros", "small", "large", "lecun", "glorot", "he", "orthogonal"]
Draw = Callable[[int, int, np.random.Generator], np.ndarray]


def zeros(n_in: int, n_out: int, _rng: np.random.Generator) -> np.ndarray:
    """Return zeros: all units of a layer compute the same and stay equal for good."""
    return np.zeros((n_in, n_out))


def normal(std: Callable[[int, int], float]) -> Draw:
    """Return an initializer that draws normal weights of the given standard deviation."""

    def draw(n_in: int, n_out: int, rng: np.random.Generator) -> np.ndarray:
        return rng.normal(0, std(n_in, n_out), (n_in, n_out))

    return draw


def orthogonal(n_in: int, n_out: int, rng: np.random.Generator) -> np.ndarray:
    """Return orthonormal rows or columns, whichever are fewer, uniform among all such matrices."""
    q, r = np.linalg.qr(rng.normal(size=(max(n_in, n_out), min(n_in, n_out))))
    q = q * np.sign(np.diag(r))  # without the signs, not all matrices are equally likely
    return np.ascontiguousarray(q if n_in >= n_out else q.T)


INITIALIZERS: dict[InitializerName, Draw] = {
    "zeros": zeros,
    "small": normal(lambda _n_in, _n_out: 0.01),
    "large": normal(lambda _n_in, _n_out: 10.0),
    "lecun": normal(lambda n_in, _n_out: float(n_in**-0.5)),
    "glorot": normal(lambda n_in, n_out: float((2 / (n_in + n_out)) ** 0.5)),
    "he": normal(lambda n_in, _n_out: float((2 / n_in) ** 0.5)),
    "orthogonal": orthogonal,
}
