"""Pieces that convolutional networks share: a block, a mean over places, a last layer.

Source: He, Zhang, Ren and Sun (2015), Delving deep into rectifiers (first weights); Ioffe and
Szegedy (2015), Batch normalization; Lin, Chen and Yan (2014), Network in network (the mean).
"""

from typing import Literal

from jaxtyping import Float
from torch import Tensor, nn

ACTIVATIONS = {"relu": nn.ReLU, "relu6": nn.ReLU6, "none": nn.Identity}


def convolution(
    n_in: int, n_out: int, kernel: int, *, stride: int = 1, groups: int = 1, bias: bool = True
) -> nn.Conv2d:
    """Return a convolution, padded to keep the size at stride 1, with He's first weights."""
    layer = nn.Conv2d(n_in, n_out, kernel, stride, kernel // 2, groups=groups, bias=bias)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def convolution_block(  # noqa: PLR0913, a convolution has as many
    n_in: int,
    n_out: int,
    kernel: int,
    *,
    stride: int = 1,
    groups: int = 1,
    batch_norm: bool = True,
    activation: Literal["relu", "relu6", "none"] = "relu",
) -> nn.Sequential:
    """Return convolution, batch normalization and activation.

    Batch normalization has a shift of its own, so that the convolution needs no bias.
    """
    layers: list[nn.Module] = [
        convolution(n_in, n_out, kernel, stride=stride, groups=groups, bias=not batch_norm)
    ]
    layers += [nn.BatchNorm2d(n_out)] if batch_norm else []
    layers += [ACTIVATIONS[activation]()] if activation != "none" else []
    return nn.Sequential(*layers)


class MeanOverPlaces(nn.Module):
    """Average each channel over rows and columns.

    A mean, and not adaptive pooling, whose backward pass is not deterministic on a GPU.
    """

    def forward(
        self, x: Float[Tensor, "batch channel row column"]
    ) -> Float[Tensor, "batch channel"]:
        return x.mean(dim=(2, 3))


def hidden_layer(n_in: int, n_out: int) -> nn.Linear:
    """Return a dense layer before a ReLU, with He's first weights."""
    layer = nn.Linear(n_in, n_out)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    nn.init.zeros_(layer.bias)
    return layer


def last_layer(n_in: int, n_classes: int) -> nn.Linear:
    """Return the layer of the logits; an untrained network predicts uniformly: log(n_classes)."""
    layer = nn.Linear(n_in, n_classes)
    nn.init.normal_(layer.weight, std=0.01)
    nn.init.zeros_(layer.bias)
    return layer


def scaled(n_channels: int, width: float) -> int:
    """Return a share of the channels, at least one."""
    return max(1, round(n_channels * width))
