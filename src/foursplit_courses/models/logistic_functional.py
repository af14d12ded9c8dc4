"""Logistic regression in the functional style: a module that says itself how inputs become logits.

The model `logistic` says the same as a sequence of layers; both learn the same weights.

Source: Ng, DLS C1 W2.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from foursplit.core.examples import DataSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set: nothing; the L2 penalty is `fit.weight_decay`."""


class LogisticRegression(nn.Module):
    """A weight for each input and a bias, all of which begin at zero."""

    def __init__(self, n_inputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1, n_inputs))
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, x: Float[Tensor, "batch ..."]) -> Float[Tensor, "batch 1"]:
        """Return the logit of the second class for raw inputs."""
        return F.linear(x.flatten(1), self.weight, self.bias)


def build(_args: Args, shape: DataSpec) -> nn.Module:
    """Map (batch, …) inputs to (batch, 1) logits."""
    return LogisticRegression(shape.n_inputs)
