"""What a network costs to run on one example."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from foursplit.core.arrays import Ragged
from foursplit.training.batches import Arrays, Batch, collate, to_inputs

MAX_EXAMPLES = 4096
"""Examples evaluated at once, where their size allows it."""

MAX_BYTES = 2**25
"""Bytes of the inputs and of any layer's outputs, for all examples that are evaluated at once."""


@dataclass(frozen=True, slots=True)
class ForwardCost:
    """Operations and memory of one example forward."""

    flops: int  # of matrix products and convolutions; a multiplication and an addition are two
    largest_layer: int  # bytes of the inputs, or of the outputs of the layer that has most

    @property
    def examples_at_once(self) -> int:
        """Return how many examples are evaluated at once."""
        return max(1, min(MAX_EXAMPLES, MAX_BYTES // max(self.largest_layer, 1)))


def forward_cost(module: nn.Module, example: Any) -> ForwardCost:
    """Measure `module` on a batch of one example."""
    with (
        torch.no_grad(),
        _largest_output(module) as largest,
        FlopCounterMode(display=False) as counter,
    ):
        module(example)
    inputs = example.values() if isinstance(example, dict) else [example]
    read = sum(values.numel() * values.element_size() for values in inputs)
    return ForwardCost(int(counter.get_total_flops()), max(read, *largest, 0))


@contextmanager
def _largest_output(module: nn.Module) -> Iterator[list[int]]:
    sizes: list[int] = []

    def measure(_layer: nn.Module, _inputs: Any, outputs: Any) -> None:
        parts = outputs if isinstance(outputs, tuple | list) else (outputs,)
        sizes.extend(p.numel() * p.element_size() for p in parts if isinstance(p, Tensor))

    hooks = [layer.register_forward_hook(measure) for layer in module.modules()]
    try:
        yield sizes
    finally:
        for hook in hooks:
            hook.remove()


def longest_example(arrays: Arrays, scale: float) -> Batch:
    """Return a batch of one example: the one whose arrays are longest, where lengths differ."""
    ragged = [array.lengths for array in arrays.values() if isinstance(array, Ragged)]
    number = int(np.argmax(sum(ragged))) if ragged else 0
    return to_inputs(collate(arrays, slice(number, number + 1)), scale)
