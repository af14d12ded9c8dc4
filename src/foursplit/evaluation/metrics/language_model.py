"""Columns of the prediction table of a language model: a row a text, which weighs as its tokens do.

The loss is the mean negative log-likelihood of a token of the text, its end included, over that of
a uniform guess: 1 for a model that knows nothing. Weighted means are therefore means over tokens,
and intervals draw whole texts.
"""

from collections.abc import Sequence
from math import log
from typing import TYPE_CHECKING

import numpy as np

from foursplit.core.arrays import Ragged
from foursplit.core.examples import DataSpec, Examples
from foursplit.data import texts
from foursplit.diagnosis.stats.table_bootstrap import Columns

if TYPE_CHECKING:
    import pandas as pd

METRICS = {"error": "loss"}
"""Name of each metric, and the column whose weighted mean it is."""

DIRECTION = "minimize"

ABOUT = (
    "The error is the cross-entropy of a token over that of a uniform guess. A text counts as "
    "wrong if the model gives it less probability than the shares of tokens in train do. The "
    "prediction is the likeliest token at each place, given the true ones before it; | is the end."
)

ENDS = "|"  # what a guess shows where a text would end


def truth(examples: Examples) -> list[str]:
    """Return the texts."""
    assert isinstance(examples.x, Ragged)
    return texts.to_texts(examples.x)


def postprocess(outputs: np.ndarray, _shape: DataSpec) -> list[np.ndarray]:
    """Turn (example, step, token) logits into each text's (step, token) log-probabilities."""
    highest = outputs.max(axis=-1, keepdims=True)
    shifted = outputs.astype(np.float64) - highest
    return [*(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))]


def score_columns(
    answers: Sequence[np.ndarray], known: Sequence[str], shape: DataSpec
) -> "pd.DataFrame":
    """Score each text's (step, token) log-probabilities; what lies behind its end is left out."""
    import pandas as pd

    vocabulary = shape.vocabularies["x"]
    stored = texts.to_ids(texts.from_texts(known), vocabulary, shape.tokenizer)
    ids = [np.append(stored.row(number), texts.END) for number in range(len(stored))]
    shares = np.array(shape.token_shares["x"])
    nats = np.array(
        [-log_p[np.arange(len(i)), i].mean() for log_p, i in zip(answers, ids, strict=True)]
    )
    by_share = np.array([-np.log(shares[i]).mean() for i in ids])
    uniform = log(texts.n_outcomes(vocabulary))
    return pd.DataFrame(
        {
            "loss": nats / uniform,
            "is_error": nats > by_share,
            "weight": np.array([len(i) for i in ids], dtype=np.float64),
            "y": np.array(known, dtype=object),
            "y_hat": _guesses(answers, ids, shape),
            "baseline_loss": by_share / uniform,
            "stat.nats": nats,
            "stat.n_tokens": [len(i) for i in ids],
            "stat.n_unknown": [int((i == texts.UNKNOWN).sum()) for i in ids],
        }
    )


def _guesses(
    answers: Sequence[np.ndarray], ids: Sequence[np.ndarray], shape: DataSpec
) -> np.ndarray:
    """Return the likeliest token at each place of each text, joined."""
    shown = [*shape.vocabularies["x"]]
    shown[texts.END] = ENDS
    joint = " " if shape.tokenizer == "words" else ""
    best = (log_p[: len(i)].argmax(axis=1) for log_p, i in zip(answers, ids, strict=True))
    return np.array([joint.join(shown[token] for token in guess) for guess in best], dtype=object)


def nats_per_token(columns: Columns) -> float:
    """Compute the mean negative log-likelihood of a token, ends of texts included."""
    n = np.asarray(columns["stat.n_tokens"])
    return float(np.average(np.asarray(columns["stat.nats"]), weights=n))


def bits_per_token(columns: Columns) -> float:
    """Compute the same to base 2: bits per character where tokens are characters."""
    return nats_per_token(columns) / log(2)


def perplexity(columns: Columns) -> float:
    """Compute among how many equal choices a token seems drawn."""
    return float(np.exp(nats_per_token(columns)))


def unknown_rate(columns: Columns) -> float:
    """Compute the share of tokens that train does not have."""
    n = float(np.asarray(columns["stat.n_tokens"]).sum())
    return float(np.asarray(columns["stat.n_unknown"]).sum()) / n


TABLE_METRICS = {
    "nats_per_token": nats_per_token,
    "bits_per_token": bits_per_token,
    "perplexity": perplexity,
    "unknown_rate": unknown_rate,
}
"""Metrics of whole tables."""


def baseline(_shape: DataSpec) -> str:
    return "each token with its share in train, whatever stands before it"
