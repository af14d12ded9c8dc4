"""A small convolutional detector: each cell of four by four pixels answers for itself.

Source: Ng, DLS C4 W3 (YOLO); Redmon et al. (2016), You Only Look Once, section 2.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from foursplit.core.examples import DataSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    n_classes: int  # of the objects
    channels: tuple[int, int, int] = (16, 32, 64)

    def __post_init__(self) -> None:
        if min(*self.channels, self.n_classes) < 1:
            raise ValueError(
                f"channels {self.channels}, n_classes {self.n_classes} must be at least 1"
            )


class GridDetector(nn.Module):
    """Convolutions and two poolings: a row of numbers for each cell."""

    def __init__(self, args: Args, depth: int) -> None:
        super().__init__()
        first, second, third = args.channels
        self.features = nn.Sequential(
            nn.Conv2d(depth, first, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(first, second, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),  # (batch, second, row / 4, column / 4)
            nn.Conv2d(second, third, 3, padding=1),
            nn.ReLU(),
        )
        self.head = nn.Conv2d(third, 5 + args.n_classes, 1)
        nn.init.normal_(self.head.weight, std=0.01)
        bias = torch.zeros(5 + args.n_classes)
        bias[0] = -3.0  # most cells hold no object's middle
        self.head.bias = nn.Parameter(bias)

    def forward(
        self, x: Float[Tensor, "batch channel row column"]
    ) -> Float[Tensor, "batch cell_row cell_column n_outputs"]:
        return self.head(self.features(x)).permute(0, 2, 3, 1)


def build(args: Args, shape: DataSpec) -> nn.Module:
    """Map (batch, channel, row, column) pictures to (batch, row / 4, column / 4, 5 + class)."""
    return GridDetector(args, shape.inputs[0])
