"""Columns of the prediction table of texts for texts: an answer is right or wrong as a whole."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from foursplit.core.arrays import Ragged
from foursplit.core.examples import DataSpec, Examples
from foursplit.data import texts

if TYPE_CHECKING:
    import pandas as pd

METRICS = {"error": "loss", "edit_rate": "edit_rate"}
"""Name of each metric, and the column whose weighted mean it is."""

DIRECTION = "minimize"

ANSWER = "answer"


def truth(examples: Examples) -> np.ndarray:
    """Return the (example,) answers as texts."""
    stored = examples.further[ANSWER]
    assert isinstance(stored, Ragged)
    return np.array(texts.to_texts(stored), dtype=object)


def postprocess(outputs: np.ndarray, shape: DataSpec) -> np.ndarray:
    """Turn (example, step) token numbers into (example,) texts."""
    tokens = shape.vocabularies[ANSWER]
    return np.array([texts.from_ids(ids, tokens, shape.tokenizer) for ids in outputs], dtype=object)


def score_columns(answers: np.ndarray, known: np.ndarray, shape: DataSpec) -> "pd.DataFrame":
    """Score (example,) texts against the true ones."""
    import pandas as pd

    pairs = list(zip(answers, known, strict=True))
    tokens = [[texts.tokens_of(text, shape.tokenizer) for text in pair] for pair in pairs]
    wrong = np.array([answer != true for answer, true in pairs])
    return pd.DataFrame(
        {
            "loss": wrong.astype(np.float64),
            "is_error": wrong,
            "weight": 1.0,
            "y": known,
            "y_hat": answers,
            "edit_rate": [edit_distance(a, b) / max(len(b), 1) for a, b in tokens],
            "baseline_loss": (known != "").astype(np.float64),
        }
    )


def edit_distance(a: Sequence[str], b: Sequence[str]) -> int:
    """Compute the fewest insertions, deletions and replacements that turn `a` into `b`.

    Source: Wagner and Fischer (1974), The string-to-string correction problem.
    """
    costs = np.arange(len(b) + 1)
    for token in a:
        replaced = costs[:-1] + np.array([token != other for other in b], dtype=np.int64)
        best = np.minimum(costs[1:] + 1, replaced)
        # An insertion costs one more than the cell to the left: a running minimum without slope.
        first = costs[0] + 1
        row = np.concatenate([[first], best]) - np.arange(len(b) + 1)
        costs = np.minimum.accumulate(row) + np.arange(len(b) + 1)
    return int(costs[-1])


def baseline(_shape: DataSpec) -> str:
    return "an empty answer, which is always wrong"
