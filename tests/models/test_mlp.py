"""The perceptron's hidden activations: the same first weights, another bend."""

import pytest
import torch
from torch import nn

from foursplit.core.errors import FoursplitError
from foursplit.core.examples import DataSpec
from foursplit.models import mlp
from foursplit.training import initial_weights
from foursplit.training.manifest import arguments

SHAPE = DataSpec(inputs=(1, 8, 8), classes=tuple("0123456789"))


def built(**given):
    return initial_weights.build_with_seed(
        lambda: mlp.build(mlp.Args(hidden=(25, 15), **given), SHAPE), 3
    )


def test_relu_begins_with_the_weights_it_had_before_it_could_be_chosen():
    def written_out():
        layers = []  # each is drawn and begun before the next: the order decides the bytes
        for n_in, n_out in ((64, 25), (25, 15)):
            dense = nn.Linear(n_in, n_out)
            nn.init.kaiming_normal_(dense.weight, nonlinearity="relu")
            nn.init.zeros_(dense.bias)
            layers.append(dense)
        head = nn.Linear(15, 10)
        nn.init.normal_(head.weight, std=0.01)
        nn.init.zeros_(head.bias)
        return nn.Sequential(*layers, head)

    expected = list(initial_weights.build_with_seed(written_out, 3).parameters())
    for ours, theirs in zip(built().parameters(), expected, strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize(("activation", "kind"), [("sigmoid", nn.Sigmoid), ("tanh", nn.Tanh)])
def test_other_activations_begin_with_the_same_draws_at_half_the_variance(activation, kind):
    relu, other = built(), built(activation=activation)
    assert isinstance(other[3], kind)
    torch.testing.assert_close(other[2].weight * 2**0.5, relu[2].weight)
    assert torch.equal(other[-1].weight, relu[-1].weight)


def test_an_activation_that_does_not_exist_is_refused_with_those_that_do():
    with pytest.raises(
        FoursplitError, match=r"activation: 'softplus'.*'relu', 'sigmoid' or 'tanh'"
    ):
        arguments("mlp", {"activation": "softplus"}, "x.model_args")
