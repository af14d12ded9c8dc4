"""Two convolutions with wide pooling, and one dense layer: 1,310 weights on SIGNS.

Source: Ng, DLS C4 W1 (application of convolutional networks).
"""

from dataclasses import dataclass

from torch import nn

from foursplit.core.errors import FoursplitError
from foursplit.core.examples import DataSpec
from foursplit.layers.standardize import Standardize

KERNELS = (4, 2)  # as in the course, which pads to keep the size
POOLS = (8, 4)
TOTAL_STRIDE = POOLS[0] * POOLS[1]  # input pixels per output pixel, per side


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    channels: tuple[int, int] = (8, 16)

    def __post_init__(self) -> None:
        if min(self.channels) < 1:
            raise ValueError(f"channels {self.channels} must be at least 1")


def build(args: Args, shape: DataSpec) -> nn.Module:
    """Map (batch, channel, row, column) pictures to (batch, class) logits."""
    depth, height, width = shape.inputs
    if min(height, width) < TOTAL_STRIDE:
        raise FoursplitError(
            f"convnet: pictures of {height} by {width} pixels are too small: pooling reduces "
            f"{TOTAL_STRIDE} pixels per side to one; use lenet for smaller pictures"
        )
    first, second = args.channels
    head = nn.Linear(second * (height // TOTAL_STRIDE) * (width // TOTAL_STRIDE), shape.n_classes)
    # Small, so that an untrained network predicts uniformly: its loss is log(n_classes).
    nn.init.normal_(head.weight, std=0.01)
    nn.init.zeros_(head.bias)
    return nn.Sequential(
        Standardize(shape.inputs),
        _same_padding(KERNELS[0]),
        nn.Conv2d(depth, first, KERNELS[0]),
        nn.ReLU(),
        nn.MaxPool2d(POOLS[0]),  # (batch, first, height / 8, width / 8)
        _same_padding(KERNELS[1]),
        nn.Conv2d(first, second, KERNELS[1]),
        nn.ReLU(),
        nn.MaxPool2d(POOLS[1]),  # (batch, second, height / 32, width / 32)
        nn.Flatten(),
        head,
    )


def _same_padding(kernel: int) -> nn.Module:
    """Pad to keep the size; an odd remainder goes right and below, as in the course."""
    before, after = (kernel - 1) // 2, kernel // 2
    return nn.ZeroPad2d((before, after, before, after))
