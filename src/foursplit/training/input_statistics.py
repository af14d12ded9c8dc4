"""Measure what a network must know of train's inputs before it learns: means, deviations, ids."""

from collections.abc import Iterable
from typing import Any

from torch import nn

from foursplit.layers.seen_ids import SeenIds
from foursplit.layers.standardize import Standardize, adapting_inputs, adaptive_layers


def fit_input_statistics(module: nn.Module, batches: Iterable[Any]) -> None:
    """Let the layers of `module` measure their inputs on `batches`, all of train.

    A single batch passes once.  Several pass once for each layer that measures, no farther than it,
    since a layer's inputs depend on those before it.
    """
    layers = adaptive_layers(module)
    if not layers:
        return
    was_training = module.training
    module.eval()
    ends = iter(batches)
    first, second = next(ends), next(ends, None)
    if second is None:
        with adapting_inputs(layers):
            module(first)
    else:
        for layer in layers:
            _fit_layer(module, layer, batches)
    module.train(was_training)


class _Measured(Exception):  # noqa: N818, no error: it ends a loop
    """What ends a pass behind the layer that measures."""


def _fit_layer(module: nn.Module, layer: Standardize | SeenIds, batches: Iterable[Any]) -> None:
    def stop(*_: Any) -> None:
        raise _Measured

    hook = layer.register_forward_hook(stop)
    try:
        with adapting_inputs([layer]):
            for batch in batches:
                try:
                    module(batch)
                except _Measured:
                    continue
    finally:
        hook.remove()
