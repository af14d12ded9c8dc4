"""Residual networks: blocks around which the input goes too.

ResNet-18 is the default; ResNet-50 is `block: bottleneck, blocks: [3, 4, 6, 3]`. The last batch
normalization of a block begins at 0, so that an untrained block passes on its input.

Source: He, Zhang, Ren and Sun (2016), Deep residual learning for image recognition, table 1, and
section 4.2 for small pictures; Goyal et al. (2017), Accurate, large minibatch SGD, section 5.1 (the
0); taught in DLS C4 W2.
"""

from dataclasses import dataclass
from typing import Literal

from jaxtyping import Float
from torch import Tensor, nn

from foursplit.core.examples import DataSpec
from foursplit.layers.convolution_block import (
    MeanOverPlaces,
    convolution,
    convolution_block,
    last_layer,
)
from foursplit.layers.standardize import Standardize

EXPANSION = 4  # outputs of a bottleneck for each of its inner channels

Maps = Float[Tensor, "batch channel row column"]
Outputs = Float[Tensor, "batch n_out row_out column_out"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    block: Literal["basic", "bottleneck"] = "basic"
    blocks: tuple[int, ...] = (2, 2, 2, 2)  # of each stage
    channels: int = 64  # of the first stage; each has twice those of the one before
    stem: Literal["large", "small"] = "large"  # 7 by 7 at stride 2 and a pooling, or 3 by 3
    conv_bias: bool = False  # biases of the convolutions, which batch normalization undoes

    def __post_init__(self) -> None:
        if min(self.blocks, default=0) < 1 or self.channels < 1:
            raise ValueError(f"blocks {self.blocks}, channels {self.channels} must be at least 1")


class Residual(nn.Module):
    """A change that is added to the input, or to the input projected to the same shape."""

    def __init__(self, change: nn.Module, shortcut: nn.Module) -> None:
        super().__init__()
        self.change, self.shortcut, self.relu = change, shortcut, nn.ReLU()

    def forward(self, x: Maps) -> Outputs:
        return self.relu(self.change(x) + self.shortcut(x))


def build(args: Args, shape: DataSpec) -> nn.Module:
    """Map (batch, channel, row, column) pictures to (batch, class) logits."""
    layers: list[nn.Module] = [Standardize(shape.inputs), *_stem(args, shape.inputs[0])]
    n_in = args.channels
    for stage, n in enumerate(args.blocks):
        inner = args.channels * 2**stage
        for number in range(n):
            stride = 2 if stage > 0 and number == 0 else 1
            block, n_in = _block(args, n_in, inner, stride)
            layers.append(block)
    return nn.Sequential(*layers, MeanOverPlaces(), last_layer(n_in, shape.n_classes))


def _stem(args: Args, depth: int) -> list[nn.Module]:
    if args.stem == "small":
        return [_unit(args, depth, args.channels, 3)]
    return [_unit(args, depth, args.channels, 7, stride=2), nn.MaxPool2d(3, 2, padding=1)]


def _block(args: Args, n_in: int, inner: int, stride: int) -> tuple[Residual, int]:
    """Return a block and how many channels leave it."""
    if args.block == "basic":
        n_out = inner
        units = [
            _unit(args, n_in, inner, 3, stride=stride),
            _unit(args, inner, n_out, 3, last=True),
        ]
    else:  # the stride is in the first convolution, as in the paper
        n_out = EXPANSION * inner
        units = [
            _unit(args, n_in, inner, 1, stride=stride),
            _unit(args, inner, inner, 3),
            _unit(args, inner, n_out, 1, last=True),
        ]
    batch_norm = units[-1][-1]
    assert isinstance(batch_norm, nn.BatchNorm2d)
    nn.init.zeros_(batch_norm.weight)
    is_same = stride == 1 and n_in == n_out
    shortcut = nn.Identity() if is_same else _unit(args, n_in, n_out, 1, stride=stride, last=True)
    return Residual(nn.Sequential(*units), shortcut), n_out


def _unit(
    args: Args, n_in: int, n_out: int, kernel: int, *, stride: int = 1, last: bool = False
) -> nn.Sequential:
    """Return convolution and batch normalization; of the last unit the ReLU follows the sum."""
    unit = convolution_block(
        n_in, n_out, kernel, stride=stride, activation="none" if last else "relu"
    )
    if args.conv_bias:
        unit[0] = convolution(n_in, n_out, kernel, stride=stride)
    return unit
