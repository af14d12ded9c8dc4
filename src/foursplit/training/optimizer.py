"""The optimizer, the schedule of its learning rate and the clipping that a `fit` block asks for.

Source: Ng, MLS C1 W1 (gradient descent), DLS C2 W1 (L2 penalty, on weights and not on biases) and
W2 (momentum, RMSprop, learning rate decay); Kingma and Ba (2015), Adam; Loshchilov and Hutter,
SGDR (2017, cosine) and AdamW (2019); Goyal et al. (2017), warm-up; Pascanu et al. (2013), clipping.
"""

from collections.abc import Callable, Iterable
from math import cos, pi

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR

from foursplit.config.fit import LRScheduler, TrainerConfig


def optimizer(net: nn.Module, fit: TrainerConfig) -> torch.optim.Optimizer:
    """Build it; `weight_decay` adds itself times the weight to each weight's gradient."""
    learnt = [p for p in net.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in learnt if p.ndim > 1], "weight_decay": fit.weight_decay},
        {"params": [p for p in learnt if p.ndim <= 1], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    if not fit.weight_decay:  # each group costs a call a step
        groups = [{"params": learnt, "weight_decay": 0.0}]
    lr, betas, momentum = fit.learning_rate, fit.betas, fit.momentum
    # Fused: one kernel a step instead of several a parameter.
    if fit.optimizer == "adam":
        return torch.optim.Adam(groups, lr=lr, betas=betas, fused=True)
    if fit.optimizer == "adamw":
        return torch.optim.AdamW(groups, lr=lr, betas=betas, fused=True)
    if fit.optimizer == "rmsprop":
        return torch.optim.RMSprop(groups, lr=lr, alpha=fit.alpha, momentum=momentum)
    return torch.optim.SGD(groups, lr=lr, momentum=momentum, nesterov=fit.nesterov, fused=True)


def lr_scheduler(
    steps: torch.optim.Optimizer, fit: TrainerConfig, steps_per_epoch: int
) -> LambdaLR | None:
    """Return the schedule, to be advanced once each `fit.lr_scheduler.interval`; None without."""
    schedule = fit.lr_scheduler
    if schedule is None:
        return None
    n = fit.max_epochs * (steps_per_epoch if schedule.interval == "step" else 1)
    n = min(n, fit.max_steps or n) if schedule.interval == "step" else n
    return LambdaLR(steps, lambda t: learning_rate_factor(schedule, t, n))


def learning_rate_factor(schedule: LRScheduler, t: int, n: int) -> float:
    """Compute the factor of the learning rate in interval `t` of `n`, counted from 0."""
    if t < schedule.warmup:
        return (t + 1) / (schedule.warmup + 1)
    t, n = t - schedule.warmup, n - schedule.warmup
    changes = t // schedule.step_size
    if schedule.name == "InverseTimeDecay":
        assert schedule.decay_rate is not None
        return 1 / (1 + schedule.decay_rate * changes)
    if schedule.name == "CosineAnnealingLR":
        half = (1 + cos(pi * min(t / max(n, 1), 1.0))) / 2
        return schedule.min_fraction + (1 - schedule.min_fraction) * half
    return 1.0 if schedule.gamma is None else schedule.gamma**changes


def clipper(fit: TrainerConfig) -> Callable[[Iterable[Tensor]], object] | None:
    """Return what limits the gradients of parameters before a step; None without a limit."""
    limit = fit.gradient_clip_val
    if limit is None:
        return None
    if fit.gradient_clip_algorithm == "norm":
        return lambda parameters: nn.utils.clip_grad_norm_(parameters, limit)
    return lambda parameters: nn.utils.clip_grad_value_(parameters, limit)
