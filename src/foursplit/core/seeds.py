"""Random streams that depend on a name and a seed, never on what was drawn before."""

import hashlib

import numpy as np


def derive_seed(*parts: object) -> int:
    """Turn a name and a seed into 63 well-mixed bits, the same on every machine."""
    text = "|".join(map(str, parts))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def generator(*parts: object) -> np.random.Generator:
    """Return the generator that belongs to these parts alone."""
    return np.random.default_rng(derive_seed(*parts))
