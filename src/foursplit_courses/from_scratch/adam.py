"""Adam: steps that each parameter scales by the size of its own recent gradients.

Source: Kingma and Ba (2015), Adam, algorithm 1; Ng, MLS C2 W2 (a learning rate for each parameter)
and DLS C2 W2.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

Arrays = Sequence[np.ndarray]

TINY = 1e-8  # the paper's epsilon: a parameter without gradient stays where it is


class Moments(NamedTuple):
    """What Adam remembers: steps taken, and averages of each gradient and of its square."""

    taken: int
    mean: list[np.ndarray]
    square: list[np.ndarray]


def start(parameters: Arrays) -> Moments:
    zeros = [np.zeros_like(p) for p in parameters]
    return Moments(0, zeros, [z.copy() for z in zeros])


def step(
    parameters: Arrays,
    gradients: Arrays,
    moments: Moments,
    rate: float,
    keep: tuple[float, float] = (0.9, 0.999),
) -> tuple[list[np.ndarray], Moments]:
    """Give the parameters after one step, and what is remembered; `keep` are the paper's betas.

    The averages begin at zero, so both are divided by how much of them is not that zero.
    """
    taken = moments.taken + 1
    first, second = keep
    mean = [first * m + (1 - first) * g for m, g in zip(moments.mean, gradients, strict=True)]
    square = [
        second * s + (1 - second) * g * g for s, g in zip(moments.square, gradients, strict=True)
    ]
    full_mean, full_square = 1 - first**taken, 1 - second**taken
    moved = [
        p - rate * (m / full_mean) / (np.sqrt(s / full_square) + TINY)
        for p, m, s in zip(parameters, mean, square, strict=True)
    ]
    return moved, Moments(taken, mean, square)
