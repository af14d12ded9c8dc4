"""AlexNet: five convolutions, three poolings and three dense layers.

Some convolutions are in two groups, as they were on two GPUs. Local response normalization is left
out: later work found that it helps little (DLS C4 W2), and it has no parameters. The first layer is
padded by 2, so that 224 pixels give the 55 outputs that the paper states.

Source: Krizhevsky, Sutskever and Hinton (2012), ImageNet classification with deep convolutional
neural networks, section 3.5; taught in DLS C4 W2.
"""

from dataclasses import dataclass

from torch import nn

from foursplit.core.errors import FoursplitError
from foursplit.core.examples import DataSpec
from foursplit.layers.convolution_block import convolution, hidden_layer, last_layer
from foursplit.layers.standardize import Standardize

LEAST_SIDE = 63  # pixels, of which one is left after the last pooling


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    channels: tuple[int, int, int, int, int] = (96, 256, 384, 384, 256)
    hidden: tuple[int, int] = (4096, 4096)
    groups: int = 2  # of the second, fourth and fifth convolution
    dropout: float = 0.5

    def __post_init__(self) -> None:
        if min(*self.channels, *self.hidden, self.groups) < 1:
            raise ValueError(
                f"channels {self.channels}, hidden {self.hidden}, groups {self.groups} must be at "
                "least 1"
            )
        if any(n % self.groups for n in self.channels):
            raise ValueError(f"channels {self.channels} must be multiples of groups {self.groups}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout: {self.dropout} must be from 0 to below 1")


def build(args: Args, shape: DataSpec) -> nn.Module:
    """Map (batch, channel, row, column) pictures to (batch, class) logits."""
    depth, height, width = shape.inputs
    if min(height, width) < LEAST_SIDE:
        raise FoursplitError(
            f"alexnet: pictures of {height} by {width} pixels are too small: it needs {LEAST_SIDE} "
            "a side; use lenet for smaller pictures"
        )
    first, second, third, fourth, fifth = args.channels
    stem = nn.Conv2d(depth, first, 11, stride=4, padding=2)
    nn.init.kaiming_normal_(stem.weight, nonlinearity="relu")
    nn.init.zeros_(stem.bias)  # type: ignore[arg-type]  # it has one
    n_features = fifth * _side(height) * _side(width)
    return nn.Sequential(
        Standardize(shape.inputs),
        stem,
        nn.ReLU(),
        nn.MaxPool2d(3, 2),
        convolution(first, second, 5, groups=args.groups),
        nn.ReLU(),
        nn.MaxPool2d(3, 2),
        convolution(second, third, 3),
        nn.ReLU(),
        convolution(third, fourth, 3, groups=args.groups),
        nn.ReLU(),
        convolution(fourth, fifth, 3, groups=args.groups),
        nn.ReLU(),
        nn.MaxPool2d(3, 2),
        nn.Flatten(),
        nn.Dropout(args.dropout),
        hidden_layer(n_features, args.hidden[0]),
        nn.ReLU(),
        nn.Dropout(args.dropout),
        hidden_layer(*args.hidden),
        nn.ReLU(),
        last_layer(args.hidden[1], shape.n_classes),
    )


def _side(pixels: int) -> int:
    """Return what a stride of 4 and three poolings leave of a side."""
    left = (pixels + 4 - 11) // 4 + 1
    for _ in range(3):
        left = (left - 3) // 2 + 1
    return left
