"""Nested, stratified subsets of the examples for learning curves; groups stay whole.

Source: Ng (2018), Machine Learning Yearning, chapter 32 (subsets keep the shares of the classes).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from foursplit.data.assign import hash_position

if TYPE_CHECKING:
    import pandas as pd


def train_sizes(n_examples: int, n_sizes: int, min_fraction: float) -> list[int]:
    """Return `n_sizes` sizes in a geometric sequence from `min_fraction` of all examples to all."""
    fractions = min_fraction ** np.linspace(1, 0, n_sizes)
    return [max(1, round(n_examples * fraction)) for fraction in fractions.tolist()]


def nested_subsets(
    metadata: "pd.DataFrame", n_examples: Sequence[int], salt: int, *, classes: bool
) -> list[np.ndarray]:
    """Return sorted row indices of each nested subset; groups are never split.

    A subset has at least its number of `n_examples`.  A salted hash of their names orders the
    groups.  Subsets are stratified by domain and, if `classes` is true, by class, as far as whole
    groups allow; the first groups contain at least one example of every class.
    """
    domains, groups = metadata["domain"].to_numpy(), metadata["group_id"].to_numpy()
    y = np.zeros(len(metadata), dtype=np.int64)
    if classes:
        y = metadata["y"].to_numpy().astype(np.int64)
    pairs, group_codes = _factorize(domains, groups)
    positions = np.array([hash_position(salt, str(domain), str(group)) for domain, group in pairs])
    counts = np.zeros((len(pairs), y.max() + 1), dtype=np.int64)
    np.add.at(counts, (group_codes, y), 1)
    order = _stratify([domain for domain, _ in pairs], counts, positions)
    order = _every_class_first(order, counts)
    ends = np.cumsum(counts.sum(axis=1)[order])
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return [np.flatnonzero(rank[group_codes] <= np.searchsorted(ends, n)) for n in n_examples]


def _factorize(domains: np.ndarray, groups: np.ndarray) -> tuple[list[tuple[str, str]], np.ndarray]:
    """Return the (domain, group) pairs, sorted, and the pair's number for every row."""
    rows = list(zip(domains.tolist(), groups.tolist(), strict=True))
    pairs = sorted(set(rows))
    codes = {pair: code for code, pair in enumerate(pairs)}
    return pairs, np.array([codes[row] for row in rows])


def _stratify(domains: Sequence[str], counts: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Order groups so that every prefix keeps the shares of domains and majority classes."""
    strata: dict[tuple[str, int], list[int]] = {}
    for group in np.argsort(positions, kind="stable").tolist():
        strata.setdefault((domains[group], int(counts[group].argmax())), []).append(group)
    key = np.empty(len(positions))
    for members in strata.values():
        sizes = counts[members].sum(axis=1)
        key[members] = (np.cumsum(sizes) - sizes / 2) / sizes.sum()
    return np.lexsort((positions, key))


def _every_class_first(order: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Move the first group of each class to the front."""
    has_class = counts[order] > 0
    first = np.unique(has_class[:, has_class.any(axis=0)].argmax(axis=0))
    return np.concatenate([order[first], np.delete(order, first)])
