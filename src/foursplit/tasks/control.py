"""Reinforcement learning: an example is a level, a prediction the return of a policy on it.

The target `y` is the return that counts as good.  Only models with their own fit() learn this task,
from interaction and not from `y`.
Source: Ng, MLS C3 W3.
"""

from typing import Any

import numpy as np

from foursplit.core.errors import FoursplitError
from foursplit.core.examples import DataSpec

CONTRACTS = ()
"""None: the contract tests are for models fitted to examples."""

GOOD = 200.0  # of the tests' levels; no contract test depends on its size


def module(*_: Any) -> None:
    """Raise FoursplitError: networks without their own fit() cannot learn this task."""
    raise FoursplitError(
        "Task 'control' has no differentiable loss. Use an RL model such as deep_q, and give only "
        "seeds under `fit`."
    )


def random_rows(shape: DataSpec, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw calm levels with the returns that count as good, for the contract tests."""
    x = np.zeros((n, *shape.inputs), np.float32)
    x[:, 0] = rng.permutation(10_000)[:n]
    return x, np.full(n, GOOD)
