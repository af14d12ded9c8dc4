"""A tag for each token of a text: the data set's text `tags`, as many words as `x` has.

Source: Ng, DLS C5 W1 (named entity recognition).
"""

from math import log

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from foursplit.config.fit import TrainerConfig
from foursplit.core.arrays import Array
from foursplit.core.examples import DataSpec, Examples
from foursplit.data.encode import encode
from foursplit.data.texts import PADDING, SPECIAL
from foursplit.training.batches import LENGTH, Batch
from foursplit.training.supervised_task import CONTRACTS, Scalar, SupervisedTask

__all__ = ["CONTRACTS", "initial_loss", "module", "random_batch", "targets"]

TAGS = "tags"

Logits = Float[Tensor, "batch step tag"]


class Tag(SupervisedTask):
    """Train any `net` that maps (batch, step) tokens to (batch, step, tag) logits; 0 pads."""

    def output_loss(self, outputs: Logits, batch: Batch) -> Scalar:
        """Compute the mean cross-entropy of a token, in nats."""
        smoothing = self.fit.label_smoothing if self.training else 0.0
        truth: Int[Tensor, "batch step"] = batch[TAGS].long()
        return F.cross_entropy(
            outputs.flatten(0, 1), truth.flatten(), ignore_index=PADDING, label_smoothing=smoothing
        )

    def output_error(self, outputs: Logits, batch: Batch) -> Scalar:
        """Compute the share of tokens with a wrong tag."""
        truth = batch[TAGS]
        answer = outputs[..., len(SPECIAL) :].argmax(dim=-1) + len(SPECIAL)
        counts = truth != PADDING
        return ((answer != truth) & counts).sum().float() / counts.sum().clamp(min=1)


def module(net: nn.Module, fit: TrainerConfig, shape: DataSpec) -> Tag:
    if TAGS not in shape.vocabularies or shape.tokenizer != "words":
        raise ValueError(
            "task tag needs a data set with text={column}, tokenizer='words' and "
            f"further={{'{TAGS}': 'target'}}; this one has texts {sorted(shape.vocabularies)}, "
            f"divided into {shape.tokenizer or 'nothing'}"
        )
    return Tag(net, fit, shape)


def targets(examples: Examples, shape: DataSpec) -> dict[str, Array]:
    """Return the numbers of the tags, in the vocabulary of train's."""
    return {TAGS: encode(TAGS, examples.further[TAGS], shape)}


def random_batch(shape: DataSpec, n: int, rng: np.random.Generator) -> Batch:
    """Draw a batch like the data's, for the contract tests."""
    length = shape.max_lengths["x"]
    x = rng.integers(len(SPECIAL), shape.n_tokens, (n, length))
    tags = rng.integers(len(SPECIAL), len(shape.vocabularies[TAGS]), (n, length))
    lengths = {name + LENGTH: torch.full((n,), length) for name in ("x", TAGS)}
    return {
        "x": torch.from_numpy(x.astype(np.int32)),
        TAGS: torch.from_numpy(tags.astype(np.int32)),
        **lengths,
    }


def initial_loss(shape: DataSpec) -> float:
    """Return the loss of a uniform guess of each tag."""
    return log(len(shape.vocabularies[TAGS]))
