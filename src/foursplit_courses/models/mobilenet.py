"""MobileNet: depthwise separable convolutions: one kernel a channel, then 1 by 1 over channels.

Source: Howard et al. (2017), MobileNets: efficient convolutional neural networks for mobile vision
applications, table 1; taught in DLS C4 W2.
"""

from dataclasses import dataclass
from typing import Literal

from torch import nn

from foursplit.core.examples import DataSpec
from foursplit.layers.convolution_block import (
    MeanOverPlaces,
    convolution_block,
    last_layer,
    scaled,
)
from foursplit.layers.standardize import Standardize

STEM = 32
BLOCKS = (
    (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1),
    (512, 1), (512, 1), (1024, 2), (1024, 1),
)  # fmt: skip
"""Outputs and stride of each depthwise separable convolution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    width: float = 1.0  # the paper's width multiplier
    n_blocks: int = len(BLOCKS)  # the first ones
    first_stride: Literal[1, 2] = 2  # 1 for small pictures

    def __post_init__(self) -> None:
        if not self.width > 0:
            raise ValueError(f"width: {self.width} must be above 0")
        if not 1 <= self.n_blocks <= len(BLOCKS):
            raise ValueError(f"n_blocks: {self.n_blocks} must be from 1 to {len(BLOCKS)}")


def build(args: Args, shape: DataSpec) -> nn.Module:
    """Map (batch, channel, row, column) pictures to (batch, class) logits."""
    n_in = scaled(STEM, args.width)
    layers: list[nn.Module] = [
        Standardize(shape.inputs),
        convolution_block(shape.inputs[0], n_in, 3, stride=args.first_stride),
    ]
    for n_channels, stride in BLOCKS[: args.n_blocks]:
        n_out = scaled(n_channels, args.width)
        layers += [
            convolution_block(n_in, n_in, 3, stride=stride, groups=n_in),
            convolution_block(n_in, n_out, 1),
        ]
        n_in = n_out
    return nn.Sequential(*layers, MeanOverPlaces(), last_layer(n_in, shape.n_classes))
