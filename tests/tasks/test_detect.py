"""Detection: a perfect grid loses nearly nothing, and the error is that of the tables."""

import numpy as np
import pytest
import torch

from foursplit.config.fit import Augment, TrainerConfig
from foursplit.core.arrays import Ragged
from foursplit.core.examples import DataSpec
from foursplit.data import boxes as box
from foursplit.evaluation.metrics import detect as metrics
from foursplit.tasks import detect
from foursplit.training.augment import Augmenter
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


def boxed_pictures(rng, n=30, rows=32, columns=48):
    """Draw a bright rectangle in each picture, and give its box."""
    x = np.zeros((n, 1, rows, columns), np.float32)
    boxes = []
    for number in range(n):
        width, height = rng.integers(5, 12, 2)
        left, top = rng.integers(0, columns - width + 1), rng.integers(0, rows - height + 1)
        x[number, 0, top : top + height, left : left + width] = 1.0
        boxes.append(np.array([[left, top, left + width, top + height, number % 3]], np.float32))
    return x, boxes


def augmented(x, boxes, seed=0, **settings):
    grids = [box.encode_grid(b, x.shape[2] // 4, x.shape[3] // 4, 4) for b in boxes]
    batch = collate({"x": x, "boxes": Ragged.of(boxes), "grid": np.stack(grids)}, slice(0, len(x)))
    task = detect.module(
        torch.nn.Identity(),
        FIT,
        DataSpec(inputs=x.shape[1:], axes={"boxes": (5,)}, max_lengths={"boxes": 1}),
    )
    change = Augmenter(Augment(**settings), x, 1.0, task.move_targets)
    return batch, change(batch, np.random.default_rng(seed))


@pytest.mark.parametrize(
    "settings",
    [{"shift": 6.0}, {"scale": 0.4}, {"turn": 90.0}, {"shift": 4.0, "scale": 0.2, "turn": 10.0}],
    ids=str,
)
def test_boxes_move_with_their_pictures(settings):
    """A box bounds the bright pixels of its picture before and after; the old box does not."""
    x, boxes = boxed_pictures(np.random.default_rng(5))
    before, after = augmented(x, boxes, **settings)
    off_moved, off_old, n_left = [], [], 0
    for number in range(len(x)):
        if not after["boxes_length"][number]:
            continue
        n_left += 1
        rows, columns = np.nonzero(after["x"][number, 0].numpy() > 0.5)
        seen = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        off_moved.append(np.abs(after["boxes"][number, 0, :4].numpy() - seen).max())
        off_old.append(np.abs(before["boxes"][number, 0, :4].numpy() - seen).max())
    assert n_left > 20
    # A turned rectangle's box is that of its corners, which are cut off where pixels are coarse.
    assert np.median(off_moved) <= (1.0 if "turn" not in settings else 1.5)
    assert np.median(off_old) > 2 * np.median(off_moved)


def test_the_grid_is_that_of_the_moved_boxes():
    x, boxes = boxed_pictures(np.random.default_rng(6))
    _, after = augmented(x, boxes, shift=5.0)
    for number, n in enumerate(after["boxes_length"].tolist()):
        moved = after["boxes"][number, :n].numpy()
        expected = box.encode_grid(moved, *after["grid"].shape[1:3], 4)
        assert np.array_equal(after["grid"][number].numpy(), expected)


def test_a_box_of_which_less_than_half_is_left_is_dropped():
    square = np.array([[10, 10, 20, 20, 1]], np.float32)
    for across, is_left in ((4.0, True), (-4.0, True), (-16.0, False), (30.0, False)):
        places = box.corners(square) + np.array([across, 0.0])
        moved = box.move(square, places, 32, 32)
        assert len(moved) == is_left
        if is_left:
            assert moved[0, :4].tolist() == [10 + across, 10, 20 + across, 20]
    cut = box.move(square, box.corners(square) + np.array([-13.0, 0.0]), 32, 32)
    assert cut[0, :4].tolist() == [0, 10, 7, 20]


def test_without_movement_nothing_changes():
    x, boxes = boxed_pictures(np.random.default_rng(7))
    before, after = augmented(x, boxes, noise=0.1)
    assert torch.equal(before["boxes"], after["boxes"])
    assert torch.equal(before["grid"], after["grid"])
