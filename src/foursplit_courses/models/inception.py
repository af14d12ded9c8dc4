"""GoogLeNet: Inception modules, which look through windows of several sizes at once.

1 by 1 convolutions before the large windows reduce the channels, and with them the products. The
auxiliary classifiers of training and local response normalization are left out.

Source: Szegedy et al. (2015), Going deeper with convolutions, table 1; Lin, Chen and Yan (2014),
Network in network; taught in DLS C4 W2.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from foursplit.core.examples import DataSpec
from foursplit.layers.convolution_block import (
    MeanOverPlaces,
    convolution_block,
    last_layer,
    scaled,
)
from foursplit.layers.standardize import Standardize

Maps = Float[Tensor, "batch channel row column"]
Outputs = Float[Tensor, "batch n_out row_out column_out"]


class Branches(NamedTuple):
    """Channels that leave each branch, and those that a 1 by 1 convolution reduces to before."""

    one: int
    reduced_three: int
    three: int
    reduced_five: int
    five: int
    pooled: int

    @property
    def n_out(self) -> int:
        return self.one + self.three + self.five + self.pooled

    def scaled(self, width: float) -> "Branches":
        return Branches(*(scaled(n, width) for n in self))


STAGES = (
    (Branches(64, 96, 128, 16, 32, 32), Branches(128, 128, 192, 32, 96, 64)),
    (
        Branches(192, 96, 208, 16, 48, 64), Branches(160, 112, 224, 24, 64, 64),
        Branches(128, 128, 256, 24, 64, 64), Branches(112, 144, 288, 32, 64, 64),
        Branches(256, 160, 320, 32, 128, 128),
    ),
    (Branches(256, 160, 320, 32, 128, 128), Branches(384, 192, 384, 48, 128, 128)),
)  # fmt: skip
"""Modules 3a and 3b, 4a to 4e, 5a and 5b of the paper's table; a pooling is between stages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    width: float = 1.0  # share of the paper's channels
    modules: tuple[int, int, int] = (2, 5, 2)  # the first ones of each stage
    stem: Literal["large", "small"] = "large"  # 7 by 7 at stride 2 and so on, or 3 by 3
    batch_norm: bool = False  # not in the paper
    dropout: float = 0.4

    def __post_init__(self) -> None:
        if not self.width > 0:
            raise ValueError(f"width: {self.width} must be above 0")
        for n, stage in zip(self.modules, STAGES, strict=True):
            if not 1 <= n <= len(stage):
                raise ValueError(f"modules: {self.modules} must be from 1 to (2, 5, 2)")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout: {self.dropout} must be from 0 to below 1")


class Inception(nn.Module):
    """Four branches over the same input, their outputs side by side."""

    def __init__(self, n_in: int, branches: Branches, *, batch_norm: bool) -> None:
        super().__init__()

        def block(before: int, after: int, kernel: int) -> nn.Sequential:
            return convolution_block(before, after, kernel, batch_norm=batch_norm)

        b = branches
        self.one = block(n_in, b.one, 1)
        self.three = nn.Sequential(
            block(n_in, b.reduced_three, 1), block(b.reduced_three, b.three, 3)
        )
        self.five = nn.Sequential(block(n_in, b.reduced_five, 1), block(b.reduced_five, b.five, 5))
        self.pooled = nn.Sequential(nn.MaxPool2d(3, 1, padding=1), block(n_in, b.pooled, 1))

    def forward(self, x: Maps) -> Outputs:
        return torch.cat([self.one(x), self.three(x), self.five(x), self.pooled(x)], dim=1)


def build(args: Args, shape: DataSpec) -> nn.Module:
    """Map (batch, channel, row, column) pictures to (batch, class) logits."""
    layers: list[nn.Module] = [Standardize(shape.inputs), *_stem(args, shape.inputs[0])]
    n_in = scaled(192, args.width)
    for number, (n, stage) in enumerate(zip(args.modules, STAGES, strict=True)):
        layers += [nn.MaxPool2d(3, 2, padding=1)] if number else []
        for branches in stage[:n]:
            of_width = branches.scaled(args.width)
            layers.append(Inception(n_in, of_width, batch_norm=args.batch_norm))
            n_in = of_width.n_out
    dropout = [nn.Dropout(args.dropout)] if args.dropout else []
    return nn.Sequential(*layers, MeanOverPlaces(), *dropout, last_layer(n_in, shape.n_classes))


def _stem(args: Args, depth: int) -> list[nn.Module]:
    """Return what precedes the modules; pooling is padded to halve, rounding up."""
    first, second = scaled(64, args.width), scaled(192, args.width)
    if args.stem == "small":
        return [
            convolution_block(depth, second, 3, batch_norm=args.batch_norm),
            nn.MaxPool2d(3, 2, padding=1),
        ]
    return [
        convolution_block(depth, first, 7, stride=2, batch_norm=args.batch_norm),
        nn.MaxPool2d(3, 2, padding=1),
        convolution_block(first, first, 1, batch_norm=args.batch_norm),
        convolution_block(first, second, 3, batch_norm=args.batch_norm),
        nn.MaxPool2d(3, 2, padding=1),
    ]
