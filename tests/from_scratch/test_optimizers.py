"""Optimizers and schedules from first principles against PyTorch's, step by step."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from foursplit_courses.from_scratch import schedules
from foursplit_courses.from_scratch.optimizers import STEPS, Optimizer, OptimizerConfig

RATE, BETA, DECAY = 0.03, 0.8, 0.1


def theirs(name, parameters):
    """Build PyTorch's optimizer; its momentum has no factor 1 - beta."""
    matrices = [p for p in parameters if p.ndim > 1]
    rest = [p for p in parameters if p.ndim == 1]
    return {
        "sgd": lambda: torch.optim.SGD(parameters, lr=RATE),
        "momentum": lambda: torch.optim.SGD(parameters, lr=RATE * (1 - BETA), momentum=BETA),
        "nesterov": lambda: torch.optim.SGD(
            parameters, lr=RATE * (1 - BETA), momentum=BETA, nesterov=True
        ),
        "rmsprop": lambda: torch.optim.RMSprop(parameters, lr=RATE, alpha=BETA),
        "adam": lambda: torch.optim.Adam(parameters, lr=RATE),
        "adamw": lambda: torch.optim.AdamW(
            [{"params": matrices, "weight_decay": DECAY}, {"params": rest, "weight_decay": 0}],
            lr=RATE,
        ),
    }[name]()


@pytest.mark.parametrize("name", STEPS)
@given(seed=st.integers(0, 2**32 - 1))
def test_every_step_is_pytorchs(name, seed):
    rng = np.random.default_rng(seed)
    ours = [rng.normal(size=(3, 4)), rng.normal(size=4)]
    tensors = [torch.from_numpy(p.copy()).requires_grad_() for p in ours]
    their = theirs(name, tensors)
    optimizer = Optimizer(OptimizerConfig(name=name, beta=BETA, weight_decay=DECAY))
    before = [p.copy() for p in ours]
    start = ours
    for _ in range(7):
        gradients = [rng.normal(size=p.shape) for p in ours]
        for tensor, gradient in zip(tensors, gradients, strict=True):
            tensor.grad = torch.from_numpy(gradient)
        their.step()
        ours = optimizer.step(ours, gradients, RATE)
    for one, other in zip(ours, tensors, strict=True):
        np.testing.assert_allclose(one, other.detach().numpy(), rtol=1e-10, atol=1e-12)
    for now, then in zip(start, before, strict=True):
        np.testing.assert_array_equal(now, then)  # nothing is changed in place


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (
            lambda t: schedules.step(t, 3, 0.5),
            lambda o: torch.optim.lr_scheduler.StepLR(o, 3, 0.5),
        ),
        (
            lambda t: schedules.exponential(t, 0.9),
            lambda o: torch.optim.lr_scheduler.ExponentialLR(o, 0.9),
        ),
        (
            lambda t: schedules.cosine(t, 12),
            lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 12),
        ),
        (
            lambda t: schedules.linear_warmup(t, 5),
            lambda o: torch.optim.lr_scheduler.LinearLR(o, 1 / 5, total_iters=4),
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler")
def test_schedules_are_pytorchs(ours, theirs):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = theirs(optimizer)
    rates = []
    for _ in range(12):
        rates.append(optimizer.param_groups[0]["lr"])
        scheduler.step()
    np.testing.assert_allclose(ours(np.arange(12)), rates, rtol=1e-10, atol=1e-12)


@given(t=st.floats(0, 1e4), interval=st.floats(1, 1000), decay=st.floats(0, 10))
def test_decay_in_intervals_is_the_decay_at_the_intervals_start(t, interval, decay):
    steps = np.floor(t / interval)
    assert schedules.inverse_time_in_intervals(t, interval, decay) == pytest.approx(
        1 / (1 + decay * steps)
    )
    assert schedules.inverse_time(0.0, decay) == 1
    assert schedules.inverse_time(t, decay) <= 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"name": "magic"}, "name: 'magic' must be one of sgd, momentum"),
        ({"beta": 1.0}, "beta: 1.0 must be from 0 to below 1"),
        ({"betas": (0.9, -0.1)}, "betas: (0.9, -0.1) must be"),
        ({"weight_decay": -1}, "weight_decay: -1 must be 0 or more"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        OptimizerConfig(**settings)
