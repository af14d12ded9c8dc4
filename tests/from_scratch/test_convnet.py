"""The network of NumPy alone against PyTorch: one step, a whole training, and the digits."""

from time import process_time

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional as F

from foursplit_courses.from_scratch import convnet, losses, sequential
from foursplit_courses.from_scratch.mini_batches import mini_batches
from foursplit_courses.from_scratch.optimizers import OptimizerConfig


def as_torch(net):
    """Build PyTorch's network with the same parameters."""
    layers = []
    for module in net.modules:
        if isinstance(module, convnet.Convolution):
            w = module.parameters["w"]
            layers.append(nn.Conv2d(w.shape[1], w.shape[0], w.shape[2:], padding=w.shape[2] // 2))
        elif isinstance(module, sequential.Dense):
            layers.append(nn.Linear(*module.parameters["w"].shape))
        else:
            layers.append(
                {
                    sequential.Activate: nn.ReLU(),
                    convnet.MaxPool: nn.MaxPool2d(2),
                    convnet.Flatten: nn.Flatten(),
                }[type(module)]
            )
    result = nn.Sequential(*layers).double()
    with torch.no_grad():
        for theirs, own in zip(result.parameters(), net.parameters, strict=True):
            own = own.T if own.ndim == 2 else own
            theirs.copy_(torch.from_numpy(own.copy()))
    return result


def test_a_whole_training_ends_where_pytorchs_does(rng):
    x, y = rng.normal(size=(40, 2, 9, 8)), rng.integers(0, 3, 40)
    net = convnet.build((2, 9, 8), (3, 4), 3, rng)
    theirs = as_torch(net)
    steps = torch.optim.SGD(theirs.parameters(), lr=0.05)
    order = np.random.default_rng(4)
    for _ in range(5):
        for batch in mini_batches(40, 16, order):
            steps.zero_grad()
            loss = F.cross_entropy(theirs(torch.from_numpy(x[batch])), torch.from_numpy(y[batch]))
            loss.backward()
            steps.step()
    config = sequential.FitConfig(n_epochs=5, batch_size=16, learning_rate=0.05)
    sequential.fit(net, x, y, losses.CROSS_ENTROPY, config, np.random.default_rng(4))
    for own, other in zip(net.parameters, theirs.parameters(), strict=True):
        other = other.detach().numpy()
        np.testing.assert_allclose(own, other.T if own.ndim == 2 else other, rtol=1e-8, atol=1e-10)


def test_it_reads_held_out_digits_well_within_a_minute():
    digits = load_digits()
    order = np.random.default_rng(1).permutation(len(digits.target))
    x, y = digits.images[order][:, None] / 16, digits.target[order]
    start = process_time()
    net = convnet.build((1, 8, 8), (16, 32), 10, np.random.default_rng(2))
    config = sequential.FitConfig(
        n_epochs=12,
        batch_size=32,
        learning_rate=0.005,
        optimizer=OptimizerConfig(name="adam"),
        schedule=lambda epoch: 0.5 * (1 + np.cos(np.pi * epoch / 12)),
    )
    sequential.fit(net, x[:1400], y[:1400], losses.CROSS_ENTROPY, config, np.random.default_rng(3))
    assert process_time() - start < 60
    assert (net.forward(x[1400:]).argmax(axis=1) == y[1400:]).mean() >= 0.97


@pytest.mark.parametrize(
    ("inputs", "kernel", "message"), [((1, 3, 8), 3, "3 by 8"), ((1, 8, 8), 2, "kernel: 2")]
)
def test_a_network_that_cannot_be_is_refused(inputs, kernel, message):
    with pytest.raises(ValueError, match=message):
        convnet.build(inputs, (2, 2), 3, np.random.default_rng(1), kernel=kernel)
