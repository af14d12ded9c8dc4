"""A world to act in: an example is a level, an answer the return that a policy earned on it.

The target `y` is the return that counts as good.  Only models with a fit of their own learn this:
what they learn from is what happens while they play, not `y`.
Source: Ng, MLS C3 W3.
"""

from typing import Any

import numpy as np

from foursplit.core.errors import FoursplitError
from foursplit.core.examples import DataShape

CONTRACTS = ()
"""None: the contract tests are for models fitted to examples."""

GOOD = 200.0  # of the tests' levels; no contract test depends on its size


def module(*_: Any) -> None:
    """Refuse a network without a fit of its own."""
    raise FoursplitError(
        "Task 'control' has no differentiable loss. Use an RL model such as deep_q, and give only "
        "seeds under `fit`."
    )


def random_rows(
    shape: DataShape, n: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw calm levels with the returns that count as good, for the contract tests."""
    x = np.zeros((n, *shape.inputs), np.float32)
    x[:, 0] = rng.permutation(10_000)[:n]
    return x, np.full(n, GOOD)
