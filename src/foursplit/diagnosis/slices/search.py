"""The search for slices: up to three predicates, scored by how bad and how large they are.

Source: Sagadeeva and Boehm (2021), SliceLine: Fast, Linear-Algebra-based Slice Finding for ML Model
Debugging, for the score and the bounds that prune.
"""

import numpy as np

from foursplit.diagnosis.slices.encoding import LEAST_SHARE, Dev, Key

TOP = 20  # slices that are tested: each one more makes all the others harder to confirm
SIZE = 0.95  # weight of a slice's error against its size in the score; the paper's
LEAST_ROWS = 20  # below which a slice's error says little
SAME = 0.95  # Jaccard index above which two slices are one
CHUNK = 1 << 18  # rows counted at once: the codes of 30 columns then stay in the cache
PAIRS, READS = 500, 1_000_000_000  # pairs that are narrowed further, and values read to do so
POOL = 400  # candidates compared with each other


def search(dev: Dev) -> tuple[list[Key], bool]:
    """Give the slices with the highest scores, and whether every slice was looked at."""
    if not dev.loss.any():
        return [], True
    search = _Search(dev)
    search.ones()
    search.pairs()
    complete = search.triples()
    return search.best(), complete


class _Search:
    """Slices by the number of their predicates; a bound on all that is narrower prunes the rest."""

    def __init__(self, dev: Dev) -> None:
        self.dev = dev
        self.n = len(dev.loss)
        self.least = max(LEAST_ROWS, int(np.ceil(LEAST_SHARE * self.n)))
        self.weight = dev.weight if (dev.weight != dev.weight[0]).any() else None
        self.total = float(dev.weight.sum())
        self.least_weight = self.least * float(dev.weight.min())
        self.worst = float(dev.loss.max())
        # Of most tasks few rows have a loss: to sum theirs alone is many times quicker.
        self.bad = np.flatnonzero(dev.loss)
        self.lost = (dev.loss * dev.weight)[self.bad]
        self.error = float(self.lost.sum()) / self.total
        self.codes, self.bad_codes = dev.codes, dev.codes[:, self.bad]
        self.sizes = [len(labels) + 1 for labels in dev.labels]
        self.pool: list[tuple[float, Key]] = []
        self.wide: list[tuple[float, Key, int]] = []  # pairs worth narrowing: bound, pair, rows

    def score(self, weight: np.ndarray, lost: np.ndarray) -> np.ndarray:
        """Give SliceLine's score: how much worse than all, less a price for being small."""
        worse = lost / weight / self.error - 1
        return SIZE * worse - (1 - SIZE) * (self.total / weight - 1)

    def bound(self, weight: np.ndarray, lost: np.ndarray) -> np.ndarray:
        """Give the highest score that any slice inside one of this weight and loss can have.

        With the most loss that fits, the score is monotone in the weight on either side of where
        the loss stops being the limit: one of the three places has the maximum.
        """
        least = np.minimum(self.least_weight, weight)
        places = (least, weight, np.clip(lost / self.worst, least, weight))
        return np.max([self.score(w, np.minimum(lost, w * self.worst)) for w in places], axis=0)

    @property
    def bar(self) -> float:
        """Give the score that a slice must reach, once there are many above nought."""
        if len(self.pool) < POOL:
            return 0.0
        return float(np.partition([s for s, _ in self.pool], -POOL)[-POOL])

    def ones(self) -> None:
        """Look at single predicates, and forget those inside which nothing can be found."""
        kept, bad_kept = np.empty_like(self.codes), np.empty_like(self.bad_codes)
        for column, size in enumerate(self.sizes):
            code = self.codes[column]
            count = np.bincount(code, minlength=size)
            weight = self._weighed(code, count)
            lost = np.bincount(self.bad_codes[column], weights=self.lost, minlength=size)
            good = self._keep(count, weight, lost)
            good[0] = False
            places = np.flatnonzero(good)
            for k, score in zip(places, self.score(weight[good], lost[good]), strict=True):
                self._offer(float(score), ((column, int(k)),))
            good[places] = self.bound(weight[places], lost[places]) > 0
            table = np.where(good, np.arange(size), 0).astype(np.uint8)
            kept[column], bad_kept[column] = table[code], table[self.bad_codes[column]]
        self.codes, self.bad_codes = kept, bad_kept

    def _weighed(
        self, code: np.ndarray, count: np.ndarray, rows: np.ndarray | None = None
    ) -> np.ndarray:
        if self.weight is None:
            return count * float(self.dev.weight[0])
        weights = self.weight if rows is None else self.weight[rows]
        return np.bincount(code, weights=weights, minlength=len(count))

    def _keep(self, count: np.ndarray, weight: np.ndarray, lost: np.ndarray) -> np.ndarray:
        good = (count >= self.least) & (count < self.n) & (lost > 0)
        good[good] = self.bound(weight[good], lost[good]) > 0
        return good

    def _offer(self, score: float, key: Key) -> None:
        if score > 0:
            self.pool.append((round(score, 9), key))

    def pairs(self) -> None:
        """Look at all pairs of columns at once."""
        live = [c for c in range(len(self.sizes)) if self.codes[c].any()]
        counts = self._joint(live, self.codes, None)
        lost = self._joint(live, self.bad_codes, self.lost)
        weights = self._joint(live, self.codes, self.weight) if self.weight is not None else {}
        for (a, b), count in counts.items():
            weight = weights.get((a, b), count * float(self.dev.weight[0]))
            good = self._keep(count, weight, lost[a, b])
            first, second = np.divmod(np.arange(len(count)), self.sizes[b])
            good &= (first > 0) & (second > 0)
            places = np.flatnonzero(good)
            scores = self.score(weight[places], lost[a, b][places])
            bounds = self.bound(weight[places], lost[a, b][places])
            for k, score, bound in zip(places, scores, bounds, strict=True):
                key = ((a, int(first[k])), (b, int(second[k])))
                self._offer(float(score), key)
                self.wide.append((round(float(bound), 9), key, int(count[k])))

    def _joint(
        self, live: list[int], codes: np.ndarray, values: np.ndarray | None
    ) -> dict[tuple[int, int], np.ndarray]:
        """Count rows, or sum `values`, by each pair of columns' codes."""
        pairs = [(a, b) for place, a in enumerate(live) for b in live[place + 1 :]]
        made = {(a, b): np.zeros(self.sizes[a] * self.sizes[b]) for a, b in pairs}
        for start in range(0, codes.shape[1], CHUNK):
            piece = codes[:, start : start + CHUNK].astype(np.uint16)  # 201² fits
            of_piece = None if values is None else values[start : start + CHUNK]
            for (a, b), table in made.items():
                both = piece[a] * np.uint16(self.sizes[b]) + piece[b]
                table += np.bincount(both, weights=of_piece, minlength=len(table))
        return made

    def triples(self) -> bool:
        """Narrow the pairs inside which the highest scores may lie; say whether all were."""
        bar, budget = self.bar, READS
        open_ = sorted((w for w in self.wide if w[0] > bar), key=lambda w: (-w[0], w[1]))
        for done, (_, pair, count) in enumerate(open_):
            budget -= count * len(self.codes)
            if done == PAIRS or budget < 0:
                return False
            self._narrow(pair)
        return True

    def _narrow(self, pair: Key) -> None:
        (a, first), (b, second) = pair
        rows = np.flatnonzero((self.codes[a] == first) & (self.codes[b] == second))
        bad = np.flatnonzero((self.bad_codes[a] == first) & (self.bad_codes[b] == second))
        for column, size in enumerate(self.sizes):
            if column in (a, b):
                continue
            code = self.codes[column][rows]
            count = np.bincount(code, minlength=size)
            weight = self._weighed(code, count, rows)
            lost = np.bincount(self.bad_codes[column][bad], self.lost[bad], minlength=size)
            good = self._keep(count, weight, lost)
            good[0] = False
            scores = self.score(weight[good], lost[good])
            for k, score in zip(np.flatnonzero(good), scores, strict=True):
                self._offer(float(score), tuple(sorted((*pair, (column, int(k))))))

    def best(self) -> list[Key]:
        """Choose the highest, without slices that are nearly, or part of, one already chosen.

        A narrower slice must beat every wider one around it; else it says nothing of its own.
        """
        ordered = sorted(set(self.pool), key=lambda s: (-s[0], len(s[1]), s[1]))
        chosen: list[tuple[Key, np.ndarray, int]] = []
        for _, key in ordered[: POOL * 3]:
            if len(chosen) == TOP:
                break
            if any(set(other) <= set(key) for other, _, _ in chosen):
                continue
            inside = self.dev.inside(key)
            packed, count = np.packbits(inside), int(inside.sum())
            if not any(_alike(packed, count, *other[1:]) for other in chosen):
                chosen.append((key, packed, count))
        return [key for key, _, _ in chosen]


def _alike(a: np.ndarray, n_a: int, b: np.ndarray, n_b: int) -> bool:
    both = int(np.bitwise_count(a & b).sum())
    return both > SAME * (n_a + n_b - both)
