"""Groups of like examples, without labels: no task of a network, only of models that fit at once.

Source: Ng, MLS C3 W1.
"""

import numpy as np

from foursplit.core.examples import DataShape

CONTRACTS = ("deterministic", "save_load_roundtrip")
"""The contract tests that apply to every model of this task."""


def random_rows(
    shape: DataShape, n: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw (example, …) inputs and (example,) quantities, for the contract tests.

    Twice as many as asked: no fewer examples than clusters.
    """
    x = rng.normal(size=(2 * n, *shape.inputs)).astype(np.float32)
    return x, x.reshape(len(x), -1).sum(axis=1).astype(np.float64)
