"""Whether paired differences are symmetric about zero, by flipping their signs.

Between equal models each difference is as likely of one sign as of the other.  With equal sizes
this is McNemar's test; with weights, groups or quantities it stays exact, where resampling rejects
too often if few differences carry most of the weight.

Source: Fisher (1935), The Design of Experiments, section 21; Pitman (1937), "Significance tests
which may be applied to samples from any populations"; Good (2005), Permutation Tests, chapter 3.
"""

from math import sqrt

import numpy as np

from foursplit.diagnosis.stats.normal_power import NORMAL

MAX_FLIPPED = 2_000  # differences; the sum of more random signs is normal

SLACK = 1e-9  # relative: sums that are equal but for rounding are ties


def sign_flip_p_value(differences: np.ndarray, rng: np.random.Generator, n_resamples: int) -> float:
    """Return the two-sided p-value of a sum of independent differences, one a sampling unit."""
    sizes = np.sort(np.abs(differences[differences != 0]))  # the order of rows changes nothing
    total, squares = abs(float(differences.sum())), float(sizes @ sizes)
    if total <= SLACK * float(sizes.sum()):
        return 1.0
    if len(sizes) > MAX_FLIPPED:
        return min(1.0, 2 * NORMAL.cdf(-total / sqrt(squares)))
    signs = rng.integers(0, 2, (n_resamples, len(sizes)), dtype=np.int8)
    sums = np.abs(signs @ (2 * sizes) - sizes.sum())
    n_as_far = int(np.count_nonzero(sums >= total * (1 - SLACK)))
    smallest = 2.0 ** (1 - len(sizes))  # all of one sign
    return float(max((n_as_far + 1) / (n_resamples + 1), smallest))
