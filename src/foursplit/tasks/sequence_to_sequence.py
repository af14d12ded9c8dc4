"""From a text to another text, token by token: the data set's array `answer` is the target.

Source: Ng, DLS C5 W3 (sequence to sequence models).
"""

from math import log
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from foursplit.config.fit import TrainerConfig
from foursplit.core.arrays import Array, Ragged
from foursplit.core.examples import DataSpec, Examples
from foursplit.data.encode import encode
from foursplit.data.texts import END, PADDING, SPECIAL, START
from foursplit.training.batches import LENGTH, Batch
from foursplit.training.supervised_task import CONTRACTS, Scalar, SupervisedTask

__all__ = ["CONTRACTS", "initial_loss", "module", "random_batch", "targets"]

ANSWER = "answer"

Logits = Float[Tensor, "batch steps n_tokens"]


class SequenceToSequence(SupervisedTask):
    """Train any `net` that maps a text and the answer so far to logits of the next token.

    `net(x, x_length, answer_in)` gives (batch, steps, token) logits, `net.predict(batch)` the
    (batch, steps) tokens of its own answer.
    """

    def forward(self, batch: Batch) -> Logits:
        logits: Logits = self.net(batch["x"], batch["x" + LENGTH], batch["answer_in"])
        return logits

    def output_loss(self, outputs: Logits, batch: Batch) -> Scalar:
        smoothing = self.fit.label_smoothing if self.training else 0.0
        truth: Int[Tensor, "batch steps"] = batch["answer_out"].long()
        return F.cross_entropy(
            outputs.flatten(0, 1), truth.flatten(), ignore_index=PADDING, label_smoothing=smoothing
        )

    def output_error(self, outputs: Logits, batch: Batch) -> Scalar:
        """Compute the share of answers with any wrong token, by the network's own answers."""
        net: Any = self.net
        truth, answer = batch["answer_out"], net.predict(batch)
        n = max(truth.shape[1], answer.shape[1])
        pairs = [F.pad(part, (0, n - part.shape[1]), value=PADDING) for part in (truth, answer)]
        return (pairs[0] != pairs[1]).any(dim=1).float().mean()


def module(net: nn.Module, fit: TrainerConfig, shape: DataSpec) -> SequenceToSequence:
    if ANSWER not in shape.vocabularies:
        raise ValueError(
            f"task sequence_to_sequence needs a data set with text={{column}} and "
            f"further={{'{ANSWER}': 'target'}}; this one has texts {sorted(shape.vocabularies)}"
        )
    return SequenceToSequence(net, fit, shape)


def targets(examples: Examples, shape: DataSpec) -> dict[str, Array]:
    """Return the answer's tokens as the network reads them, and one step later as it gives them."""
    ids = encode(ANSWER, examples.further[ANSWER], shape)
    assert isinstance(ids, Ragged)
    rows = [ids.row(number) for number in range(len(ids))]
    before, after = np.array([START], np.int64), np.array([END], np.int64)
    return {
        "answer_in": Ragged.of([np.concatenate([before, row]) for row in rows]),
        "answer_out": Ragged.of([np.concatenate([row, after]) for row in rows]),
    }


def random_batch(shape: DataSpec, n: int, rng: np.random.Generator) -> Batch:
    """Draw a batch like the data's, for the contract tests."""
    x = rng.integers(len(SPECIAL), shape.n_tokens, (n, shape.max_lengths["x"]))
    n_answer = len(shape.vocabularies[ANSWER])
    answer = rng.integers(len(SPECIAL), n_answer, (n, shape.max_lengths[ANSWER]))
    before, after = np.full((n, 1), START), np.full((n, 1), END)
    lengths = {"x": x.shape[1], "answer_in": answer.shape[1] + 1}
    return {
        "x": torch.from_numpy(x.astype(np.int32)),
        "answer_in": torch.from_numpy(np.concatenate([before, answer], axis=1)),
        "answer_out": torch.from_numpy(np.concatenate([answer, after], axis=1)),
        **{name + LENGTH: torch.full((n,), length) for name, length in lengths.items()},
    }


def initial_loss(shape: DataSpec) -> float:
    """Return the loss of a uniform guess of each token."""
    return log(len(shape.vocabularies[ANSWER]))
