"""Standardization with the mean and standard deviation of train, stored with the weights.

Source: Ng, MLS C1 W2 (z-score scaling) and DLS C2 W1 (normalising inputs).
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from jaxtyping import Float
from torch import Tensor, nn

from foursplit.layers.seen_ids import SeenIds


class Standardize(nn.Module):
    """Shift and scale each input; an input that is constant in train is only shifted.

    Pictures are standardized per channel, not per pixel: a corner that is nearly always white in
    train would turn a slight shade in dev into a huge input.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, inputs: tuple[int, ...]) -> None:
        super().__init__()
        measured = (inputs[0], *[1] * (len(inputs) - 1))
        self.axes = (0, *range(2, len(inputs) + 1))  # all but the channel, or the input
        self.register_buffer("mean", torch.zeros(measured))
        self.register_buffer("scale", torch.ones(measured))
        self.adapting = False

    def forward(self, x: Float[Tensor, "batch ..."]) -> Float[Tensor, "batch ..."]:
        if self.adapting:
            self.mean.copy_(x.mean(dim=self.axes, keepdim=True)[0])
            spread = x.std(dim=self.axes, correction=0, keepdim=True)[0]
            self.scale.copy_(torch.where(spread > 1e-6, spread, torch.ones_like(spread)))
        return (x - self.mean) / self.scale


@contextmanager
def adapting_inputs(net: nn.Module) -> Iterator[None]:
    """Let each Standardize and SeenIds layer of `net` measure the inputs that pass through it."""
    layers = [layer for layer in net.modules() if isinstance(layer, Standardize | SeenIds)]
    for layer in layers:
        layer.adapting = True
    try:
        with torch.no_grad():
            yield
    finally:
        for layer in layers:
            layer.adapting = False
