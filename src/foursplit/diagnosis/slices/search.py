"""The search for slices of up to three predicates, scored by their error and size.

Source: Sagadeeva and Boehm (2021), SliceLine: Fast, Linear-Algebra-based Slice Finding for ML Model
Debugging, for the score and the bounds that prune.
"""

from collections.abc import Mapping

import numpy as np

from foursplit.diagnosis.slices.encoding import MIN_SHARE, EncodedDev, SliceKey

MAX_SLICES = 20  # slices that are tested: each further one makes the others harder to confirm
ERROR_WEIGHT = 0.95  # weight of a slice's error against its size in the score; the paper's
MIN_ROWS = 20  # a smaller slice has too noisy an error
MAX_OVERLAP = 0.95  # Jaccard index above which two slices are the same
CHUNK_ROWS = 1 << 18  # rows counted at once: the codes of 30 columns fit in the cache
MAX_PAIRS, MAX_READS = 500, 1_000_000_000  # pairs that are extended, and values read for it
CHUNK_CELLS = 1 << 21  # cells whose codes are counted at once when a pair is extended
POOL_SIZE = 400  # candidates compared with each other


Pair = tuple[int, int]
"""Two columns."""

PairTables = Mapping[Pair, np.ndarray]
"""For two columns, a number for each combination of their codes, flat."""


def search_slices(dev: EncodedDev) -> tuple[list[SliceKey], bool]:
    """Return the slices with the highest scores, and whether the search was exhaustive."""
    if not dev.loss.any():
        return [], True
    search = _Search(dev)
    search.score_columns()
    search.score_pairs()
    complete = search.score_triples()
    return search.select(), complete


class _Search:
    """Search by number of predicates; an upper bound on narrower slices prunes it."""

    def __init__(self, dev: EncodedDev) -> None:
        self.dev = dev
        self.n = len(dev.loss)
        self.min_rows = max(MIN_ROWS, int(np.ceil(MIN_SHARE * self.n)))
        self.weight = dev.weight if (dev.weight != dev.weight[0]).any() else None
        self.total = float(dev.weight.sum())
        self.min_weight = self.min_rows * float(dev.weight.min())
        self.max_loss = float(dev.loss.max())
        # In most tasks few rows have a loss: summing only those is many times faster.
        self.bad = np.flatnonzero(dev.loss)
        self.bad_loss = (dev.loss * dev.weight)[self.bad]
        self.error = float(self.bad_loss.sum()) / self.total
        self.codes, self.bad_codes = dev.codes, dev.codes[:, self.bad]
        self.sizes = [len(labels) + 1 for labels in dev.labels]
        self.pool: list[tuple[float, SliceKey]] = []
        self.open_pairs: list[
            tuple[float, SliceKey, int]
        ] = []  # pairs to extend: bound, pair, rows

    def score(self, weight: np.ndarray, loss: np.ndarray) -> np.ndarray:
        """Return SliceLine's score: relative excess error less a penalty for small size."""
        worse = loss / weight / self.error - 1
        return ERROR_WEIGHT * worse - (1 - ERROR_WEIGHT) * (self.total / weight - 1)

    def bound(self, weight: np.ndarray, loss: np.ndarray) -> np.ndarray:
        """Return an upper bound on the score of any slice inside one of this weight and loss.

        At the largest possible loss the score is monotone in the weight on either side of the
        point where the loss stops being the limit: the maximum is at one of three weights.
        """
        min_weight = np.minimum(self.min_weight, weight)
        weights = (min_weight, weight, np.clip(loss / self.max_loss, min_weight, weight))
        return np.max([self.score(w, np.minimum(loss, w * self.max_loss)) for w in weights], axis=0)

    @property
    def threshold(self) -> float:
        """Return the score that a slice must reach: 0 until the pool is full."""
        if len(self.pool) < POOL_SIZE:
            return 0.0
        return float(np.partition([s for s, _ in self.pool], -POOL_SIZE)[-POOL_SIZE])

    def score_columns(self) -> None:
        """Score single predicates, and drop those that no promising slice can contain."""
        kept_codes, kept_bad_codes = np.empty_like(self.codes), np.empty_like(self.bad_codes)
        for column, size in enumerate(self.sizes):
            code = self.codes[column]
            count = np.bincount(code, minlength=size)
            weight = self._weights(code, count)
            loss = np.bincount(self.bad_codes[column], weights=self.bad_loss, minlength=size)
            promising = self._is_promising(count, weight, loss)
            promising[0] = False
            indices = np.flatnonzero(promising)
            for k, score in zip(
                indices, self.score(weight[promising], loss[promising]), strict=True
            ):
                self._add(float(score), ((column, int(k)),))
            promising[indices] = self.bound(weight[indices], loss[indices]) > 0
            table = np.where(promising, np.arange(size), 0).astype(np.uint8)
            kept_codes[column], kept_bad_codes[column] = table[code], table[self.bad_codes[column]]
        self.codes, self.bad_codes = kept_codes, kept_bad_codes

    def _weights(self, code: np.ndarray, count: np.ndarray) -> np.ndarray:
        if self.weight is None:
            return count * float(self.dev.weight[0])
        return np.bincount(code, weights=self.weight, minlength=len(count))

    def _is_promising(self, count: np.ndarray, weight: np.ndarray, loss: np.ndarray) -> np.ndarray:
        promising = (count >= self.min_rows) & (count < self.n) & (loss > 0)
        promising[promising] = self.bound(weight[promising], loss[promising]) > 0
        return promising

    def _add(self, score: float, key: SliceKey) -> None:
        if score > 0:
            self.pool.append((round(score, 9), key))

    def score_pairs(self) -> None:
        """Score all pairs of predicates."""
        live = [c for c in range(len(self.sizes)) if self.codes[c].any()]
        counts = self._count_pairs(live, self.codes, None)
        loss = self._count_pairs(live, self.bad_codes, self.bad_loss)
        weights = (
            self._count_pairs(live, self.codes, self.weight) if self.weight is not None else {}
        )
        batch: list[Pair] = []
        n_cells = 0
        for pair, count in counts.items():
            batch.append(pair)
            n_cells += len(count)
            if n_cells > CHUNK_CELLS:
                self._score_tables(batch, counts, weights, loss)
                batch, n_cells = [], 0
        if batch:
            self._score_tables(batch, counts, weights, loss)

    def _score_tables(
        self,
        pairs: list[tuple[int, int]],
        counts: PairTables,
        weights: PairTables,
        loss: PairTables,
    ) -> None:
        """Score the predicates of several pairs of columns in one pass."""
        count_of = np.concatenate([counts[pair] for pair in pairs])
        loss_of = np.concatenate([loss[pair] for pair in pairs])
        if weights:
            weight_of = np.concatenate([weights[pair] for pair in pairs])
        else:
            weight_of = count_of * float(self.dev.weight[0])
        cells = [np.arange(len(counts[pair])) for pair in pairs]
        codes = [np.divmod(k, self.sizes[b]) for k, (_, b) in zip(cells, pairs, strict=True)]
        first, second = (np.concatenate([code[side] for code in codes]) for side in (0, 1))
        pair_of = np.repeat(np.arange(len(pairs)), [len(k) for k in cells])
        promising = self._is_promising(count_of, weight_of, loss_of)
        promising &= (first > 0) & (second > 0)
        indices = np.flatnonzero(promising)
        scores = self.score(weight_of[indices], loss_of[indices])
        bounds = self.bound(weight_of[indices], loss_of[indices])
        for k, score, bound in zip(indices, scores, bounds, strict=True):
            a, b = pairs[pair_of[k]]
            key = ((a, int(first[k])), (b, int(second[k])))
            self._add(float(score), key)
            self.open_pairs.append((round(float(bound), 9), key, int(count_of[k])))

    def _count_pairs(
        self, live: list[int], codes: np.ndarray, values: np.ndarray | None
    ) -> dict[Pair, np.ndarray]:
        """Count rows, or sum `values`, by each pair of columns' codes."""
        pairs = [(a, b) for position, a in enumerate(live) for b in live[position + 1 :]]
        tables = {(a, b): np.zeros(self.sizes[a] * self.sizes[b]) for a, b in pairs}
        for start in range(0, codes.shape[1], CHUNK_ROWS):
            chunk = codes[:, start : start + CHUNK_ROWS].astype(np.uint16)  # 201² fits
            chunk_values = None if values is None else values[start : start + CHUNK_ROWS]
            for (a, b), table in tables.items():
                pair_codes = chunk[a] * np.uint16(self.sizes[b]) + chunk[b]
                table += np.bincount(pair_codes, weights=chunk_values, minlength=len(table))
        return tables

    def score_triples(self) -> bool:
        """Extend the most promising pairs; return whether all of them were."""
        threshold, budget = self.threshold, MAX_READS
        candidates = sorted(
            (w for w in self.open_pairs if w[0] > threshold), key=lambda w: (-w[0], w[1])
        )
        for done, (_, pair, count) in enumerate(candidates):
            budget -= count * len(self.codes)
            if done == MAX_PAIRS or budget < 0:
                return False
            self._extend(pair)
        return True

    def _extend(self, pair: SliceKey) -> None:
        """Score every slice of three predicates that contains `pair`."""
        (a, first), (b, second) = pair
        rows = np.flatnonzero((self.codes[a] == first) & (self.codes[b] == second))
        bad = np.flatnonzero((self.bad_codes[a] == first) & (self.bad_codes[b] == second))
        columns = np.array([c for c in range(len(self.sizes)) if c not in (a, b)], dtype=np.intp)
        at_once = max(1, CHUNK_CELLS // max(1, len(rows)))
        for start in range(0, len(columns), at_once):
            self._extend_by(pair, columns[start : start + at_once], rows, bad)

    def _extend_by(
        self, pair: SliceKey, columns: np.ndarray, rows: np.ndarray, bad: np.ndarray
    ) -> None:
        """Score `pair` with each predicate of `columns`; count all columns in one pass."""
        sizes = np.array([self.sizes[column] for column in columns.tolist()], dtype=np.intp)
        ends = np.cumsum(sizes)
        starts = ends - sizes  # of each column's codes among all
        code = (self.codes[np.ix_(columns, rows)] + starts[:, None]).ravel()
        bad_code = (self.bad_codes[np.ix_(columns, bad)] + starts[:, None]).ravel()
        n_codes = int(ends[-1])
        count = np.bincount(code, minlength=n_codes)
        weight: np.ndarray = count * float(self.dev.weight[0])
        if self.weight is not None:
            weights = np.tile(self.weight[rows], len(columns))
            weight = np.bincount(code, weights=weights, minlength=n_codes)
        bad_loss = np.tile(self.bad_loss[bad], len(columns))
        loss = np.bincount(bad_code, weights=bad_loss, minlength=n_codes)
        promising = self._is_promising(count, weight, loss)
        promising[starts] = False
        scores = self.score(weight[promising], loss[promising])
        column_of = np.repeat(columns, sizes)
        code_of = np.arange(n_codes) - np.repeat(starts, sizes)
        for k, score in zip(np.flatnonzero(promising), scores, strict=True):
            self._add(float(score), tuple(sorted((*pair, (int(column_of[k]), int(code_of[k]))))))

    def select(self) -> list[SliceKey]:
        """Return the highest scores, without near duplicates and subsets of a better slice.

        A narrower slice is kept only if it scores higher than every wider one that contains it.
        """
        ordered = sorted(set(self.pool), key=lambda s: (-s[0], len(s[1]), s[1]))
        chosen: list[tuple[SliceKey, np.ndarray, int]] = []
        for _, key in ordered[: POOL_SIZE * 3]:
            if len(chosen) == MAX_SLICES:
                break
            if any(set(other) <= set(key) for other, _, _ in chosen):
                continue
            inside = self.dev.inside(key)
            packed, count = np.packbits(inside), int(inside.sum())
            if not any(_is_same(packed, count, *other[1:]) for other in chosen):
                chosen.append((key, packed, count))
        return [key for key, _, _ in chosen]


def _is_same(a: np.ndarray, n_a: int, b: np.ndarray, n_b: int) -> bool:
    n_both = int(np.bitwise_count(a & b).sum())
    return n_both > MAX_OVERLAP * (n_a + n_b - n_both)
