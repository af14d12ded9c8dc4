"""The losses of pairs and of tokens, by hand and on handwritten digits."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from tests.evaluation.test_units import TAG_SPEC, labelled
from tests.training.test_loops import fit_of
from torch import nn
from torch.nn import functional as F

from foursplit.core.errors import FoursplitError
from foursplit.core.examples import DataSpec
from foursplit.evaluation.metrics import verify as metrics
from foursplit.tasks import tag, verify
from foursplit.training import initial_weights, network

PAIRS = {"batch": {"n_classes": 8, "n_examples": 4}, "batch_size": 32}
SPEC = DataSpec(inputs=(64,), classes=tuple("0123456789"))


def test_the_loss_of_pairs_is_that_of_two_loops():
    rng = np.random.default_rng(0)
    outputs = torch.from_numpy(rng.normal(size=(9, 4)))
    batch = {"x": outputs, "y": torch.tensor([0, 0, 0, 1, 1, 2, 2, 2, 3])}
    losses, wrong = {True: [], False: []}, {True: [], False: []}
    for i in range(9):
        for j in range(i):
            logit = 1 - ((outputs[i] - outputs[j]) ** 2).sum()
            same = bool(batch["y"][i] == batch["y"][j])
            losses[same].append(F.softplus(-logit if same else logit))
            wrong[same].append(float((logit > 0) != same))
    task = verify.module(nn.Identity(), fit_of(**PAIRS), SPEC)
    expected = sum(torch.stack(each).mean() for each in losses.values()) / 2
    torch.testing.assert_close(task.output_loss(outputs, batch), expected)
    expected = np.mean([np.mean(each) for each in wrong.values()])
    assert float(task.output_error(outputs, batch)) == pytest.approx(expected)


def test_verification_needs_batches_with_pairs():
    with pytest.raises(FoursplitError, match=r"fit\.batch"):
        verify.module(nn.Identity(), fit_of(), SPEC)


def test_digits_that_were_never_seen_are_verified_better_than_before_training(tmp_path):
    """Trained on 0 to 6, judged on pairs of 7, 8 and 9: the classes themselves are new."""
    x, y = load_digits(return_X_y=True)
    x, new = (x / 16).astype(np.float32), y >= 7
    asked = {"batch": {"n_classes": 6, "n_examples": 6}, "batch_size": 36}
    fit = fit_of(max_epochs=8, learning_rate=0.003, **asked)
    net = initial_weights.build_with_seed(
        lambda: nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 8)), 1
    )

    def error_rate():
        with torch.no_grad():
            encodings = net(torch.from_numpy(x[new])).numpy()
        examples = labelled(y[new])
        found = metrics.units(examples, metrics.postprocess(encodings, SPEC), y[new], SPEC)
        table = metrics.score_columns(found.answers, found.truth, SPEC)
        return metrics.equal_error_rate({name: table[name].to_numpy() for name in table})

    before = error_rate()
    few = {"x": x[~new][:50], "y": y[~new][:50].astype(np.int64)}
    network.fit(
        network.Training(
            module=verify.module(net, fit, SPEC),
            train={"x": x[~new], "y": y[~new].astype(np.int64)},
            validation={"train_dev": few, "dev": few}, fit=fit, seed=1, kind="cpu",
            state=tmp_path / "state",
        )
    )  # fmt: skip
    assert error_rate() < before - 0.05


def test_what_pads_a_text_has_no_tag_to_learn():
    outputs = torch.randn(2, 4, 7, generator=torch.Generator().manual_seed(0))
    tags = torch.tensor([[4, 5, 6, 4], [6, 4, 0, 0]])
    task = tag.module(nn.Identity(), fit_of(), TAG_SPEC)
    tokens = torch.cat([outputs[0], outputs[1, :2]])
    truth = torch.tensor([4, 5, 6, 4, 6, 4])
    batch = {"x": tags, "tags": tags}
    torch.testing.assert_close(task.output_loss(outputs, batch), F.cross_entropy(tokens, truth))
    moved = outputs.clone()
    moved[1, 2:] += 100.0
    assert task.output_loss(moved, batch) == task.output_loss(outputs, batch)
    answer = tokens[:, 4:].argmax(dim=1) + 4
    wrong = float((answer != truth).float().mean())
    assert float(task.output_error(outputs, batch)) == pytest.approx(wrong)


def test_a_data_set_without_tags_is_refused():
    with pytest.raises(ValueError, match="tags"):
        tag.module(nn.Identity(), fit_of(), SPEC)
