"""Logistic regression: a linear layer whose output is the logit of the second class.

Source: Ng, MLS C1 W3 and DLS C1 W2.
"""

from dataclasses import dataclass

from torch import nn

from foursplit.core.examples import DataSpec
from foursplit.layers.standardize import Standardize


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set; the L2 penalty is `fit.weight_decay`."""

    standardize: bool = True  # false: raw inputs, as in DLS course 1


def build(args: Args, shape: DataSpec) -> nn.Module:
    """Map (batch, input) to (batch, 1) logits."""
    head = nn.Linear(shape.n_inputs, 1)
    nn.init.zeros_(head.weight)  # the course's start; the cost is convex
    nn.init.zeros_(head.bias)
    preprocessing = [Standardize(shape.inputs)] if args.standardize else []
    return nn.Sequential(*preprocessing, nn.Flatten(), head)
