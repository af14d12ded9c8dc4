"""What a network costs to run."""

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from foursplit.core.examples import DataSpec


def flops(net: nn.Module, shape: DataSpec) -> int:
    """Count the floating-point operations of one example forward.

    Matrix products and convolutions only, a multiplication and an addition as two operations.
    """
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        net(torch.zeros(1, *shape.inputs))
    return int(counter.get_total_flops())
