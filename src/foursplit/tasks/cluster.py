"""Clustering without labels; for models with their own fit(), not for networks.

Source: Ng, MLS C3 W1.
"""

import numpy as np

from foursplit.core.examples import DataSpec

CONTRACTS = ("deterministic", "save_load_roundtrip")
"""The contract tests that apply to every model of this task."""


def random_rows(shape: DataSpec, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw (example, …) inputs and (example,) quantities, for the contract tests.

    Twice `n`, so that there are at least as many examples as clusters.
    """
    x = rng.normal(size=(2 * n, *shape.inputs)).astype(np.float32)
    return x, x.reshape(len(x), -1).sum(axis=1).astype(np.float64)
