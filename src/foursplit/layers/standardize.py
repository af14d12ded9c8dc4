"""Standardization with the mean and standard deviation of train, stored with the weights.

Source: Ng, MLS C1 W2 (z-score scaling) and DLS C2 W1 (normalising inputs).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from jaxtyping import Float
from torch import Tensor, nn

from foursplit.layers.seen_ids import SeenIds

MIN_STD = 1e-6
"""An input that varies less than this in train is constant."""


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
        self.adapting, self.is_fitted = False, False  # fitted: measured where the weights are from
        self.n_adapted = 0  # examples measured since `adapting` was set
        self.std = torch.ones(measured)  # of those

    def forward(self, x: Float[Tensor, "batch ..."]) -> Float[Tensor, "batch ..."]:
        if self.adapting:
            self._adapt(x)
        return (x - self.mean) / self.scale

    def _adapt(self, x: Float[Tensor, "batch ..."]) -> None:
        """Measure a batch, and merge it with those before (Chan, Golub and LeVeque 1983)."""
        mean = x.mean(dim=self.axes, keepdim=True)[0]
        std = x.std(dim=self.axes, correction=0, keepdim=True)[0]
        if self.n_adapted:
            share = len(x) / (self.n_adapted + len(x))
            difference = mean - self.mean
            mean = self.mean + difference * share
            within = self.std**2 * (1 - share) + std**2 * share
            std = (within + difference**2 * share * (1 - share)).sqrt()
        self.std, self.n_adapted = std, self.n_adapted + len(x)
        self.mean.copy_(mean)
        self.scale.copy_(torch.where(std > MIN_STD, std, torch.ones_like(std)))


def adaptive_layers(net: nn.Module) -> list[Standardize | SeenIds]:
    """List the layers of `net` that measure their inputs on train, in the order of definition."""
    layers = (layer for layer in net.modules() if isinstance(layer, Standardize | SeenIds))
    return [layer for layer in layers if not layer.is_fitted]


@contextmanager
def adapting_inputs(layers: Sequence[Standardize | SeenIds]) -> Iterator[None]:
    """Let layers measure the inputs that pass through them, all batches together."""
    for layer in layers:
        layer.adapting, layer.n_adapted = True, 0
    try:
        with torch.no_grad():
            yield
    finally:
        for layer in layers:
            layer.adapting = False
