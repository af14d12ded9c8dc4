"""The confusion matrix of a classifier: which class is taken for which."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

MOST = 20  # classes that a matrix can show on a screen
PAIRS = 12  # confusions that are listed where there are more classes


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """How many examples of one class were taken for another."""

    n: int
    share: float  # of the examples of that class
    right: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """Rows are what is true, columns what was guessed."""

    classes: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    pairs: tuple[tuple[str, str, int], ...]  # truth, guess, count: the most frequent confusions

    @property
    def fits(self) -> bool:
        return len(self.classes) <= MOST


def confusion(table: pd.DataFrame, classes: Sequence[str]) -> Confusion:
    """Count the answers in a prediction table."""
    place = {name: number for number, name in enumerate(classes)}
    counts = np.zeros((len(classes), len(classes)), np.int64)
    np.add.at(counts, (table["y"].map(place), table["y_hat"].map(place)), 1)
    totals = counts.sum(axis=1)
    rows = tuple(
        tuple(
            Cell(n=int(n), share=float(n / max(totals[i], 1)), right=i == j)
            for j, n in enumerate(row)
        )
        for i, row in enumerate(counts)
    )
    wrong = [
        (classes[i], classes[j], int(n)) for (i, j), n in np.ndenumerate(counts) if n and i != j
    ]
    pairs = tuple(sorted(wrong, key=lambda pair: -pair[2])[:PAIRS])
    return Confusion(classes=tuple(classes), rows=rows, pairs=pairs)
