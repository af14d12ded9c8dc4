"""Networks of objects against PyTorch: batch normalization, dropout, penalty, a whole training."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from foursplit_courses.from_scratch import batch_norm, losses, network, sequential
from foursplit_courses.from_scratch.dropout import dropout_mask
from foursplit_courses.from_scratch.gradient_check import check_gradients
from foursplit_courses.from_scratch.initializers import INITIALIZERS
from foursplit_courses.from_scratch.mini_batches import mini_batches
from foursplit_courses.from_scratch.optimizers import OptimizerConfig

ACTIVATION_MODULES = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}


def as_torch(net, hidden):
    """Build PyTorch's network with the same parameters, without dropout."""
    modules = []
    for module in net.modules:
        if isinstance(module, sequential.Dense):
            layer = nn.Linear(*module.parameters["w"].shape, dtype=torch.float64)
            with torch.no_grad():
                layer.weight.copy_(torch.from_numpy(module.parameters["w"].T.copy()))
                layer.bias.copy_(torch.from_numpy(module.parameters["b"].copy()))
            modules.append(layer)
        elif isinstance(module, sequential.BatchNorm):
            modules.append(nn.BatchNorm1d(len(module.parameters["gamma"]), dtype=torch.float64))
        elif isinstance(module, sequential.Activate):
            modules.append(ACTIVATION_MODULES[hidden]())
    return nn.Sequential(*modules)


def flat(parameters):
    """Return PyTorch's parameters in our shapes."""
    return [p.detach().numpy().T for p in parameters]


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 9))
def test_batch_normalization_is_pytorchs_forward_backward_and_afterwards(seed, n):
    rng = np.random.default_rng(seed)
    x, grad = rng.normal(2, 3, (n, 4)), rng.normal(size=(n, 4))
    theirs = nn.BatchNorm1d(4, dtype=torch.float64)
    state = batch_norm.init_state(4)._replace(gamma=rng.normal(size=4), beta=rng.normal(size=4))
    with torch.no_grad():
        theirs.weight.copy_(torch.from_numpy(state.gamma))
        theirs.bias.copy_(torch.from_numpy(state.beta))
    tensor = torch.from_numpy(x).requires_grad_()
    expected = theirs(tensor)
    expected.backward(torch.from_numpy(grad))
    outputs, cache, state = batch_norm.batch_norm(x, state)
    grads = batch_norm.batch_norm_backward(grad, cache, state)
    close = {"rtol": 1e-9, "atol": 1e-10}
    np.testing.assert_allclose(outputs, expected.detach(), **close)
    np.testing.assert_allclose(grads.x, tensor.grad, **close)
    np.testing.assert_allclose(grads.gamma, theirs.weight.grad, **close)
    np.testing.assert_allclose(grads.beta, theirs.bias.grad, **close)
    np.testing.assert_allclose(state.running_var, theirs.running_var, **close)
    theirs.eval()
    np.testing.assert_allclose(
        batch_norm.batch_norm_inference(x, state), theirs(torch.from_numpy(x)).detach(), **close
    )


def test_a_batch_of_one_has_no_variance():
    with pytest.raises(ValueError, match="1 example"):
        batch_norm.batch_norm(np.zeros((1, 3)), batch_norm.init_state(3))


@given(seed=st.integers(0, 2**32 - 1), keep=st.floats(0.05, 1))
def test_dropout_leaves_each_mean_as_it_was(seed, keep):
    mask = dropout_mask((4000,), keep, np.random.default_rng(seed))
    assert set(np.unique(mask)) <= {0.0, 1 / keep}
    deviation = ((1 - keep) / keep / 4000) ** 0.5
    assert abs(mask.mean() - 1) <= 6 * deviation + 1e-12


@pytest.mark.parametrize("keep", [0, -0.1, 1.1])
def test_a_share_that_cannot_be_kept_is_refused(keep):
    with pytest.raises(ValueError, match="keep"):
        sequential.build((2, 3, 1), "relu", np.random.default_rng(1), keep=keep)


@pytest.mark.parametrize("batch_normalize", [False, True])
@pytest.mark.parametrize("hidden", ACTIVATION_MODULES)
def test_a_whole_training_ends_where_pytorchs_does(hidden, batch_normalize, rng):
    x, y = rng.normal(size=(60, 3)), rng.integers(0, 3, 60)
    net = sequential.build((3, 8, 5, 3), hidden, rng, batch_normalize=batch_normalize)
    theirs = as_torch(net, hidden)
    optimizer = torch.optim.SGD(
        [
            {"params": [p for p in theirs.parameters() if p.ndim > 1], "weight_decay": 0.01},
            {"params": [p for p in theirs.parameters() if p.ndim == 1]},
        ],
        lr=0.1,
    )
    order = np.random.default_rng(5)
    for _ in range(20):
        for batch in mini_batches(60, 20, order):
            optimizer.zero_grad()
            F.cross_entropy(
                theirs(torch.from_numpy(x[batch])), torch.from_numpy(y[batch])
            ).backward()
            optimizer.step()
    config = sequential.FitConfig(n_epochs=20, batch_size=20, learning_rate=0.1, weight_decay=0.01)
    trace = sequential.fit(net, x, y, losses.CROSS_ENTROPY, config, np.random.default_rng(5))
    for one, other in zip(net.parameters, flat(theirs.parameters()), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-8, atol=1e-10)
    theirs.eval()
    np.testing.assert_allclose(
        net.forward(x), theirs(torch.from_numpy(x)).detach(), rtol=1e-8, atol=1e-10
    )
    assert trace[-1] < trace[0]


def test_objects_and_functions_are_one_network(rng):
    x, y = rng.normal(size=(30, 3)), rng.integers(0, 2, (30, 1)) * 1.0
    layers = network.init_layers((3, 6, 1), "tanh", np.random.default_rng(3))
    net = sequential.build((3, 6, 1), "tanh", np.random.default_rng(3), initializer="lecun")
    net.parameters = [value for layer in layers for value in (layer.w, layer.b)]
    config = network.TrainingConfig(
        n_steps=40, learning_rate=0.5, weight_decay=0.02, optimizer="gradient_descent"
    )
    trained, _ = network.fit(layers, x, y, losses.BINARY_CROSS_ENTROPY, config)
    sequential.fit(
        net,
        x,
        y,
        losses.BINARY_CROSS_ENTROPY,
        sequential.FitConfig(n_epochs=40, batch_size=30, learning_rate=0.5, weight_decay=0.02),
        rng,
    )
    np.testing.assert_allclose(net.forward(x), network.forward(trained, x), rtol=1e-9, atol=1e-12)


def test_penalty_and_dropout_work_at_once_with_any_optimizer(rng):
    angle = rng.uniform(0, 2 * np.pi, 200)
    radius = np.where(np.arange(200) % 2, 1.0, 0.4)
    x = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    y = (np.arange(200) % 2).astype(float)[:, None]
    for name in ("sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw"):
        net = sequential.build((2, 20, 10, 1), "relu", np.random.default_rng(1), keep=0.9)
        rate = 0.01 if name in ("rmsprop", "adam", "adamw") else 0.5
        config = sequential.FitConfig(
            n_epochs=60,
            learning_rate=rate,
            weight_decay=1e-4,
            optimizer=OptimizerConfig(name=name),
            schedule=lambda epoch: 1 / (1 + 0.02 * epoch),
        )
        sequential.fit(net, x, y, losses.BINARY_CROSS_ENTROPY, config, np.random.default_rng(2))
        assert ((net.forward(x) > 0) == y).mean() > 0.97, name


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), batch_normalize=st.booleans())
def test_every_gradient_is_that_of_the_cost_by_differences(seed, batch_normalize):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(6, 3)), rng.integers(0, 3, 6)
    net = sequential.build((3, 4, 3), "tanh", rng, batch_normalize=batch_normalize)
    _, gradients = sequential.loss_and_gradients(net, x, y, losses.CROSS_ENTROPY, 0.1)
    names = [str(i) for i in range(len(gradients))]

    def cost(parameters):
        net.parameters = [parameters[name] for name in names]
        return sequential.loss_and_gradients(net, x, y, losses.CROSS_ENTROPY, 0.1)[0]

    parameters = dict(zip(names, [p.copy() for p in net.parameters], strict=True))
    checked = check_gradients(
        cost, parameters, dict(zip(names, gradients, strict=True)), width=1e-5
    )
    assert checked.passed, str(checked)


@given(n=st.integers(1, 200), size=st.integers(1, 250), seed=st.integers(0, 2**32 - 1))
def test_an_epoch_sees_every_example_once(n, size, seed):
    batches = list(mini_batches(n, size, np.random.default_rng(seed)))
    assert sorted(np.concatenate(batches)) == list(range(n))
    assert {len(batch) for batch in batches[:-1]} <= {size}


def test_no_batch_is_empty():
    with pytest.raises(ValueError, match="batch_size: 0"):
        next(mini_batches(5, 0, np.random.default_rng(1)))


@pytest.mark.parametrize(
    ("name", "activation", "std"),
    [("he", lambda z: np.maximum(z, 0), 2**0.5), ("lecun", lambda z: z, 1.0)],
)
def test_first_weights_keep_the_signal_through_fifty_layers(name, activation, std, rng):
    x = rng.normal(size=(200, 300))
    start = np.sqrt((x**2).mean())
    for _ in range(50):
        x = activation(x @ INITIALIZERS[name](300, 300, rng))
    assert 0.3 < np.sqrt((x**2).mean()) / start < 3
    small = rng.normal(size=(200, 300))
    for _ in range(50):
        small = activation(small @ INITIALIZERS["small"](300, 300, rng))
    assert np.sqrt((small**2).mean()) < 1e-20  # the naive way fails here
    assert np.std(INITIALIZERS[name](300, 300, rng)) == pytest.approx(std / 300**0.5, rel=0.02)


@given(n_in=st.integers(1, 9), n_out=st.integers(1, 9), seed=st.integers(0, 2**32 - 1))
def test_orthogonal_weights_keep_lengths(n_in, n_out, seed):
    w = INITIALIZERS["orthogonal"](n_in, n_out, np.random.default_rng(seed))
    fewer = w.T @ w if n_in >= n_out else w @ w.T
    np.testing.assert_allclose(fewer, np.eye(min(n_in, n_out)), atol=1e-12)


def test_equal_first_weights_never_part(rng):
    x, y = rng.normal(size=(40, 2)), rng.integers(0, 2, (40, 1)) * 1.0
    net = sequential.build((2, 5, 1), "tanh", rng, initializer="zeros")
    config = sequential.FitConfig(n_epochs=30, learning_rate=1.0)
    sequential.fit(net, x, y, losses.BINARY_CROSS_ENTROPY, config, rng)
    assert not net.modules[0].parameters["w"].any()  # symmetry: not one weight has moved


def _twice_the_shift(layer, grad):
    grads = batch_norm.batch_norm_backward(grad, layer._cache, layer.state)
    layer.gradients = {"gamma": grads.gamma, "beta": 2 * grads.beta}
    return grads.x


def _one_entry_off(layer, grad):
    inputs = sequential.Dense.backward(layer, grad)
    layer.gradients["w"] = layer.gradients["w"].copy()
    layer.gradients["w"][2, 1] += 0.01
    return inputs


@pytest.mark.parametrize(
    ("number", "bug", "name", "index"),
    [
        (1, _twice_the_shift, "modules[1] BatchNorm.beta", ""),
        (3, _one_entry_off, "modules[3] Dense.w", "[2][1]"),
    ],
)
def test_a_wrong_gradient_is_named_by_module_parameter_and_index(number, bug, name, index, rng):
    x, y = rng.normal(size=(12, 2)), rng.integers(0, 2, (12, 1)) * 1.0
    net = sequential.build((2, 4, 3, 1), "tanh", rng, batch_normalize=True)
    before = [p.copy() for p in net.parameters]
    right = sequential.check_network(net, x, y, losses.BINARY_CROSS_ENTROPY, 0.1)
    # A bias before a batch norm has no effect: differences there are rounding alone.
    assert right.passed
    assert not right.wrong
    net.modules[number].backward = lambda grad: bug(net.modules[number], grad)
    check = sequential.check_network(net, x, y, losses.BINARY_CROSS_ENTROPY, 0.1)
    assert check.wrong == [name]
    assert f"{name}{index}" in str(check)
    assert all(np.array_equal(a, b) for a, b in zip(net.parameters, before, strict=True))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_inputs_that_are_not_finite_are_named_before_anything_is_learnt(value, rng):
    x, y = rng.normal(size=(12, 2)), np.zeros((12, 1))
    x[7, 1] = value
    net = sequential.build((2, 3, 1), "relu", rng)
    before = [p.copy() for p in net.parameters]
    config = sequential.FitConfig(n_epochs=1, learning_rate=0.1)
    with pytest.raises(ValueError, match="row 7, column 1"):
        sequential.fit(net, x, y, losses.BINARY_CROSS_ENTROPY, config, rng)
    assert all(np.array_equal(a, b) for a, b in zip(net.parameters, before, strict=True))
