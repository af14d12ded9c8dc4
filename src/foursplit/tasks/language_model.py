"""The next token of a text, given those before it: the data set's text is its own target.

Source: Ng, DLS C5 W1 (language model and sequence generation).
"""

from math import log

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from foursplit.config.fit import TrainerConfig
from foursplit.core.arrays import Array, Ragged
from foursplit.core.examples import DataSpec, Examples
from foursplit.data import texts
from foursplit.data.encode import encode
from foursplit.training import supervised_task
from foursplit.training.batches import LENGTH, Batch
from foursplit.training.supervised_task import Scalar, SupervisedTask

__all__ = ["CONTRACTS", "initial_loss", "module", "random_batch", "random_rows", "targets"]

CONTRACTS = tuple(name for name in supervised_task.CONTRACTS if name != "overfits_one_batch")
"""Which of several texts comes next cannot be learnt by heart: all begin alike."""

FOLLOWING = "following"

Logits = Float[Tensor, "batch step n_tokens"]


class LanguageModel(SupervisedTask):
    """Train any `net` that maps (batch, length) tokens to logits of the token at each place.

    The outputs are (batch, length + 1, token): the first place is that of a text's first token, and
    the last that of its end. No place may depend on its own token or a later one.
    """

    def output_loss(self, outputs: Logits, batch: Batch) -> Scalar:
        """Compute the mean cross-entropy of a token, ends included, in nats."""
        smoothing = self.fit.label_smoothing if self.training else 0.0
        truth: Int[Tensor, "batch step"] = batch[FOLLOWING].long()
        return F.cross_entropy(
            outputs.flatten(0, 1),
            truth.flatten(),
            ignore_index=texts.PADDING,
            label_smoothing=smoothing,
        )

    def output_error(self, outputs: Logits, batch: Batch) -> Scalar:
        """Compute the loss as a share of that of a uniform guess."""
        return self.output_loss(outputs, batch) / log(
            texts.n_outcomes(self.shape.vocabularies["x"])
        )


def module(net: nn.Module, fit: TrainerConfig, shape: DataSpec) -> LanguageModel:
    if "x" not in shape.vocabularies:
        raise ValueError(
            "task language_model needs a data set with text={column}; this has no text"
        )
    return LanguageModel(net, fit, shape)


def targets(examples: Examples, shape: DataSpec) -> dict[str, Array]:
    """Return the token at each place of each text, and its end."""
    ids = encode("x", examples.x, shape)
    assert isinstance(ids, Ragged)
    end = np.array([texts.END], ids.dtype)
    rows = [np.concatenate([ids.row(number), end]) for number in range(len(ids))]
    return {FOLLOWING: Ragged.of(rows)}


def random_batch(shape: DataSpec, n: int, rng: np.random.Generator) -> Batch:
    """Draw a batch like the data's, for the contract tests."""
    length = shape.max_lengths["x"]
    x = rng.integers(len(texts.SPECIAL), shape.n_tokens, (n, length)).astype(np.int32)
    following = np.concatenate([x, np.full((n, 1), texts.END, np.int32)], axis=1)
    return {
        "x": torch.from_numpy(x),
        "x" + LENGTH: torch.full((n,), length),
        FOLLOWING: torch.from_numpy(following),
        FOLLOWING + LENGTH: torch.full((n,), length + 1),
    }


def random_rows(shape: DataSpec, n: int, rng: np.random.Generator) -> tuple[Ragged, None]:
    """Draw texts for a model with a fit of its own."""
    tokens = np.array(shape.vocabularies["x"][len(texts.SPECIAL) :], dtype=object)
    joint = " " if shape.tokenizer == "words" else ""
    drawn = tokens[rng.integers(0, len(tokens), (n, shape.max_lengths["x"]))]
    return texts.from_texts(joint.join(row) for row in drawn), None


def initial_loss(shape: DataSpec) -> float:
    """Return the loss of a uniform guess of each token."""
    return log(shape.n_tokens)
