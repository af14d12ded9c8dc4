"""Networks of one architecture as one network: the weights of all seeds lie side by side.

Each step calls a layer once for all seeds instead of once for each.  Its products are NumPy's:
under `run.instruction_set: portable` they take less than half the time of torch's, whose MKL has no
portable branch for AVX2, which NumPy's OpenBLAS has.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from foursplit.layers.standardize import Standardize

PREPROCESSING = (Standardize, nn.Flatten, nn.ZeroPad2d, nn.Identity)
"""Layers that learn nothing by gradients: in front of all others they are the same for all.

Others have `is_preprocessing`; to import them here would make an edit of one retrain every model.
"""

ELEMENTWISE = (
    nn.ReLU, nn.LeakyReLU, nn.ELU, nn.GELU, nn.SiLU, nn.Sigmoid, nn.Tanh, nn.Softplus, nn.Identity,
)  # fmt: skip

PER_EXAMPLE = (nn.Flatten, nn.ZeroPad2d, nn.MaxPool2d, nn.AvgPool2d)
"""Layers without weights that treat each example alone: the seeds are more examples to them."""

WEIGHTED = (nn.Linear, nn.Conv2d)

NORMALIZING = (nn.BatchNorm1d, nn.BatchNorm2d)
"""Layers that normalize by the batch of their own seed: the units of all seeds are more units."""

LEARNING = (*WEIGHTED, *NORMALIZING)

Stacked = Float[Tensor, "seed batch ..."]


def layers_of(net: nn.Module) -> list[nn.Module]:
    """List the layers of nested nn.Sequential in order; any other module is a layer itself."""
    if type(net) is not nn.Sequential:
        return [net]
    return list(chain.from_iterable(layers_of(layer) for layer in net))


def can_stack(net: nn.Module) -> bool:
    """Return whether `net` is a Sequential of layers that are known here, and all of it learns."""
    layers = layers_of(net)
    body = layers[_n_preprocessing(layers) :]
    known = (*ELEMENTWISE, *PER_EXAMPLE, *LEARNING, nn.Dropout)
    learnt = [layer for layer in body if isinstance(layer, LEARNING)]
    return (
        type(net) is nn.Sequential
        and any(isinstance(layer, WEIGHTED) for layer in learnt)
        # A subclass may do something else.
        and all(type(layer) in known for layer in body)
        and all(_flattens_examples(layer) for layer in layers)
        and all(layer.p < 1 for layer in body if isinstance(layer, nn.Dropout))
        and all(_is_plain(layer) for layer in body if isinstance(layer, NORMALIZING))
        and len({id(p) for layer in learnt for p in layer.parameters()})
        == sum(1 for layer in learnt for _ in layer.parameters())
        and all(p.requires_grad and p.dtype == torch.float32 for p in net.parameters())
    )


def _n_preprocessing(layers: Sequence[nn.Module]) -> int:
    """Return how many layers in front need no copy for each seed."""
    n = 0
    while n < len(layers) and _is_preprocessing(layers[n]):
        n += 1
    return n


def _is_preprocessing(layer: nn.Module) -> bool:
    return type(layer) in PREPROCESSING or getattr(layer, "is_preprocessing", False) is True


def _flattens_examples(layer: nn.Module) -> bool:
    return not isinstance(layer, nn.Flatten) or (layer.start_dim, layer.end_dim) == (1, -1)


def _is_plain(layer: nn.BatchNorm1d | nn.BatchNorm2d) -> bool:
    """Return whether it has scale and shift, and running statistics of a fixed momentum."""
    return bool(layer.affine and layer.track_running_stats and layer.momentum is not None)


class StackedNetwork(nn.Module):
    """Map (seed, batch, …) inputs to (seed, batch, output), each seed by weights of its own.

    Dropout draws from `generators`, one for each seed, what the seed's network draws alone.
    """

    def __init__(self, nets: Sequence[nn.Module]) -> None:
        super().__init__()
        layers = [layers_of(net) for net in nets]
        n = _n_preprocessing(layers[0])
        self.preprocessing = nn.Sequential(*layers[0][:n])
        self.generators = [torch.Generator() for _ in nets]
        bodies = zip(*(of_net[n:] for of_net in layers), strict=True)
        self.body = nn.Sequential(*(self._stack(copies) for copies in bodies))

    def _stack(self, copies: Sequence[Any]) -> nn.Module:
        layer = copies[0]
        if isinstance(layer, nn.Linear):
            return StackedLinear(copies)
        if isinstance(layer, nn.Conv2d):
            return StackedConv2d(copies)
        if isinstance(layer, NORMALIZING):
            return StackedBatchNorm(copies)
        if isinstance(layer, nn.Dropout):
            return StackedDropout(layer.p, self.generators)
        return layer if isinstance(layer, ELEMENTWISE) else PerExample(layer)

    def preprocess(self, x: Float[Tensor, "batch ..."]) -> Float[Tensor, "batch ..."]:
        """Return what the layers in front, which learn nothing, make of examples."""
        outputs: Tensor = self.preprocessing(x)
        return outputs

    def forward(self, x: Stacked) -> Stacked:
        """Return the outputs for preprocessed inputs."""
        outputs: Tensor = self.body(x)
        return outputs

    def copy_to(self, nets: Sequence[nn.Module]) -> None:
        """Write each seed's weights and running statistics into a network of its own."""
        kinds = (StackedLinear, StackedConv2d, StackedBatchNorm)
        stacked = [layer for layer in self.body if isinstance(layer, kinds)]
        with torch.no_grad():
            for number, net in enumerate(nets):
                own = [layer for layer in layers_of(net) if isinstance(layer, LEARNING)]
                for layer, mine in zip(stacked, own, strict=True):
                    theirs = layer.state_dict()
                    for name, values in mine.state_dict().items():
                        values.copy_(theirs[name].reshape(len(nets), *values.shape)[number])


class PerExample(nn.Module):
    """A layer without weights, over the examples of all seeds at once."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Stacked) -> Stacked:
        outputs: Tensor = self.layer(x.flatten(0, 1))
        return outputs.reshape(*x.shape[:2], *outputs.shape[1:])


class StackedDropout(nn.Module):
    """Dropout whose masks are those of `nn.Dropout`, drawn from the generator of each seed."""

    def __init__(self, p: float, generators: Sequence[torch.Generator]) -> None:
        super().__init__()
        self.p, self.generators = p, generators

    def forward(self, x: Stacked) -> Stacked:
        if not self.training or self.p == 0:
            return x
        mask = torch.empty(x.shape)
        for part, generator in zip(mask, self.generators, strict=True):
            part.bernoulli_(1 - self.p, generator=generator)
        return x * mask.div_(1 - self.p)


class _Weighted(nn.Module):
    """The weights of layers of one shape; the biases as one axis, as no penalty is on them.

    `training.optimizer` knows a bias by its one axis.
    """

    bias: nn.Parameter | None

    def __init__(self, copies: Sequence[nn.Linear | nn.Conv2d]) -> None:
        super().__init__()
        self.n = len(copies)
        self.weight = nn.Parameter(torch.stack([layer.weight.detach() for layer in copies]))
        biases = [layer.bias.detach() for layer in copies if layer.bias is not None]
        self.bias = nn.Parameter(torch.cat(biases)) if biases else None


class StackedLinear(_Weighted):
    """A linear layer for each seed."""

    def forward(self, x: Stacked) -> Stacked:
        outputs: Tensor = _Products.apply(x, self.weight, self.bias)  # type: ignore[no-untyped-call]
        return outputs


class StackedConv2d(_Weighted):
    """A convolution for each seed, one after the other: one grouped convolution takes longer."""

    def __init__(self, copies: Sequence[nn.Conv2d]) -> None:
        super().__init__(copies)
        self.settings = copies[0]._conv_forward  # stride, padding, groups …

    def forward(self, x: Stacked) -> Stacked:
        biases: Iterator[Tensor | None] | tuple[Tensor, ...]
        biases = iter([None] * self.n) if self.bias is None else self.bias.view(self.n, -1).unbind()
        parts = zip(x.unbind(), self.weight.unbind(), biases, strict=True)
        return torch.stack([self.settings(*part) for part in parts])


class StackedBatchNorm(nn.Module):
    """Batch normalization of each seed's own batch, as one layer over the units of all seeds.

    Scale and shift are one axis, as no penalty is on them.
    """

    weight: nn.Parameter
    bias: nn.Parameter
    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor

    def __init__(self, copies: Sequence[nn.BatchNorm1d | nn.BatchNorm2d]) -> None:
        super().__init__()
        assert copies[0].momentum is not None  # `can_stack` has seen to it
        self.momentum, self.eps = copies[0].momentum, copies[0].eps
        for name in ("weight", "bias"):
            values = torch.cat([getattr(layer, name).detach() for layer in copies])
            self.register_parameter(name, nn.Parameter(values))
        for name in ("running_mean", "running_var"):
            self.register_buffer(name, torch.cat([getattr(layer, name) for layer in copies]))
        counts: list[Any] = [layer.num_batches_tracked for layer in copies]
        self.register_buffer("num_batches_tracked", torch.stack(counts))

    def forward(self, x: Stacked) -> Stacked:
        seeds_within = x.transpose(0, 1)  # (batch, seed, unit, ...)
        outputs = F.batch_norm(
            seeds_within.flatten(1, 2),
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training,
            self.momentum,
            self.eps,
        )
        if self.training:
            self.num_batches_tracked += 1
        return outputs.view(seeds_within.shape).transpose(0, 1)


class _Products(torch.autograd.Function):
    """x W^T + b of each seed: x is (seed, batch, input), W (seed, output, input), b flat."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.has_bias = bias is not None
        with np.errstate(all="ignore"):  # a seed that diverges is seen in its curve
            outputs = np.matmul(x.detach().numpy(), weight.detach().numpy().swapaxes(1, 2))
            if bias is not None:
                outputs += bias.detach().numpy().reshape(len(outputs), 1, -1)
        return torch.from_numpy(outputs)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor, Tensor | None]:
        x, weight = ctx.saved_tensors
        of_outputs = gradients[0].contiguous()
        at = of_outputs.numpy()
        of_x = None
        with np.errstate(all="ignore"):
            if ctx.needs_input_grad[0]:
                of_x = torch.from_numpy(np.matmul(at, weight.detach().numpy()))
            of_weight = torch.from_numpy(np.matmul(at.swapaxes(1, 2), x.detach().numpy()))
        return of_x, of_weight, of_outputs.sum(1).flatten() if ctx.has_bias else None
