"""Boxes in pictures: their overlap, which of many to keep, and which of them are right.

A box is a row `left, top, right, bottom, class`, in pixels; a predicted one has its `score` behind.
"""

import numpy as np

MIN_IOU = 0.5
"""Overlap from which on a predicted box is that of an object, as in PASCAL VOC."""

BOX = 4  # numbers of a box before its class

STRIDE = 4  # pixels of a cell of the grid that a detector answers for


def intersection_over_union(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Compute the (a, b) overlaps of boxes: 1 for equal ones, 0 for ones apart."""
    top_left = np.maximum(a[:, None, :2], b[None, :, :2])
    bottom_right = np.minimum(a[:, None, 2:4], b[None, :, 2:4])
    sides = np.maximum(bottom_right - top_left, 0)
    shared = sides[..., 0] * sides[..., 1]
    areas = [(boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]) for boxes in (a, b)]
    union = areas[0][:, None] + areas[1][None] - shared
    overlaps: np.ndarray = np.where(union > 0, shared / np.where(union > 0, union, 1), 0.0)
    return overlaps


def non_max_suppression(boxes: np.ndarray, limit: float = MIN_IOU) -> np.ndarray:
    """Return the (box, 6) boxes to keep, best score first.

    A box that overlaps a better one of its class by more than `limit` goes.
    """
    order = np.argsort(-boxes[:, 5], kind="stable")
    selected: list[int] = []
    overlaps = intersection_over_union(boxes, boxes)
    for number in order.tolist():
        same = [other for other in selected if boxes[other, 4] == boxes[number, 4]]
        if not (overlaps[number, same] > limit).any():
            selected.append(number)
    result: np.ndarray = boxes[selected]
    return result


def right_boxes(predicted: np.ndarray, true: np.ndarray, min_iou: float = MIN_IOU) -> np.ndarray:
    """Return for each of the (box, 6) predictions whether it is an object.

    Each true box is found at most once.  The best score chooses first, and takes the true box of
    its class that it overlaps most.
    """
    right = np.zeros(len(predicted), dtype=bool)
    if not len(true):
        return right
    free = np.ones(len(true), dtype=bool)
    overlaps = intersection_over_union(predicted, true)
    for number in np.argsort(-predicted[:, 5], kind="stable").tolist():
        fitting = np.where(free & (true[:, 4] == predicted[number, 4]), overlaps[number], -1.0)
        best = int(fitting.argmax())
        if fitting[best] >= min_iou:
            free[best], right[number] = False, True
    return right


def count_right(predicted: np.ndarray, true: np.ndarray, min_iou: float = MIN_IOU) -> int:
    """Count the (box, 6) predictions that are objects."""
    return int(right_boxes(predicted, true, min_iou).sum())


def move(boxes: np.ndarray, corners: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return (box, 5) boxes around their moved corners (box, 4, 2), cut at the picture's edges.

    A box of which less than half is left is dropped: nobody could name what is in it.
    """
    low, high = corners.min(axis=1), corners.max(axis=1)
    inside = np.concatenate([low, high], axis=1).clip(0, [width, height, width, height])
    areas = [np.prod(sides, axis=1) for sides in (high - low, inside[:, 2:] - inside[:, :2])]
    moved = np.concatenate([inside, boxes[:, 4:5]], axis=1).astype(np.float32)
    return moved[areas[1] >= areas[0] / 2]


def corners(boxes: np.ndarray) -> np.ndarray:
    """Return the (box, 4, 2) corners of boxes, across and down in pixels."""
    places: np.ndarray = boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
    return places


def encode_grid(boxes: np.ndarray, rows: int, columns: int, stride: int) -> np.ndarray:
    """Return (row, column, 6) targets: whether an object's middle lies in the cell, and which.

    The numbers are 1, the middle within the cell (0 to 1), the logarithms of width and height in
    cells, and the class.  Of two objects in one cell the last is kept.
    """
    grid = np.zeros((rows, columns, 6), np.float32)
    for left, top, right, bottom, label in boxes.tolist():
        across, down = (left + right) / 2 / stride, (top + bottom) / 2 / stride
        column, row = min(int(across), columns - 1), min(int(down), rows - 1)
        size = np.log([(right - left) / stride, (bottom - top) / stride])
        grid[row, column] = [1.0, across - column, down - row, *size, label]
    return grid


def decode_grid(grid: np.ndarray, stride: int, min_score: float = 0.5) -> np.ndarray:
    """Return the (box, 6) boxes of (row, column, 5 + class) outputs, before suppression.

    A cell's outputs are the logit of an object, the logits of its middle within the cell, the
    logarithms of width and height in cells, and the logits of the classes.
    """
    score = 1 / (1 + np.exp(-grid[..., 0]))
    rows, columns = np.nonzero(score >= min_score)
    cells = grid[rows, columns].astype(np.float64)
    middle = 1 / (1 + np.exp(-cells[:, 1:3]))
    across, down = (columns + middle[:, 0]) * stride, (rows + middle[:, 1]) * stride
    size = np.exp(np.minimum(cells[:, 3:5], 5.0)) * stride / 2
    boxes: np.ndarray = np.stack(
        [
            across - size[:, 0], down - size[:, 1], across + size[:, 0], down + size[:, 1],
            cells[:, 5:].argmax(axis=1) if len(cells) else np.zeros(0), score[rows, columns],
        ],
        axis=1,
    )  # fmt: skip
    return boxes


def f1(predicted: np.ndarray, true: np.ndarray) -> float:
    """Compute the F1 of a picture's (box, 6) predictions; 1 where there is nothing to find."""
    n = len(predicted) + len(true)
    return 2 * count_right(predicted, true) / n if n else 1.0
