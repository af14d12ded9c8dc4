"""Networks in NumPy and their twins in the training engine: one curve, from the same weights."""

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter
from torch import nn

from foursplit.config.fit import TrainerConfig
from foursplit.core.examples import DataSpec
from foursplit.core.seeds import generator
from foursplit.models import logistic, mlp
from foursplit.tasks import classify_binary
from foursplit.training import network
from foursplit.training.initial_weights import build_with_seed
from foursplit_courses.from_scratch import losses, sequential
from foursplit_courses.models import batch_norm_mlp, logistic_from_scratch, logistic_functional
from foursplit_courses.transforms import planar

N_STEPS, TOLERANCE = 100, 1e-6
RATE = 0.05  # far from where a step overshoots: there a rounding error grows from step to step
SHAPE = DataSpec(inputs=(2,), classes=("no", "yes"))
NETWORKS = {
    "batch norm": (
        batch_norm_mlp,
        batch_norm_mlp.Args(hidden=(8, 5), single_logit=True),
        "relu",
    ),
    "without": (
        batch_norm_mlp,
        batch_norm_mlp.Args(hidden=(8, 5), single_logit=True, batch_norm=False),
        "relu",
    ),
    "batch norm, tanh": (
        batch_norm_mlp,
        batch_norm_mlp.Args(hidden=(8, 5), single_logit=True, activation="tanh"),
        "tanh",
    ),
    "mlp": (
        mlp,
        mlp.Args(hidden=(8, 5), single_logit=True, standardize=False),
        "relu",
    ),
}


@pytest.fixture(scope="module")
def moons():
    x, y = planar.moons().sample(128, np.random.default_rng(3))
    return {"x": x.astype(np.float32), "y": y.astype(np.float32)[:, None]}


def train_with_the_engine(net, arrays, folder, **settings):
    """Train for N_STEPS epochs; return the mean training loss of each."""
    given = {"seeds": (1,), "learning_rate": RATE, "max_epochs": N_STEPS, "optimizer": "sgd"}
    fit = TypeAdapter(TrainerConfig).validate_python({**given, "batch_size": None, **settings})
    rows = network.fit(
        network.Training(
            module=classify_binary.module(net, fit, SHAPE),
            train=arrays,
            validation={"train_dev": arrays, "dev": arrays},
            fit=fit,
            seed=1,
            kind="cpu",
            state=folder / "state",
        )
    )
    return np.array([row["train_loss"] for row in rows])


def from_scratch(net, hidden):
    """Build the same network in NumPy, with the weights that `net` has now."""
    modules = []
    for layer in net:
        if isinstance(layer, nn.Linear):
            w = layer.weight.detach().numpy().T.astype(np.float64)
            bias = np.zeros(len(w.T)) if layer.bias is None else layer.bias.detach().numpy()
            modules.append(sequential.Dense(w, bias.astype(np.float64)))
        elif isinstance(layer, nn.BatchNorm1d):
            modules.append(sequential.BatchNorm(layer.num_features))
        elif isinstance(layer, nn.ReLU | nn.Tanh):
            modules.append(sequential.Activate(hidden))
    return sequential.Sequential(modules)


@pytest.mark.parametrize("batch_size", [None, 32])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_learns_along_the_curve_of_its_twin(name, batch_size, moons, tmp_path):
    file, args, hidden = NETWORKS[name]
    net = build_with_seed(lambda: file.build(args, SHAPE), 4)
    twin = from_scratch(net, hidden)
    curve = train_with_the_engine(net, moons, tmp_path, batch_size=batch_size)
    x, y = (moons[name].astype(np.float64) for name in ("x", "y"))
    n_examples, expected = len(x), []
    for epoch in range(N_STEPS):
        order = generator("batches", 1, epoch).permutation(n_examples)
        total = 0.0
        for batch in np.split(order, n_examples // (batch_size or n_examples)):
            value, gradients = sequential.loss_and_gradients(
                twin, x[batch], y[batch], losses.BINARY_CROSS_ENTROPY
            )
            twin.parameters = [
                p - RATE * g for p, g in zip(twin.parameters, gradients, strict=True)
            ]
            total += value * len(batch)
        expected.append(total / n_examples)
    n_compared = N_STEPS if batch_size is None else N_STEPS * batch_size // n_examples
    np.testing.assert_allclose(curve[:n_compared], expected[:n_compared], rtol=0, atol=TOLERANCE)
    assert curve[-1] < 0.9 * curve[0]  # it has gone somewhere
    for layer, mine in zip(_batch_norms(net), _batch_norms(twin.modules), strict=True):
        np.testing.assert_allclose(layer.running_mean, mine.state.running_mean, atol=1e-3)
        np.testing.assert_allclose(layer.running_var, mine.state.running_var, atol=1e-3)


def _batch_norms(layers):
    return [one for one in layers if isinstance(one, nn.BatchNorm1d | sequential.BatchNorm)]


@pytest.mark.parametrize("style", [logistic, logistic_functional], ids=["sequential", "functional"])
def test_logistic_regression_in_two_styles_has_the_curve_of_the_numpy_one(style, moons, tmp_path):
    args = logistic.Args(standardize=False) if style is logistic else logistic_functional.Args()
    net = build_with_seed(lambda: style.build(args, SHAPE), 1)
    curve = train_with_the_engine(net, moons, tmp_path)
    own = logistic_from_scratch.build(
        logistic_from_scratch.Args(learning_rate=RATE, n_steps=N_STEPS), SHAPE, 1
    ).fit(moons["x"], moons["y"][:, 0])
    assert curve[0] == pytest.approx(np.log(2))
    assert curve[-1] < 0.8 * curve[0]
    np.testing.assert_allclose(curve, own.costs[:-1], rtol=0, atol=TOLERANCE)
    logits = net(torch.from_numpy(moons["x"])).detach().numpy()[:, 0]
    np.testing.assert_allclose(
        1 / (1 + np.exp(-logits)), own.predict_proba(moons["x"])[:, 1], atol=TOLERANCE
    )
    restored = logistic_from_scratch.build(
        logistic_from_scratch.Args(learning_rate=RATE, n_steps=1), SHAPE, 1
    )
    restored.restore(own.arrays())
    assert np.array_equal(restored.predict_proba(moons["x"]), own.predict_proba(moons["x"]))
