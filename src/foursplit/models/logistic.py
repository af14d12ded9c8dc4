"""Logistic regression: a line through the inputs, and the log-odds of the second class.

Source: Ng, MLS C1 W3 and DLS C1 W2.
"""

from dataclasses import dataclass

from torch import nn

from foursplit.core.examples import DataShape
from foursplit.layers.standardize import Standardise


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set; the penalty is `fit.weight_decay`."""

    standardise: bool = True  # false: inputs as the source gives them, as course 1 takes pictures


def build(args: Args, shape: DataShape) -> nn.Module:
    """Map (batch, input) to (batch, 1) log-odds."""
    head = nn.Linear(shape.n_inputs, 1)
    nn.init.zeros_(head.weight)  # the course's start; the cost is convex
    nn.init.zeros_(head.bias)
    first = [Standardise(shape.inputs)] if args.standardise else []
    return nn.Sequential(*first, nn.Flatten(), head)
