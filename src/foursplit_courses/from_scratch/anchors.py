"""Anchor boxes: several answers of a cell, one for each typical shape of an object.

A box is a row `left, top, right, bottom, class` in pixels, as in `foursplit.data.boxes`, which has
overlap and non-max suppression; an anchor is a width and a height in pixels.

Source: Ng, DLS C4 W3 (anchor boxes, the filter of YOLO's boxes); Redmon and Farhadi (2017),
YOLO9000, section 2 (anchors by clustering, places relative to a cell).
"""

import numpy as np
from jaxtyping import Float

from foursplit.data.boxes import non_max_suppression
from foursplit_courses.from_scratch.activations import sigmoid
from foursplit_courses.from_scratch.softmax import softmax

Sizes = Float[np.ndarray, "box 2"]
Anchors = Float[np.ndarray, "anchor 2"]
Boxes = Float[np.ndarray, "box 5"]
ScoredBoxes = Float[np.ndarray, "box 6"]
Targets = Float[np.ndarray, "row column anchor 6"]
Outputs = Float[np.ndarray, "row column anchor n_outputs"]

MAX_LOG_SIZE = 5.0  # of a box in anchors: an untrained output must not overflow


def shape_overlaps(sizes: Sizes, anchors: Anchors) -> Float[np.ndarray, "box anchor"]:
    """Compute the intersection over union of boxes and anchors with a common middle."""
    shared = np.minimum(sizes[:, None], anchors[None]).prod(axis=2)
    areas = sizes.prod(axis=1)[:, None] + anchors.prod(axis=1)[None]
    overlaps: np.ndarray = shared / (areas - shared)
    return overlaps


def cluster_anchors(
    sizes: Sizes, n_anchors: int, rng: np.random.Generator, *, n_init: int = 10, n_iter: int = 100
) -> Anchors:
    """Return the means of clusters of similar shape, the smallest area first.

    K-means with 1 - overlap for a distance: by squared distance large boxes would outweigh small
    ones. Of `n_init` starts the one whose boxes overlap their anchors most is returned. Raises
    ValueError for fewer different sizes than anchors.
    """
    different = np.unique(sizes, axis=0)
    if not 1 <= n_anchors <= len(different):
        raise ValueError(
            f"n_anchors: {n_anchors} must be from 1 to {len(different)}, the number of different "
            "sizes"
        )
    if different.min() <= 0:
        raise ValueError(f"sizes: {different.min()} must be above 0")
    starts = [different[rng.permutation(len(different))[:n_anchors]] for _ in range(n_init)]
    ends = [_move_to_means(sizes, start, n_iter) for start in starts]
    best = max(ends, key=lambda anchors: mean_overlap(sizes, anchors))
    return best[np.argsort(best.prod(axis=1), kind="stable")]


def mean_overlap(sizes: Sizes, anchors: Anchors) -> float:
    """Return the mean overlap of each box with the anchor that is most like it."""
    return float(shape_overlaps(sizes, anchors).max(axis=1).mean())


def _move_to_means(sizes: Sizes, anchors: Anchors, n_iter: int) -> Anchors:
    """Alternate between assignment and means; an anchor without boxes stays where it is.

    Means need not raise the overlap: the best anchors on the way are returned.
    """
    best = anchors
    for _ in range(n_iter):
        label = shape_overlaps(sizes, anchors).argmax(axis=1)
        moved = np.stack(
            [
                sizes[label == number].mean(axis=0) if (label == number).any() else anchor
                for number, anchor in enumerate(anchors)
            ]
        )
        if mean_overlap(sizes, moved) > mean_overlap(sizes, best):
            best = moved
        if np.array_equal(moved, anchors):
            break
        anchors = moved
    return best


def encode_anchors(boxes: Boxes, rows: int, columns: int, stride: int, anchors: Anchors) -> Targets:
    """Return what each cell and anchor must answer; cells are `stride` pixels a side.

    The numbers are 1 where an object is, its middle within the cell (0 to 1), the logarithms of
    width and height in anchors, and the class. An object belongs to the cell of its middle and to
    the anchor most like it that is free there. Raises ValueError where a cell has more objects than
    anchors.
    """
    targets = np.zeros((rows, columns, len(anchors), 6), np.float32)
    for left, top, right, bottom, label in np.asarray(boxes, np.float64).tolist():
        across, down = (left + right) / 2 / stride, (top + bottom) / 2 / stride
        column, row = min(int(across), columns - 1), min(int(down), rows - 1)
        size = np.array([right - left, bottom - top])
        free = targets[row, column, :, 0] == 0
        if not free.any():
            raise ValueError(
                f"boxes: cell ({row}, {column}) has more than {len(anchors)} objects; use more "
                "anchors or smaller cells"
            )
        number = int(np.where(free, shape_overlaps(size[None], anchors)[0], -1.0).argmax())
        place = (across - column, down - row)
        targets[row, column, number] = [1.0, *place, *np.log(size / anchors[number]), label]
    return targets


def decode_anchors(outputs: Outputs, stride: int, anchors: Anchors) -> ScoredBoxes:
    """Return a (box, 6) box for each cell and anchor, with its most likely class and its score.

    Outputs are the logit of an object, the logits of the middle within the cell, the logarithms of
    width and height in anchors, and the logits of the classes. The score is the probability of an
    object times that of its class.
    """
    rows, columns, n_anchors = outputs.shape[:3]
    row, column, number = (index.ravel() for index in np.indices((rows, columns, n_anchors)))
    flat = outputs.reshape(-1, outputs.shape[3]).astype(np.float64)
    middle = (sigmoid(flat[:, 1:3]) + np.column_stack([column, row])) * stride
    half = np.exp(np.minimum(flat[:, 3:5], MAX_LOG_SIZE)) * anchors[number] / 2
    classes = softmax(flat[:, 5:])
    score = sigmoid(flat[:, 0]) * classes.max(axis=1)
    return np.column_stack([middle - half, middle + half, classes.argmax(axis=1), score])


def filter_boxes(
    boxes: ScoredBoxes, min_score: float = 0.6, max_iou: float = 0.5, max_boxes: int = 10
) -> ScoredBoxes:
    """Return the boxes to show, best score first; the limits are those of the course's YOLO."""
    likely = boxes[boxes[:, 5] >= min_score]
    return non_max_suppression(likely, max_iou)[:max_boxes]
