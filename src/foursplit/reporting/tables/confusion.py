"""The confusion matrix of a classifier."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

MAX_CLASSES = 20  # that a matrix can show on a screen
MAX_PAIRS = 12  # confusions listed below the matrix


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Count of examples with one true class and one predicted class."""

    n: int
    share: float  # of the examples of the true class
    is_correct: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """Rows are true classes, columns predicted classes."""

    classes: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    pairs: tuple[tuple[str, str, int], ...]  # y, y_hat, count: the most frequent confusions

    @property
    def fits(self) -> bool:
        return len(self.classes) <= MAX_CLASSES


def confusion(table: pd.DataFrame, classes: Sequence[str]) -> Confusion:
    """Count the predictions of a prediction table by true and predicted class."""
    index = {name: number for number, name in enumerate(classes)}
    counts = np.zeros((len(classes), len(classes)), np.int64)
    np.add.at(counts, (table["y"].map(index), table["y_hat"].map(index)), 1)
    totals = counts.sum(axis=1)
    rows = tuple(
        tuple(
            Cell(n=int(n), share=float(n / max(totals[i], 1)), is_correct=i == j)
            for j, n in enumerate(row)
        )
        for i, row in enumerate(counts)
    )
    wrong = [
        (classes[i], classes[j], int(n)) for (i, j), n in np.ndenumerate(counts) if n and i != j
    ]
    pairs = tuple(sorted(wrong, key=lambda pair: -pair[2])[:MAX_PAIRS])
    return Confusion(classes=tuple(classes), rows=rows, pairs=pairs)
