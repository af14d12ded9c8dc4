"""SqueezeNet 1.1: fire modules, which squeeze channels by 1 by 1 before they look around.

The last convolution answers at each place, and the mean over places is the answer; it has no ReLU,
so that a logit may be negative.

Source: Iandola et al. (2016), SqueezeNet: AlexNet-level accuracy with 50x fewer parameters, table
1, with the sizes of the authors' version 1.1; 1 by 1 convolutions in DLS C4 W2.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from foursplit.core.examples import DataSpec
from foursplit.layers.convolution_block import (
    MeanOverPlaces,
    convolution,
    convolution_block,
    scaled,
)
from foursplit.layers.standardize import Standardize

STEM = 64
FIRES = ((16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256))
"""Channels that a module squeezes to, and that each of its two branches expands to."""

POOLED_AFTER = (2, 4)  # fire modules

Maps = Float[Tensor, "batch channel row column"]
Outputs = Float[Tensor, "batch n_out row_out column_out"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    width: float = 1.0  # share of the paper's channels
    n_fires: int = len(FIRES)  # the first ones
    dropout: float = 0.5

    def __post_init__(self) -> None:
        if not self.width > 0:
            raise ValueError(f"width: {self.width} must be above 0")
        if not 1 <= self.n_fires <= len(FIRES):
            raise ValueError(f"n_fires: {self.n_fires} must be from 1 to {len(FIRES)}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout: {self.dropout} must be from 0 to below 1")


class Fire(nn.Module):
    """Squeeze to few channels, then expand by 1 by 1 and by 3 by 3 side by side."""

    def __init__(self, n_in: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze = convolution_block(n_in, squeezed, 1, batch_norm=False)
        self.one = convolution_block(squeezed, expanded, 1, batch_norm=False)
        self.three = convolution_block(squeezed, expanded, 3, batch_norm=False)

    def forward(self, x: Maps) -> Outputs:
        x = self.squeeze(x)
        return torch.cat([self.one(x), self.three(x)], dim=1)


def build(args: Args, shape: DataSpec) -> nn.Module:
    """Map (batch, channel, row, column) pictures to (batch, class) logits."""
    n_in = scaled(STEM, args.width)
    layers: list[nn.Module] = [
        Standardize(shape.inputs),
        convolution_block(shape.inputs[0], n_in, 3, stride=2, batch_norm=False),
        nn.MaxPool2d(3, 2, padding=1),
    ]
    for number, (squeezed, expanded) in enumerate(FIRES[: args.n_fires]):
        layers += [nn.MaxPool2d(3, 2, padding=1)] if number in POOLED_AFTER else []
        n_out = scaled(expanded, args.width)
        layers.append(Fire(n_in, scaled(squeezed, args.width), n_out))
        n_in = 2 * n_out
    last = convolution(n_in, shape.n_classes, 1)
    nn.init.normal_(last.weight, std=0.01)  # an untrained network predicts uniformly
    return nn.Sequential(*layers, nn.Dropout(args.dropout), last, MeanOverPlaces())
