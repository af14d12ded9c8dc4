"""Columns of a detection's prediction table: 1 - F1 of each picture's boxes."""

import json
from typing import TYPE_CHECKING

import numpy as np

from foursplit.core.arrays import Ragged
from foursplit.core.examples import DataSpec, Examples
from foursplit.data import boxes as box

if TYPE_CHECKING:
    import pandas as pd

METRICS = {"error": "loss", "missed": "missed", "false_alarms": "false_alarms"}
"""Name of each metric, and the column whose weighted mean it is."""

DIRECTION = "minimize"

ABOUT = "The error of a picture is 1 - F1 of its boxes; a box is right from an overlap of 0.5 on."


def truth(examples: Examples) -> list[np.ndarray]:
    """Return the (box, 5) boxes of each picture."""
    boxes = examples.further["boxes"]
    assert isinstance(boxes, Ragged)
    return [boxes.row(number) for number in range(len(boxes))]


def postprocess(outputs: np.ndarray, _shape: DataSpec) -> list[np.ndarray]:
    """Turn (example, row, column, 5 + class) outputs into the (box, 6) boxes of each picture."""
    return [box.non_max_suppression(box.decode_grid(grid, box.STRIDE)) for grid in outputs]


def score_columns(
    answers: list[np.ndarray], known: list[np.ndarray], _shape: DataSpec
) -> "pd.DataFrame":
    """Score each picture's boxes against the true ones."""
    import pandas as pd

    pairs = list(zip(answers, known, strict=True))
    right = np.array([box.count_right(*pair) for pair in pairs])
    n_predicted, n_true = (np.array([len(pair[side]) for pair in pairs]) for side in (0, 1))
    loss = np.array([1 - box.f1(*pair) for pair in pairs])
    return pd.DataFrame(
        {
            "loss": loss,
            "is_error": loss > 0,
            "weight": 1.0,
            "y": [_labels(true) for _, true in pairs],
            "y_hat": [_labels(predicted) for predicted, _ in pairs],
            "missed": (n_true - right) / np.maximum(n_true, 1),
            "false_alarms": (n_predicted - right).astype(np.float64),
            "baseline_loss": (n_true > 0).astype(np.float64),
            "boxes": [json.dumps(np.round(answer, 3).tolist()) for answer, _ in pairs],
        }
    )


def _labels(boxes: np.ndarray) -> str:
    """Return the classes of boxes, from left to right."""
    order = np.argsort(boxes[:, 0], kind="stable")
    return " ".join(str(int(label)) for label in boxes[order, 4])


def baseline(_shape: DataSpec) -> str:
    return "no box at all"
