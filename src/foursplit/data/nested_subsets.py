"""Growing parts of the examples: each holds the one before, groups stay whole, classes keep shares.

Source: Ng (2018), Machine Learning Yearning, chapter 32 (parts with the class shares of the whole).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from foursplit.data.assign import hash_position

if TYPE_CHECKING:
    import pandas as pd


def sizes(n_all: int, count: int, smallest: float) -> list[int]:
    """Give `count` sizes from the share `smallest` of `n_all` up to all, in equal ratios."""
    shares = smallest ** np.linspace(1, 0, count)
    return [max(1, round(n_all * share)) for share in shares.tolist()]


def parts(
    rows: "pd.DataFrame", wanted: Sequence[int], salt: int, *, classes: bool
) -> list[np.ndarray]:
    """Give the sorted positions of each part: whole groups, until it has the examples wanted.

    Which groups come first is told by the salted hash of their names.  Every domain and, where
    `classes` is true, every class in `y` has its share in every part, as far as whole groups allow;
    the first groups of all are those that bring one example at least of every class.
    """
    domains, groups = rows["domain"].to_numpy(), rows["group_id"].to_numpy()
    y = rows["y"].to_numpy().astype(np.int64) if classes else np.zeros(len(rows), dtype=np.int64)
    pairs, of_group = _factorise(domains, groups)
    places = np.array([hash_position(salt, str(domain), str(group)) for domain, group in pairs])
    counts = np.zeros((len(pairs), y.max() + 1), dtype=np.int64)
    np.add.at(counts, (of_group, y), 1)
    order = _interleaved([domain for domain, _ in pairs], counts, places)
    order = _covering_first(order, counts)
    ends = np.cumsum(counts.sum(axis=1)[order])
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return [np.flatnonzero(rank[of_group] <= np.searchsorted(ends, n)) for n in wanted]


def _factorise(domains: np.ndarray, groups: np.ndarray) -> tuple[list[tuple[str, str]], np.ndarray]:
    """Number the groups, each within its domain; give their names, and the number of every row."""
    rows = list(zip(domains.tolist(), groups.tolist(), strict=True))
    pairs = sorted(set(rows))
    number = {pair: place for place, pair in enumerate(pairs)}
    return pairs, np.array([number[row] for row in rows])


def _interleaved(domains: Sequence[str], counts: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Order groups so that every beginning has the whole's shares of domains and main classes."""
    strata: dict[tuple[str, int], list[int]] = {}
    for group in np.argsort(places, kind="stable").tolist():
        strata.setdefault((domains[group], int(counts[group].argmax())), []).append(group)
    key = np.empty(len(places))
    for members in strata.values():
        held = counts[members].sum(axis=1)
        key[members] = (np.cumsum(held) - held / 2) / held.sum()
    return np.lexsort((places, key))


def _covering_first(order: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Move to the front the first group with each class."""
    held = counts[order] > 0
    first = np.unique(held[:, held.any(axis=0)].argmax(axis=0))
    return np.concatenate([order[first], np.delete(order, first)])
