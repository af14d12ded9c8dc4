"""Which networks are known well enough to be trained side by side."""

import pytest
import torch
from torch import nn

from foursplit.config.fit import TrainerConfig
from foursplit.core.examples import DataSpec
from foursplit.layers.standardize import Standardize
from foursplit.models import mlp
from foursplit.tasks import classify, sequence_to_sequence
from foursplit.training.seed_batch import can_batch
from foursplit.training.stacked_network import StackedNetwork, can_stack
from foursplit_courses.models import convnet, lenet, matrix_factorization

SHAPE = DataSpec(inputs=(6,), classes=("a", "b"))


class Doubled(nn.Linear):
    def forward(self, x):
        return 2 * super().forward(x)


def tied():
    layer = nn.Linear(4, 4)
    return nn.Sequential(layer, nn.ReLU(), layer)


def frozen():
    net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 2))
    net[0].weight.requires_grad = False
    return net


KNOWN = {
    "mlp": mlp.build(mlp.Args(dropout=0.2), SHAPE),
    "lenet": lenet.build(lenet.Args(), DataSpec(inputs=(1, 8, 8), classes=("a", "b"))),
    "convnet": convnet.build(convnet.Args(), DataSpec(inputs=(3, 32, 32), classes=("a", "b"))),
    "batch norm": nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 2), nn.BatchNorm1d(2)
    ),
    "nested": nn.Sequential(nn.Sequential(nn.Linear(4, 3), nn.GELU()), nn.Linear(3, 2, bias=False)),
}
UNKNOWN = {
    "no sequence": nn.Linear(4, 2),
    "embeddings": matrix_factorization.MatrixFactorization(
        matrix_factorization.Args(n_users=3, n_items=3)
    ),
    "statistics of all batches": nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4, momentum=None)),
    "no running statistics": nn.Sequential(
        nn.Linear(4, 4), nn.BatchNorm1d(4, track_running_stats=False)
    ),
    "normalization alone": nn.Sequential(nn.BatchNorm1d(4)),
    "statistics behind weights": nn.Sequential(nn.Linear(4, 4), Standardize((4,)), nn.ReLU()),
    "a class derived from a known one": nn.Sequential(Doubled(4, 2)),
    "weights used twice": tied(),
    "weights that do not learn": frozen(),
    "everything dropped": nn.Sequential(nn.Linear(4, 4), nn.Dropout(1.0)),
    "examples flattened into one": nn.Sequential(nn.Linear(4, 4), nn.Flatten(0)),
    "nothing to learn": nn.Sequential(nn.Flatten()),
    "double precision": nn.Sequential(nn.Linear(4, 2)).double(),
    "a parametrized weight": nn.Sequential(
        nn.utils.parametrizations.weight_norm(nn.Linear(4, 4)), nn.ReLU()
    ),
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_networks_are_stacked(name):
    assert can_stack(KNOWN[name])


@pytest.mark.parametrize("name", UNKNOWN)
def test_others_are_not(name):
    assert not can_stack(UNKNOWN[name])


def test_a_task_with_steps_of_its_own_is_not():
    class Stepwise(classify.Classify):
        def training_step(self, batch, batch_idx):
            return 2 * super().training_step(batch, batch_idx)

    fit = TrainerConfig(seeds=(1, 2), learning_rate=0.1, max_epochs=1, batch_size=None)
    assert can_batch(classify.Classify(KNOWN["mlp"], fit, SHAPE))
    assert not can_batch(Stepwise(KNOWN["mlp"], fit, SHAPE))
    assert not can_batch(sequence_to_sequence.SequenceToSequence(KNOWN["mlp"], fit, SHAPE))


@pytest.mark.parametrize("name", KNOWN)
def test_each_seed_is_answered_by_its_own_weights_which_come_back_as_they_went(name):
    shapes = {
        "mlp": (6,),
        "lenet": (1, 8, 8),
        "convnet": (3, 32, 32),
        "nested": (4,),
        "batch norm": (1, 3, 3),
    }
    nets = [KNOWN[name]]
    with torch.no_grad():
        for number in (1, 2):
            copy = torch.nn.Sequential(*KNOWN[name])
            copy = type(copy)(*[_fresh(layer, number) for layer in copy])
            nets.append(copy)
        x = torch.randn(5, *shapes[name])
        for net in nets:
            net.eval()
        stacked = StackedNetwork(nets).eval()
        outputs = stacked(stacked.preprocess(x).expand(3, 5, *stacked.preprocess(x).shape[1:]))
        for mine, net in zip(outputs, nets, strict=True):
            torch.testing.assert_close(mine, net(x), rtol=1e-5, atol=1e-6)
        before = [{k: v.clone() for k, v in net.state_dict().items()} for net in nets]
        for net in nets[1:]:
            for parameter in net.parameters():
                parameter.zero_()
        stacked.copy_to(nets)
    for net, state in zip(nets, before, strict=True):
        assert all(torch.equal(values, state[key]) for key, values in net.state_dict().items())


def _fresh(layer, seed):
    """Return a copy of a layer with weights of its own."""
    import copy

    torch.manual_seed(seed)
    mine = copy.deepcopy(layer)
    for parameter in mine.parameters():
        parameter.copy_(torch.randn_like(parameter))
    return mine
