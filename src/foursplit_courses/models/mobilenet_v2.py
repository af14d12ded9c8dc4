"""MobileNetV2: inverted residual blocks, wide inside and narrow where the input goes past them.

Source: Sandler, Howard, Zhu, Zhmoginov and Chen (2018), MobileNetV2: inverted residuals and linear
bottlenecks, table 2; taught in DLS C4 W2.
"""

from dataclasses import dataclass
from typing import Literal

from jaxtyping import Float
from torch import Tensor, nn

from foursplit.core.examples import DataSpec
from foursplit.layers.convolution_block import MeanOverPlaces, convolution_block, last_layer
from foursplit.layers.standardize import Standardize

STEM, LAST = 32, 1280
STAGES = (
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
    (6, 320, 1, 1),
)  # fmt: skip
"""Expansion, outputs, number of blocks, and stride of the first."""

DIVISOR = 8  # channels are multiples of it, as in the authors' code

Maps = Float[Tensor, "batch channel row column"]
Outputs = Float[Tensor, "batch n_out row_out column_out"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    width: float = 1.0  # the width multiplier; the last convolution is never narrower than at 1
    n_stages: int = len(STAGES)  # the first ones
    last_channels: int = LAST
    first_stride: Literal[1, 2] = 2  # 1 for small pictures
    dropout: float = 0.2

    def __post_init__(self) -> None:
        if not self.width > 0:
            raise ValueError(f"width: {self.width} must be above 0")
        if not 1 <= self.n_stages <= len(STAGES):
            raise ValueError(f"n_stages: {self.n_stages} must be from 1 to {len(STAGES)}")
        if self.last_channels < 1:
            raise ValueError(f"last_channels: {self.last_channels} must be at least 1")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout: {self.dropout} must be from 0 to below 1")


class InvertedResidual(nn.Module):
    """Widen by 1 by 1, filter each channel, and narrow without an activation."""

    def __init__(self, n_in: int, n_out: int, expansion: int, stride: int) -> None:
        super().__init__()
        inner = n_in * expansion
        layers = [] if expansion == 1 else [convolution_block(n_in, inner, 1, activation="relu6")]
        narrow = convolution_block(inner, n_out, 1, activation="none")
        self.is_residual = stride == 1 and n_in == n_out
        if self.is_residual:  # an untrained block passes on its input
            batch_norm = narrow[-1]
            assert isinstance(batch_norm, nn.BatchNorm2d)
            nn.init.zeros_(batch_norm.weight)
        self.change = nn.Sequential(
            *layers,
            convolution_block(inner, inner, 3, stride=stride, groups=inner, activation="relu6"),
            narrow,
        )

    def forward(self, x: Maps) -> Outputs:
        changed = self.change(x)
        return x + changed if self.is_residual else changed


def build(args: Args, shape: DataSpec) -> nn.Module:
    """Map (batch, channel, row, column) pictures to (batch, class) logits."""
    n_in = divisible(STEM * args.width)
    layers: list[nn.Module] = [
        Standardize(shape.inputs),
        convolution_block(shape.inputs[0], n_in, 3, stride=args.first_stride, activation="relu6"),
    ]
    for expansion, n_channels, n, first_stride in STAGES[: args.n_stages]:
        n_out = divisible(n_channels * args.width)
        for number in range(n):
            stride = first_stride if number == 0 else 1
            layers.append(InvertedResidual(n_in, n_out, expansion, stride))
            n_in = n_out
    last = divisible(args.last_channels * max(1.0, args.width))
    layers += [convolution_block(n_in, last, 1, activation="relu6"), MeanOverPlaces()]
    layers += [nn.Dropout(args.dropout)] if args.dropout else []
    return nn.Sequential(*layers, last_layer(last, shape.n_classes))


def divisible(n_channels: float) -> int:
    """Return the nearest multiple of `DIVISOR` that is at least one and 90 % of the channels."""
    nearest = max(DIVISOR, int(n_channels + DIVISOR / 2) // DIVISOR * DIVISOR)
    return nearest if nearest >= 0.9 * n_channels else nearest + DIVISOR
