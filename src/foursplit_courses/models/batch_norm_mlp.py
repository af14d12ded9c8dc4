"""Multilayer perceptron with batch normalization, or without, at any scale of inputs and weights.

A hidden layer is: weighted sums, batch normalization, activation. The sums have no bias where the
normalization would subtract it again.

Source: Ng, DLS C2 W3; Ioffe and Szegedy (2015), Batch normalization.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn

from foursplit.core.examples import DataSpec
from foursplit_courses.argument_checks import check_above_zero

ACTIVATIONS = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh}


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    hidden: tuple[int, ...] = (16, 16, 16)  # units of each hidden layer
    batch_norm: bool = True  # before each activation
    activation: Literal["relu", "sigmoid", "tanh"] = "relu"
    input_scale: float = 1.0  # factor of every input: another unit of measurement
    weight_scale: float = 1.0  # factor of the hidden layers' first weights, which are He's
    single_logit: bool = False  # one output for two classes, as task classify_binary needs

    def __post_init__(self) -> None:
        check_above_zero(self, "input_scale", "weight_scale")
        if min(self.hidden, default=0) < 1:
            raise ValueError(f"hidden: {self.hidden} must be counts of at least 1, one or more")


class Scale(nn.Module):
    """Multiply inputs by a constant."""

    is_preprocessing = True  # learns nothing

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor


def build(args: Args, shape: DataSpec) -> nn.Module:
    """Map a batch of examples to (batch, class) logits, or (batch, 1)."""
    layers: list[nn.Module] = [Scale(args.input_scale), nn.Flatten()]
    for n_in, n_out in pairwise((shape.n_inputs, *args.hidden)):
        linear = nn.Linear(n_in, n_out, bias=not args.batch_norm)
        nn.init.kaiming_normal_(linear.weight)
        with torch.no_grad():
            linear.weight.mul_(args.weight_scale)
        if linear.bias is not None:
            nn.init.zeros_(linear.bias)
        layers += [linear, *([nn.BatchNorm1d(n_out)] if args.batch_norm else [])]
        layers.append(ACTIVATIONS[args.activation]())
    head = nn.Linear(args.hidden[-1], 1 if args.single_logit else shape.n_classes or 1)
    nn.init.normal_(head.weight, std=0.01)  # an untrained network predicts uniformly
    nn.init.zeros_(head.bias)
    return nn.Sequential(*layers, head)
