"""U-Net: a path down that sees more, a path up that puts it back, and bridges between the two.

The default is the course's network: 8,640,471 parameters for 23 classes. Transposed convolutions go
up, as interpolation has no deterministic backward pass on a GPU.

Source: Ronneberger, Fischer and Brox (2015), U-Net: convolutional networks for biomedical image
segmentation, figure 1, padded here to keep the size; Ng, DLS C4 W3.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from foursplit.core.errors import FoursplitError
from foursplit.core.examples import DataSpec
from foursplit.layers.convolution_block import convolution, convolution_block
from foursplit.layers.standardize import Standardize

Maps = Float[Tensor, "batch channel row column"]
Outputs = Float[Tensor, "batch n_out row_out column_out"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    n_classes: int  # of a pixel
    channels: int = 32  # of the first level; each has twice those of the one above
    n_levels: int = 5  # of the path down, the lowest among them
    dropout: float = 0.3  # of the two lowest levels

    def __post_init__(self) -> None:
        if min(self.n_classes, self.channels) < 1 or self.n_levels < 2:
            raise ValueError(
                f"n_classes {self.n_classes}, channels {self.channels} must be at least 1, "
                f"n_levels {self.n_levels} at least 2"
            )
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout: {self.dropout} must be from 0 to below 1")


class UNet(nn.Module):
    """Two convolutions at each level, down and up; what came down is beside what goes up."""

    def __init__(self, args: Args, inputs: tuple[int, ...]) -> None:
        super().__init__()
        widths = [args.channels * 2**level for level in range(args.n_levels)]
        self.standardize = Standardize(inputs)
        before = (inputs[0], *widths)
        self.down = nn.ModuleList(map(_two, before, widths))
        self.pool = nn.MaxPool2d(2)
        self.dropout = nn.Dropout(args.dropout)
        above = widths[-2::-1]
        below = widths[:0:-1]
        self.up = nn.ModuleList(map(_up, below, above))
        self.join = nn.ModuleList(_two(2 * n, n) for n in above)
        head = convolution(args.channels, args.n_classes, 1)
        nn.init.normal_(head.weight, std=0.01)  # untrained, it predicts uniformly
        self.last = nn.Sequential(
            convolution_block(args.channels, args.channels, 3, batch_norm=False), head
        )

    def forward(self, x: Maps) -> Outputs:
        x = self.standardize(x)
        bridges: list[Tensor] = []
        for level, block in enumerate(self.down):
            x = block(self.pool(x) if level else x)
            x = self.dropout(x) if level >= len(self.down) - 2 else x
            bridges.append(x)
        for up, join, bridge in zip(self.up, self.join, bridges[-2::-1], strict=True):
            x = join(torch.cat([up(x), bridge], dim=1))
        return self.last(x)


def _two(n_in: int, n_out: int) -> nn.Sequential:
    return nn.Sequential(
        convolution_block(n_in, n_out, 3, batch_norm=False),
        convolution_block(n_out, n_out, 3, batch_norm=False),
    )


def _up(n_in: int, n_out: int) -> nn.ConvTranspose2d:
    """Return a transposed convolution that doubles the size."""
    layer = nn.ConvTranspose2d(n_in, n_out, 3, stride=2, padding=1, output_padding=1)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="linear")
    return layer


def build(args: Args, shape: DataSpec) -> nn.Module:
    """Map (batch, channel, row, column) pictures to (batch, class, row, column) logits."""
    multiple = 2 ** (args.n_levels - 1)
    _, height, width = shape.inputs
    if height % multiple or width % multiple:
        raise FoursplitError(
            f"unet: sides of {height} and {width} pixels must be multiples of {multiple}, which "
            f"{args.n_levels} levels halve; use fewer levels or pad the pictures"
        )
    return UNet(args, shape.inputs)
