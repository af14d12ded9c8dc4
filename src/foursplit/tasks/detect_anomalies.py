"""Anomaly detection: class 0 is normal, class 1 is anomalous and rare.

Source: Ng, MLS C3 W1 (anomaly detection, and when a classifier is better).
"""

import numpy as np

from foursplit.core.examples import DataSpec

CONTRACTS = ("deterministic", "save_load_roundtrip")
"""The contract tests that apply to every model of this task."""


def random_rows(shape: DataSpec, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw (example, …) inputs and (example,) classes, a tenth anomalous, for contract tests."""
    y = (np.arange(n) % 10 == 0).astype(np.int64)
    x = rng.normal(size=(n, *shape.inputs)) + 3 * y.reshape(-1, *[1] * len(shape.inputs))
    return x.astype(np.float32), y
