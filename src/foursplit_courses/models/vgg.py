"""VGG: stages of 3 by 3 convolutions, each twice as wide as the one before, and dense layers.

VGG-16 is `convolutions: [2, 2, 3, 3, 3]`, VGG-19 `[2, 2, 4, 4, 4]`.

Source: Simonyan and Zisserman (2015), Very deep convolutional networks for large-scale image
recognition, table 1; taught in DLS C4 W2.
"""

from dataclasses import dataclass
from itertools import pairwise

from torch import nn

from foursplit.core.errors import FoursplitError
from foursplit.core.examples import DataSpec
from foursplit.layers.convolution_block import convolution_block, hidden_layer, last_layer
from foursplit.layers.standardize import Standardize

MOST = 8  # times the first stage's channels: the last two stages are equally wide


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    convolutions: tuple[int, ...] = (2, 2, 3, 3, 3)  # of each stage
    channels: int = 64  # of the first stage
    hidden: tuple[int, ...] = (4096, 4096)
    batch_norm: bool = False  # not in the paper
    dropout: float = 0.5

    def __post_init__(self) -> None:
        if min(self.convolutions, default=0) < 1 or min(self.channels, *self.hidden, 1) < 1:
            raise ValueError(
                f"convolutions {self.convolutions}, channels {self.channels}, hidden {self.hidden} "
                "must be at least 1"
            )
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout: {self.dropout} must be from 0 to below 1")


def build(args: Args, shape: DataSpec) -> nn.Module:
    """Map (batch, channel, row, column) pictures to (batch, class) logits."""
    n_in, height, width = shape.inputs
    reduction = 2 ** len(args.convolutions)
    if min(height, width) < reduction:
        raise FoursplitError(
            f"vgg: pictures of {height} by {width} pixels are too small for "
            f"{len(args.convolutions)} stages, which halve each side; name fewer in `convolutions`"
        )
    layers: list[nn.Module] = [Standardize(shape.inputs)]
    for stage, n in enumerate(args.convolutions):
        n_out = args.channels * min(2**stage, MOST)
        for _ in range(n):
            layers.append(convolution_block(n_in, n_out, 3, batch_norm=args.batch_norm))
            n_in = n_out
        layers.append(nn.MaxPool2d(2))
    layers.append(nn.Flatten())
    sizes = (n_in * (height // reduction) * (width // reduction), *args.hidden)
    for before, after in pairwise(sizes):
        layers += [hidden_layer(before, after), nn.ReLU(), nn.Dropout(args.dropout)]
    return nn.Sequential(*layers, last_layer(sizes[-1], shape.n_classes))
