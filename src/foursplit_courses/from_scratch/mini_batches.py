"""Mini-batches: every example once an epoch, in an order drawn for each epoch.

Source: Ng, DLS C2 W2.
"""

from collections.abc import Iterator

import numpy as np


def mini_batches(n: int, batch_size: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield indices of one epoch's batches; the last is smaller where `n` is no multiple.

    `batch_size` 1 is stochastic gradient descent, `n` or more the whole batch. Raises ValueError
    for a batch size below 1.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size: {batch_size} must be at least 1")
    order = rng.permutation(n)
    for start in range(0, n, batch_size):
        yield order[start : start + batch_size]
