"""LeNet-5, with ReLU and max pooling in place of tanh and subsampling, padded for small pictures.

Source: LeCun, Bottou, Bengio and Haffner (1998), "Gradient-based learning applied to document
recognition", section II.B; taught in DLS C4 W2.
"""

from dataclasses import dataclass

from torch import nn

from foursplit.core.examples import DataSpec
from foursplit.layers.standardize import Standardize

KERNEL = 5  # as in the paper; padded by 2 to keep the size of small pictures


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    channels: tuple[int, int] = (6, 16)
    hidden: tuple[int, int] = (120, 84)

    def __post_init__(self) -> None:
        if min(*self.channels, *self.hidden) < 1:
            raise ValueError(f"channels {self.channels}, hidden {self.hidden} must be at least 1")


def build(args: Args, shape: DataSpec) -> nn.Module:
    """Map (batch, channel, row, column) pictures to (batch, class) logits."""
    depth, height, width = shape.inputs
    first, second = args.channels
    n_features = second * (height // 4) * (width // 4)
    head = nn.Linear(args.hidden[1], shape.n_classes)
    # Small, so that an untrained network predicts uniformly: its loss is log(n_classes).
    nn.init.normal_(head.weight, std=0.01)
    nn.init.zeros_(head.bias)
    return nn.Sequential(
        Standardize(shape.inputs),
        nn.Conv2d(depth, first, KERNEL, padding=KERNEL // 2),
        nn.ReLU(),
        nn.MaxPool2d(2),  # (batch, first, height / 2, width / 2)
        nn.Conv2d(first, second, KERNEL, padding=KERNEL // 2),
        nn.ReLU(),
        nn.MaxPool2d(2),  # (batch, second, height / 4, width / 4)
        nn.Flatten(),
        nn.Linear(n_features, args.hidden[0]),
        nn.ReLU(),
        nn.Linear(*args.hidden),
        nn.ReLU(),
        head,
    )
