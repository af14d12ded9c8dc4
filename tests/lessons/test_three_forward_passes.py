"""Three forward passes agree with one written another way, and a wrong reading would be seen."""

import numpy as np
import pandas as pd
import pytest
import torch

from foursplit.core.examples import DataSpec, Examples
from foursplit.core.trained_experiment import TrainedExperiment
from foursplit.models import mlp
from foursplit_courses.from_scratch.dense import dense, dense_by_unit
from foursplit_courses.lessons import three_forward_passes as page

SHAPE = DataSpec(inputs=(1, 28, 28), classes=tuple("0123456789"))
PICTURES = np.random.default_rng(5).random((14, 1, 28, 28)).astype(np.float32)


@pytest.fixture
def net():
    torch.manual_seed(2)
    net = mlp.build(mlp.Args(hidden=(25, 15)), SHAPE)
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    net[0].mean.fill_(0.13)
    net[0].scale.fill_(0.31)
    return net.eval()


def trained(net):
    parts = np.where(np.arange(14) % 7 == 0, "test", "train")  # pictures 0 and 7 are sealed
    rows = pd.DataFrame({"digit": np.arange(14) % 10, "official_split": parts})
    return TrainedExperiment(table=Examples(x=PICTURES, metadata=rows), models={1: net})


@pytest.mark.parametrize("sums", [dense, dense_by_unit])
def test_each_pass_is_the_network_written_as_sums_over_indices(net, sums):
    network = page.read_network(net.double())
    found = page.forward(network, PICTURES[:3].astype(float), sums)
    x = (PICTURES[:3, 0].astype(float) - net[0].mean.item()) / net[0].scale.item()
    first, second, last = [m for m in net if isinstance(m, torch.nn.Linear)]
    pixels = first.weight.detach().numpy().reshape(25, 28, 28)
    a = np.einsum("nrc,urc->nu", x, pixels) + first.bias.detach().numpy()
    a = np.einsum("nu,vu->nv", a.clip(0), second.weight.detach().numpy())
    a = (a + second.bias.detach().numpy()).clip(0)
    expected = np.einsum("nv,kv->nk", a, last.weight.detach().numpy())
    np.testing.assert_allclose(found, expected + last.bias.detach().numpy(), rtol=1e-10)
    # The naive way fails here: pixels by column, as other tools store them.
    wrong = page.forward(network, PICTURES[:3].astype(float).swapaxes(2, 3), sums)
    assert np.abs(wrong - expected).max() > 0.1


def test_the_page_counts_what_the_trained_network_misreads_of_the_training_part(net):
    args = page.Args(n_by_loop=2, n_pictures=12)
    lesson = page.run(args, trained(net))
    train = np.arange(14) % 7 != 0
    with torch.no_grad():
        answers = net.double()(torch.from_numpy(PICTURES[train]).double()).argmax(dim=1).numpy()
    assert lesson.numbers["misread"] == (answers != (np.arange(14) % 10)[train]).sum()
    assert lesson.numbers["pictures"] == 12
    assert lesson.numbers["largest_gap_below"] <= 1e-9


def test_the_trained_network_is_left_as_it_was(net):
    page.run(page.Args(n_by_loop=1, n_pictures=6), trained(net))
    assert next(net.parameters()).dtype == torch.float32


def test_loops_over_more_pictures_than_there_are_are_refused():
    with pytest.raises(ValueError, match="n_by_loop: 9"):
        page.Args(n_by_loop=9, n_pictures=8)
