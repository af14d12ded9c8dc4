"""Models against closed forms, counts worked by hand, and scikit-learn."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from foursplit.config.fit import TrainerConfig
from foursplit.core.errors import FoursplitError
from foursplit.core.examples import DataSpec, Examples
from foursplit.layers.polynomial import Polynomial, count_terms
from foursplit.layers.standardize import Standardize, adapting_inputs
from foursplit.models import linear, logistic, mlp
from foursplit.tasks import regress
from foursplit.training import initial_weights, network
from foursplit.training.forward_cost import forward_cost
from foursplit_courses.models import convnet, lenet

DIGITS = DataSpec(inputs=(1, 8, 8), classes=tuple("0123456789"))


def test_gradient_descent_reaches_the_least_squares_solution(rng, tmp_path):
    x = rng.normal(size=(120, 4)).astype(np.float32) * [1, 10, 0.1, 5] + 3
    y = x @ [1.0, -0.2, 8.0, 0.1] + rng.normal(size=120)
    shape = DataSpec(inputs=(4,), target_mean=float(y.mean()), target_std=float(y.std()))
    fit = TrainerConfig(
        seeds=(1,), learning_rate=0.1, max_epochs=400, batch_size=None, optimizer="sgd"
    )
    module = regress.module(linear.build(linear.Args(), shape), fit, shape)
    x32 = x.astype(np.float32)
    examples = Examples(x=x32, metadata=pd.DataFrame({"y": y}))
    arrays = {"x": x32, **regress.targets(examples, shape)}
    network.fit(
        network.Training(
            module=module, train=arrays, validation={"train_dev": arrays, "dev": arrays}, fit=fit,
            seed=1, kind="cpu", state=tmp_path / "state",
        )
    )  # fmt: skip
    with torch.no_grad():
        result = (
            module.net(torch.from_numpy(x32)).numpy()[:, 0] * shape.target_std + shape.target_mean
        )
    solved = LinearRegression().fit(x, y).predict(x)
    np.testing.assert_allclose(result, solved, atol=1e-3 * shape.target_std)


def test_polynomial_features_are_those_of_scikit_learn(rng):
    x = rng.normal(size=(7, 4)).astype(np.float32)
    ours = Polynomial(4, 3)(torch.from_numpy(x)).numpy()
    theirs = PolynomialFeatures(3, include_bias=False).fit_transform(x)
    assert ours.shape[1] == count_terms(4, 3) == theirs.shape[1]
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_standardise_is_scikit_learns_scaler(rng):
    x = rng.normal(size=(50, 3)).astype(np.float32) * [1, 20, 0.3] + [5, 0, -2]
    x = x.astype(np.float32)
    layer = Standardize((3,))
    with adapting_inputs([layer]):
        layer(torch.from_numpy(x))
    ours = layer(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(ours, StandardScaler().fit_transform(x), atol=1e-4)


def test_a_constant_input_is_not_divided_by_zero():
    layer = Standardize((2,))
    x = torch.tensor([[1.0, 7.0], [3.0, 7.0]])
    with adapting_inputs([layer]):
        layer(x)
    assert layer(x).tolist() == [[-1.0, 0.0], [1.0, 0.0]]


def test_scaling_pictures_by_pixel_would_blow_up_a_shade_never_seen(rng):
    # A corner that is white but for one dot in train; elsewhere a light shade lies on it.
    train = torch.from_numpy(rng.random((200, 1, 8, 8)).astype(np.float32))
    train[:, :, 0, 0] = 0
    train[0, :, 0, 0] = 0.05
    shaded = train[:5].clone()
    shaded[:, :, 0, 0] = 0.3
    naive = (shaded[:, :, 0, 0] - train[:, :, 0, 0].mean()) / train[:, :, 0, 0].std()
    layer = Standardize((1, 8, 8))
    with adapting_inputs([layer]):
        layer(train)
    assert naive.min() > 50
    assert layer(shaded).abs().max() < 3


def test_lenets_parameters_are_those_counted_by_hand():
    # 6*(1*25+1) + 16*(6*25+1) + (16*2*2)*120+120 + 120*84+84 + 84*10+10, on 8 by 8 pixels.
    expected = 156 + 2416 + 7800 + 10164 + 850
    net = lenet.build(lenet.Args(), DIGITS)
    assert sum(p.numel() for p in net.parameters()) == expected


def test_lenets_operations_are_those_counted_by_hand():
    # Twice the products: 64*25*6 + 16*25*6*16 + 64*120 + 120*84 + 84*10.
    net = lenet.build(lenet.Args(), DIGITS).eval()
    assert forward_cost(net, torch.zeros(1, *DIGITS.inputs)).flops == 2 * (
        64 * 25 * 6 + 16 * 25 * 6 * 16 + 64 * 120 + 120 * 84 + 84 * 10
    )


def test_softmax_regression_is_an_mlp_without_hidden_layers():
    net = mlp.build(mlp.Args(hidden=()), DIGITS)
    assert sum(p.numel() for p in net.parameters()) == 64 * 10 + 10


@pytest.mark.parametrize(
    ("file", "wrong", "message"),
    [
        (mlp, {"dropout": 1.0}, "dropout: 1.0"),
        (mlp, {"hidden": (0,)}, "hidden"),
        (linear, {"degree": 0}, "degree: 0"),
        (lenet, {"channels": (0, 3)}, "channels"),
        (convnet, {"channels": (0, 3)}, "channels"),
    ],
)
def test_an_impossible_argument_is_refused(file, wrong, message):
    with pytest.raises(ValueError, match=message):
        file.Args(**wrong)


PHOTOS = DataSpec(inputs=(3, 64, 64), classes=tuple("012345"))


def test_the_small_convnets_parameters_are_those_counted_by_hand():
    # 8*(3*16+1) + 16*(8*4+1) + 6*(16*2*2+1): the 1,310 that the course prints.
    net = convnet.build(convnet.Args(), PHOTOS)
    assert sum(p.numel() for p in net.parameters()) == 392 + 528 + 390 == 1310


def test_the_small_convnet_refuses_pictures_that_pooling_would_use_up():
    with pytest.raises(FoursplitError, match="8 by 8"):
        convnet.build(convnet.Args(), DIGITS)


def test_without_hidden_layers_and_scaling_an_mlp_of_log_odds_is_logistic_regression(rng):
    two = DataSpec(inputs=(3, 4, 4), classes=("no", "yes"))
    net = mlp.build(mlp.Args(hidden=(), single_logit=True, standardize=False), two)
    line = logistic.build(logistic.Args(standardize=False), two)
    line.load_state_dict(net.state_dict())
    x = torch.from_numpy(rng.random((5, 3, 4, 4)).astype(np.float32))
    assert torch.equal(net(x), line(x))
    assert net(x).shape == (5, 1)


def test_lecuns_weights_have_the_variance_of_one_over_the_inputs():
    args = mlp.Args(hidden=(400,), weight_init="lecun", single_logit=True, standardize=False)
    dense = initial_weights.build_with_seed(lambda: mlp.build(args, PHOTOS), 1)[1]
    # 4.9 million draws: the deviation is known to a thousandth.
    assert float(dense.weight.detach().std()) == pytest.approx(12288**-0.5, rel=3e-3)
