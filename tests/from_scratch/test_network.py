"""A network from first principles against PyTorch: values, every gradient, a whole training."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Ridge
from torch import nn
from torch.nn import functional as F

from foursplit.core.examples import DataSpec
from foursplit.evaluation.metrics import classify
from foursplit.io import artifacts
from foursplit.models import mlp
from foursplit.training import initial_weights
from foursplit.training.input_statistics import fit_input_statistics
from foursplit_courses.from_scratch import losses
from foursplit_courses.from_scratch.activations import ACTIVATIONS
from foursplit_courses.from_scratch.network import (
    Layer,
    TrainingConfig,
    backward,
    fit,
    forward,
    forward_with_cache,
    init_layers,
)
from foursplit_courses.from_scratch.softmax import softmax

MODULES = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "linear": nn.Identity}
HIDDEN = ("relu", "sigmoid", "tanh")
LOSSES = {
    "quantity": (losses.SQUARED_ERROR, lambda z, y: 0.5 * F.mse_loss(z, y)),
    "two classes": (losses.BINARY_CROSS_ENTROPY, F.binary_cross_entropy_with_logits),
    "classes": (losses.CROSS_ENTROPY, F.cross_entropy),
}


def as_torch(layers):
    """Build PyTorch's network with the same weights."""
    modules = []
    for layer in layers:
        dense = nn.Linear(*layer.w.shape, dtype=torch.float64)
        with torch.no_grad():
            dense.weight.copy_(torch.from_numpy(layer.w.T.copy()))
            dense.bias.copy_(torch.from_numpy(layer.b.copy()))
        modules += [dense, MODULES[layer.activation]()]
    return nn.Sequential(*modules)


def from_torch(net):
    """Read the layers of a `models.mlp` network; its standardising is a layer too."""
    layers = []
    for module in net:
        if hasattr(module, "mean"):
            n = net[2].in_features
            scale, mean = (getattr(module, k).double().numpy() for k in ("scale", "mean"))
            scale, mean = (np.resize(v, n) for v in (scale, mean))  # one channel, or a value each
            layers.append(Layer(np.diag(1 / scale), -mean / scale, "linear"))
        elif isinstance(module, nn.Linear):
            w, b = module.weight.detach().double().numpy().T, module.bias.detach().double().numpy()
            layers.append(Layer(w, b, "linear"))
        elif not isinstance(module, nn.Flatten):
            name = next(k for k, kind in MODULES.items() if isinstance(module, kind))
            layers[-1] = layers[-1]._replace(activation=name)
    return layers


def problem(answer, rng, n=9, n_in=3):
    """Draw inputs and targets as a loss takes them, with the number of outputs."""
    x = rng.normal(size=(n, n_in))
    if answer == "classes":
        return x, rng.integers(0, 4, n), 4
    y = rng.normal(size=(n, 1)) if answer == "quantity" else rng.integers(0, 2, (n, 1)) * 1.0
    return x, y, 1


@pytest.mark.parametrize("answer", LOSSES)
@pytest.mark.parametrize("hidden", HIDDEN)
@given(seed=st.integers(0, 2**32 - 1))
def test_values_and_every_gradient_are_those_of_pytorch(answer, hidden, seed):
    rng = np.random.default_rng(seed)
    x, y, n_out = problem(answer, rng)
    layers = init_layers((3, 5, 4, n_out), hidden, rng)
    ours, theirs = LOSSES[answer]
    net = as_torch(layers)
    loss = theirs(net(torch.from_numpy(x)), torch.from_numpy(y))
    loss.backward()
    cache = forward_with_cache(layers, x)
    assert ours.value(cache.outputs, y) == pytest.approx(loss.item(), rel=1e-10)
    np.testing.assert_array_equal(cache.outputs, forward(layers, x))
    result = backward(layers, cache, ours.grad(cache.outputs, y))
    for grad, parameter in zip(result, net.parameters(), strict=True):
        np.testing.assert_allclose(grad, parameter.grad.numpy().T, rtol=1e-8, atol=1e-12)


def test_a_whole_training_with_adam_and_penalty_ends_where_pytorchs_does(rng):
    x, y, n_out = problem("classes", rng, n=40)
    layers = init_layers((3, 6, n_out), "tanh", rng)
    net = as_torch(layers)
    weights = [p for p in net.parameters() if p.ndim > 1]
    optimizer = torch.optim.Adam(
        [
            {"params": weights, "weight_decay": 0.05},
            {"params": [p for p in net.parameters() if p.ndim == 1]},
        ],
        lr=0.02,
    )
    for _ in range(50):
        optimizer.zero_grad()
        F.cross_entropy(net(torch.from_numpy(x)), torch.from_numpy(y)).backward()
        optimizer.step()
    trained, trace = fit(
        layers,
        x,
        y,
        losses.CROSS_ENTROPY,
        TrainingConfig(n_steps=50, learning_rate=0.02, weight_decay=0.05),
    )
    np.testing.assert_allclose(forward(trained, x), net(torch.from_numpy(x)).detach(), rtol=1e-6)
    assert len(trace) == 50
    assert trace[-1] < trace[0]


def test_one_linear_unit_reaches_ridge_regression(rng):
    x, y, _ = problem("quantity", rng, n=30)
    steps = TrainingConfig(
        n_steps=2000, learning_rate=0.3, weight_decay=0.1, optimizer="gradient_descent"
    )
    trained, _ = fit(init_layers((3, 1), "relu", rng), x, y, losses.SQUARED_ERROR, steps)
    # Mean of squares plus penalty: lambda is the penalty times the number of examples.
    solved = Ridge(alpha=0.1 * len(x)).fit(x, y[:, 0])
    np.testing.assert_allclose(trained[0].w[:, 0], solved.coef_, rtol=1e-6)
    np.testing.assert_allclose(trained[0].b, solved.intercept_, rtol=1e-5, atol=1e-8)


def test_layers_without_activation_collapse_into_one(rng):
    layers = [
        layer._replace(activation="linear") for layer in init_layers((4, 6, 5, 2), "relu", rng)
    ]
    w, b = np.eye(4), np.zeros(4)
    for layer in layers:
        w, b = w @ layer.w, b @ layer.w + layer.b
    x = rng.normal(size=(8, 4))
    np.testing.assert_allclose(forward(layers, x), x @ w + b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh"])
def test_the_forward_pass_gives_the_stored_digit_networks_answers(activation, tmp_path):
    # The net goes through its file as the pipeline's does; digits are the bundled ones.
    x, y = digits()
    shape = DataSpec(inputs=(1, 8, 8), classes=tuple("0123456789"))
    args = mlp.Args(hidden=(25, 15), activation=activation)
    net = initial_weights.build_with_seed(lambda: mlp.build(args, shape), 1)
    a_few_steps(net, x, y)
    artifacts.write_tensors(tmp_path / "model.safetensors", net.state_dict())
    stored = mlp.build(args, shape)
    stored.load_state_dict(artifacts.read_tensors(tmp_path / "model.safetensors"))
    with torch.no_grad():
        theirs = classify.postprocess(stored.eval()(torch.from_numpy(x)).numpy(), shape)
    ours = softmax(forward(from_torch(stored), x.reshape(len(x), -1).astype(np.float64)))
    np.testing.assert_allclose(ours, theirs, atol=1e-6)
    assert theirs.max() > 0.5  # it has learnt something, so 1e-6 says something


def a_few_steps(net, x, y):
    fit_input_statistics(net, [torch.from_numpy(x)])
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    for _ in range(60):
        optimizer.zero_grad()
        F.cross_entropy(net(torch.from_numpy(x)), torch.from_numpy(y)).backward()
        optimizer.step()


def digits():
    from sklearn.datasets import load_digits

    loaded = load_digits()
    return (loaded.images[:300, None] / 16).astype(np.float32), loaded.target[:300]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_steps": 0, "learning_rate": 0.1}, "n_steps: 0 must be at least 1"),
        ({"n_steps": 5, "learning_rate": 0.0}, "learning_rate: 0.0 must be above 0"),
        (
            {"n_steps": 5, "learning_rate": 0.1, "weight_decay": -1},
            "weight_decay: -1 must be at least 0",
        ),
    ],
)
def test_steps_that_cannot_be_taken_are_refused(arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        TrainingConfig(**arguments)


def test_every_activation_has_its_module_here():
    assert set(MODULES) == set(ACTIVATIONS)
