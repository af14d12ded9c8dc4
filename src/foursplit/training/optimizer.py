"""The optimizer that a `fit` block asks for.

Source: Ng, MLS C1 W1 (gradient descent), DLS C2 W1 (L2 penalty, on weights and not on biases) and
W2 (momentum); Kingma and Ba (2015), Adam.
"""

import torch
from torch import nn

from foursplit.config.schema import TrainerConfig


def optimizer(net: nn.Module, fit: TrainerConfig) -> torch.optim.Optimizer:
    """Build it; `weight_decay` adds itself times the weight to each weight's gradient."""
    weights = [p for p in net.parameters() if p.ndim > 1]
    others = [p for p in net.parameters() if p.ndim <= 1]
    groups = [
        {"params": weights, "weight_decay": fit.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    if not fit.weight_decay:  # each group costs a call a step
        groups = [{"params": list(net.parameters())}]
    # Fused: one kernel a step instead of several a parameter.
    if fit.optimizer == "adam":
        return torch.optim.Adam(groups, lr=fit.learning_rate, fused=True)
    return torch.optim.SGD(groups, lr=fit.learning_rate, momentum=fit.momentum, fused=True)
