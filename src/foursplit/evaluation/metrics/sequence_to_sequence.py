"""Columns of the prediction table of texts for texts: an answer is right or wrong as a whole."""

from collections import Counter
from collections.abc import Sequence
from math import exp, log
from statistics import fmean
from typing import TYPE_CHECKING, Any

import numpy as np

from foursplit.core.arrays import Ragged
from foursplit.core.examples import DataSpec, Examples
from foursplit.data import texts
from foursplit.diagnosis.stats.table_bootstrap import Columns

if TYPE_CHECKING:
    import pandas as pd

METRICS = {"error": "loss", "edit_rate": "edit_rate"}
"""Name of each metric, and the column whose weighted mean it is."""

DIRECTION = "minimize"

ANSWER = "answer"

MAX_N_GRAM = 4  # tokens that BLEU compares at once


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
            "stat.character_edits": [edit_distance(*pair) for pair in pairs],
            "stat.n_characters": [len(true) for _, true in pairs],
            "stat.n_tokens": [len(b) for _, b in tokens],
            "stat.n_tokens_hat": [len(a) for a, _ in tokens],
            **_matching(tokens),
        }
    )


def _matching(tokens: Sequence[Sequence[Sequence[str]]]) -> dict[str, list[int]]:
    """Count the n-grams of each answer that its truth has too, each as often as there."""
    return {
        f"stat.matches_{n}": [(_n_grams(a, n) & _n_grams(b, n)).total() for a, b in tokens]
        for n in range(1, MAX_N_GRAM + 1)
    }


def _n_grams(tokens: Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(tokens[start : start + n]) for start in range(len(tokens) - n + 1))


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


def bleu(columns: Columns) -> float:
    """Compute BLEU of all answers together, from 0 to 1: without smoothing, of up to 4 tokens.

    Source: Papineni et al. (2002), BLEU: a method for automatic evaluation of machine translation.
    """
    n_hat = np.asarray(columns["stat.n_tokens_hat"])
    logarithms = []
    for n in range(1, MAX_N_GRAM + 1):
        matches = _sum(columns[f"stat.matches_{n}"])
        if not matches:
            return 0.0
        logarithms.append(log(matches / _sum(np.maximum(n_hat - (n - 1), 0))))
    brevity = min(0.0, 1 - _sum(columns["stat.n_tokens"]) / _sum(n_hat))
    return exp(brevity + fmean(logarithms))


def exact_match(columns: Columns) -> float:
    """Compute the share of answers that are right as a whole."""
    n = len(columns["loss"])
    return (n - _sum(columns["loss"])) / n


def character_error_rate(columns: Columns) -> float:
    """Compute the edits of all answers over the characters of all true ones; may exceed 1."""
    n = _sum(columns["stat.n_characters"])
    return _sum(columns["stat.character_edits"]) / n if n else float("nan")


def _sum(column: Any) -> float:
    return float(column.sum())


TABLE_METRICS = {
    "bleu": bleu,
    "exact_match": exact_match,
    "character_error_rate": character_error_rate,
}
"""Metrics of whole tables."""


def baseline(_shape: DataSpec) -> str:
    return "an empty answer, which is always wrong"
