"""What goes through a network: each layer's outputs, parameters and products, without computing.

Source: Ng, DLS C4 W1 and W2 (tables of a network's volumes and parameters).
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

META = torch.device("meta")
"""PyTorch's device of shapes without numbers: a large network takes no memory and no time."""


@dataclass(frozen=True, slots=True)
class LayerShape:
    """A layer as one example passes it."""

    name: str
    kind: str
    outputs: tuple[int, ...]  # axes of one example
    n_parameters: int
    multiply_adds: int  # products that are added up, in matrix products and convolutions


def trace_shapes(
    build: Callable[[], nn.Module], inputs: tuple[int, ...]
) -> tuple[list[LayerShape], int]:
    """Return the layers without parts, in the order in which one example passes them.

    The second number is the parameters of the whole: those of a layer that no example passes are
    in no row.
    """
    with META:
        net = build().eval()
        example = torch.zeros(1, *inputs)
    rows: list[LayerShape] = []
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        before = [0]

        def measure(name: str, layer: nn.Module) -> Callable[..., None]:
            def hook(_layer: nn.Module, _inputs: object, outputs: Tensor) -> None:
                flops = int(counter.get_total_flops())
                n_parameters = sum(p.numel() for p in layer.parameters())
                adds = (flops - before[0]) // 2
                kind = type(layer).__name__
                rows.append(LayerShape(name, kind, tuple(outputs.shape[1:]), n_parameters, adds))
                before[0] = flops

            return hook

        for name, layer in net.named_modules():
            if not any(True for _ in layer.children()):
                layer.register_forward_hook(measure(name, layer))
        net(example)
    return rows, sum(p.numel() for p in net.parameters())
