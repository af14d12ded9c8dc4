"""Detection: a perfect grid loses nearly nothing, and the error is that of the tables."""

import numpy as np
import pytest
import torch

from foursplit.config.fit import TrainerConfig
from foursplit.core.arrays import Ragged
from foursplit.core.examples import DataSpec
from foursplit.evaluation.metrics import detect as metrics
from foursplit.tasks import detect
from foursplit.training.batches import collate

SPEC = DataSpec(inputs=(1, 16, 16), axes={"boxes": (5,)})
FIT = TrainerConfig(seeds=(1,), learning_rate=0.01, max_epochs=1, batch_size=4)
BOXES = Ragged.of(
    [
        np.array([[1, 1, 6, 7, 2], [9, 8, 15, 15, 0]], np.float32),
        np.zeros((0, 5), np.float32),
        np.array([[4, 4, 12, 9, 1]], np.float32),
    ]
)


def perfect(grid):
    """Return outputs that say what a grid of targets says."""
    outputs = torch.zeros(*grid.shape[:3], 5 + 3)
    outputs[..., 0] = torch.where(grid[..., 0] > 0, 20.0, -20.0)
    outputs[..., 1:3] = grid[..., 1:3].clamp(1e-6, 1 - 1e-6).logit()
    outputs[..., 3:5] = grid[..., 3:5]
    outputs[..., 5:] = 40 * torch.nn.functional.one_hot(grid[..., 5].long(), 3)
    return outputs


@pytest.fixture
def batch():
    import pandas as pd

    from foursplit.core.examples import Examples

    examples = Examples(
        x=np.zeros((3, 1, 16, 16), np.float32),
        metadata=pd.DataFrame(index=range(3)),
        further={"boxes": BOXES},
    )
    return collate({"x": examples.x, **detect.targets(examples, SPEC)}, slice(None))


def test_a_perfect_grid_has_no_loss_and_no_error(batch):
    task = detect.module(torch.nn.Identity(), FIT, SPEC)
    outputs = perfect(batch["grid"])
    assert float(task.output_loss(outputs, batch)) == pytest.approx(0, abs=1e-4)
    assert float(task.output_error(outputs, batch)) == 0


def test_each_part_of_the_loss_sees_its_own_fault(batch):
    task = detect.module(torch.nn.Identity(), FIT, SPEC)
    best = perfect(batch["grid"])
    here = batch["grid"][..., 0] > 0
    for part in (slice(0, 1), slice(1, 3), slice(3, 5), slice(5, 8)):
        outputs = best.clone()
        changed = outputs[here]
        changed[:, part] = -changed[:, part] + 1
        outputs[here] = changed
        assert float(task.output_loss(outputs, batch)) > 0.5


def test_the_error_in_training_is_the_tables(batch):
    task = detect.module(torch.nn.Identity(), FIT, SPEC)
    generator = torch.Generator().manual_seed(1)
    outputs = perfect(batch["grid"]) + 8 * torch.randn(3, 4, 4, 8, generator=generator)
    known = [BOXES.row(number) for number in range(3)]
    table = metrics.score_columns(metrics.postprocess(outputs.numpy(), SPEC), known, SPEC)
    assert float(task.output_error(outputs, batch)) == pytest.approx(table["loss"].mean())
    assert 0 < table["loss"].mean() < 1
    assert table["baseline_loss"].tolist() == [1, 0, 1]
    assert table["y"].tolist() == ["2 0", "", "1"]


def test_a_data_set_without_boxes_is_refused():
    with pytest.raises(ValueError, match="task detect needs"):
        detect.module(torch.nn.Identity(), FIT, DataSpec(inputs=(1, 16, 16)))
