"""Detection: the boxes of all objects in a picture, each with its class.

The data set's array `boxes` is the target.  Each cell of a grid says whether an object's middle
lies in it, where exactly, how large the object is, and of which class.
Source: Ng, DLS C4 W3 (bounding boxes, YOLO); Redmon et al. (2016), You Only Look Once.
"""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from foursplit.config.fit import TrainerConfig
from foursplit.core.arrays import Array, Ragged
from foursplit.core.examples import DataSpec, Examples
from foursplit.data import boxes as box
from foursplit.training.augment import Movement
from foursplit.training.batches import Batch
from foursplit.training.supervised_task import CONTRACTS as ALL_CONTRACTS
from foursplit.training.supervised_task import Scalar, SupervisedTask

__all__ = ["CONTRACTS", "module", "random_batch", "targets"]

CONTRACTS = tuple(name for name in ALL_CONTRACTS if name != "initial_loss")
"""A guess has no loss of its own here: three kinds of loss are added."""

BOXES = "boxes"

BOX_WEIGHT = 5.0  # of the place and size, as in the paper

Grid = Float[Tensor, "batch row column 5+n_classes"]


class Detect(SupervisedTask):
    """Train any `net` that maps pictures to a grid of cells, `boxes.STRIDE` pixels each."""

    def output_loss(self, outputs: Tensor, batch: Batch) -> Scalar:
        """Compute the losses of objects, places and classes, an object each."""
        grid = batch["grid"]
        here = grid[..., 0] > 0
        n = here.sum().clamp(min=1)
        is_object = F.binary_cross_entropy_with_logits(
            outputs[..., 0], grid[..., 0], reduction="sum"
        )
        # Weights instead of a choice of cells: on a GPU a choice adds up in any order.
        cells = here.to(outputs.dtype)[..., None]
        middle = (outputs[..., 1:3].sigmoid() - grid[..., 1:3]) * cells
        size = (outputs[..., 3:5] - grid[..., 3:5]) * cells
        place = F.smooth_l1_loss(middle, torch.zeros_like(middle), reduction="sum")
        place = place + F.smooth_l1_loss(size, torch.zeros_like(size), reduction="sum")
        losses = -outputs[..., 5:].log_softmax(dim=-1)
        label = F.one_hot(grid[..., 5].long(), outputs.shape[-1] - 5).to(outputs.dtype)
        named = (losses * label * cells).sum()
        return (is_object + BOX_WEIGHT * place + named) / n

    def output_error(self, outputs: Tensor, batch: Batch) -> Scalar:
        """Compute the mean of 1 - F1 over the pictures."""
        grids = outputs.detach().float().cpu().numpy()
        lengths = batch[BOXES + "_length"].tolist()
        truth = [boxes[:n] for boxes, n in zip(batch[BOXES].cpu().numpy(), lengths, strict=True)]
        errors = [
            1 - box.f1(box.non_max_suppression(box.decode_grid(grid, box.STRIDE)), true)
            for grid, true in zip(grids, truth, strict=True)
        ]
        return outputs.new_tensor(float(np.mean(errors)))

    def move_targets(self, batch: Batch, movement: Movement) -> Batch:
        """Move the boxes with their pictures, and set again what each cell must answer."""
        lengths, boxes = batch[BOXES + "_length"].tolist(), batch[BOXES].cpu().numpy()
        size = (movement.height, movement.width)
        places = box.corners(boxes.reshape(-1, boxes.shape[-1])).reshape(len(boxes), -1, 2)
        places = movement.points(places).reshape(*boxes.shape[:2], 4, 2)
        moved = [
            box.move(boxes[number, :n], places[number, :n], *size)
            for number, n in enumerate(lengths)
        ]
        rows, columns = batch["grid"].shape[1:3]
        grids = [box.encode_grid(each, rows, columns, box.STRIDE) for each in moved]
        padded = np.zeros_like(boxes)
        for number, each in enumerate(moved):
            padded[number, : len(each)] = each
        device = batch["grid"].device
        return {
            **batch,
            BOXES: torch.from_numpy(padded).to(device),
            BOXES + "_length": torch.tensor([len(each) for each in moved], device=device),
            "grid": torch.from_numpy(np.stack(grids)).to(device),
        }


def module(net: nn.Module, fit: TrainerConfig, shape: DataSpec) -> Detect:
    if BOXES not in shape.axes:
        raise ValueError(
            "task detect needs a data set of pictures with further={'boxes': 'target'}; this one "
            f"has {sorted(shape.axes)}"
        )
    return Detect(net, fit, shape)


def targets(examples: Examples, shape: DataSpec) -> dict[str, Array]:
    """Return the boxes, and the (example, row, column, 6) grid of what each cell must say."""
    boxes = examples.further[BOXES]
    assert isinstance(boxes, Ragged)
    rows, columns = (side // box.STRIDE for side in shape.inputs[1:])
    grids = [box.encode_grid(boxes.row(n), rows, columns, box.STRIDE) for n in range(len(boxes))]
    return {BOXES: boxes, "grid": np.stack(grids)}


def random_batch(shape: DataSpec, n: int, rng: np.random.Generator) -> Batch:
    """Draw pictures with a box in each, brighter within, for the contract tests."""
    x = rng.random((n, *shape.inputs), dtype=np.float32)
    height, width = shape.inputs[1:]
    size = min(8, height, width)
    left, top = rng.integers(0, width - size + 1, n), rng.integers(0, height - size + 1, n)
    label = rng.integers(0, 2, n)
    boxes = np.stack([left, top, left + size, top + size, label], axis=1).astype(np.float32)
    for number in range(n):
        rows, columns = (slice(start[number], start[number] + size) for start in (top, left))
        x[number, :, rows, columns] += 1 + label[number]
    grids = [
        box.encode_grid(row[None], height // box.STRIDE, width // box.STRIDE, box.STRIDE)
        for row in boxes
    ]
    return {
        "x": torch.from_numpy(x),
        BOXES: torch.from_numpy(boxes[:, None]),
        BOXES + "_length": torch.ones(n, dtype=torch.int64),
        "grid": torch.from_numpy(np.stack(grids)),
    }
