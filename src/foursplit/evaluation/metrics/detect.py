"""Columns of a detection's prediction table: 1 - F1 of each picture's boxes."""

import json
from typing import TYPE_CHECKING

import numpy as np

from foursplit.core.arrays import Array, Ragged
from foursplit.core.examples import DataSpec, Examples
from foursplit.data import boxes as box
from foursplit.diagnosis.stats.table_bootstrap import Columns

if TYPE_CHECKING:
    import pandas as pd

METRICS = {"error": "loss", "missed": "missed", "false_alarms": "false_alarms"}
"""Name of each metric, and the column whose weighted mean it is."""

DIRECTION = "minimize"

HAS_RESIDUALS = False  # the truth is a list of boxes

MIN_SCORE = 0.5  # from which on a box counts as found, as in tasks/detect.py

MIN_RANKED = 0.05  # score from which on a box is ranked for the average precision

MAX_RANKED = 100  # boxes of a picture, best score first, as in COCO's evaluation

ABOUT = "The error of a picture is 1 - F1 of its boxes; a box is right from an overlap of 0.5 on."


def truth(examples: Examples) -> list[np.ndarray]:
    """Return the (box, 5) boxes of each picture."""
    boxes = examples.further["boxes"]
    assert isinstance(boxes, Ragged)
    return [boxes.row(number) for number in range(len(boxes))]


def postprocess(outputs: np.ndarray, _shape: DataSpec) -> list[np.ndarray]:
    """Turn (example, row, column, 5 + class) outputs into the (box, 6) boxes of each picture.

    Boxes of a low score are among them, best score first: the average precision ranks them.
    """
    return [
        box.non_max_suppression(box.decode_grid(grid, box.STRIDE, MIN_RANKED))[:MAX_RANKED]
        for grid in outputs
    ]


def score_columns(
    answers: list[np.ndarray], known: list[np.ndarray], _shape: DataSpec
) -> "pd.DataFrame":
    """Score each picture's boxes against the true ones."""
    import pandas as pd

    found = [answer[answer[:, 5] >= MIN_SCORE] for answer in answers]
    pairs = list(zip(found, known, strict=True))
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
            "stat.ranked": [_ranked(*pair) for pair in zip(answers, known, strict=True)],
        }
    )


def _ranked(predicted: np.ndarray, true: np.ndarray) -> str:
    """Return (box, 3) class, score, and 1 where the box is an object, as JSON."""
    right = box.right_boxes(predicted, true)
    rows = zip(predicted[:, 4:6].tolist(), right.tolist(), strict=True)
    return json.dumps([[int(row[0]), round(row[1], 6), int(is_right)] for row, is_right in rows])


def table_columns(table: "pd.DataFrame") -> dict[str, Array]:
    """Return each picture's ranked boxes, (box, 3), and the classes of its true ones."""
    ranked = [np.array(json.loads(rows)).reshape(-1, 3) for rows in table["stat.ranked"]]
    labels = [np.array(text.split(), np.int64) for text in table["y"]]
    return {"ranked": Ragged.of(ranked), "labels": Ragged.of(labels)}


def mean_average_precision(columns: Columns) -> float:
    """Compute the mean over the classes that occur of the area under precision over recall.

    Source: Everingham et al. (2010), The PASCAL VOC challenge, section 4.2, at every recall, as
    from 2010 on.
    """
    ranked, labels = (columns[name] for name in ("ranked", "labels"))
    assert isinstance(ranked, Ragged)
    assert isinstance(labels, Ragged)
    boxes = ranked.values  # noqa: PD011, no pandas
    classes, counts = np.unique(labels.values, return_counts=True)
    areas = [
        average_precision(*boxes[boxes[:, 0] == label, 1:].T, n_true=n)
        for label, n in zip(classes.tolist(), counts.tolist(), strict=True)
    ]
    return float(np.mean(areas)) if areas else float("nan")


def average_precision(score: np.ndarray, right: np.ndarray, *, n_true: int) -> float:
    """Compute the area under the highest precision from each recall on; equal scores come as one.

    `score` and `right` are (box,), and `n_true` is the number of objects.
    """
    order = np.argsort(-score, kind="stable")
    n_right = np.cumsum(right[order])
    last = np.flatnonzero(np.diff(score[order], append=-np.inf))  # of each run of equal scores
    n_right, precision = n_right[last], n_right[last] / (last + 1)
    highest = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(n_right, prepend=0) * highest).sum() / n_true)


TABLE_METRICS = {"map_50": mean_average_precision}
"""Metrics of whole tables: mean average precision at an overlap of 0.5."""


def _labels(boxes: np.ndarray) -> str:
    """Return the classes of boxes, from left to right."""
    order = np.argsort(boxes[:, 0], kind="stable")
    return " ".join(str(int(label)) for label in boxes[order, 4])


def baseline(_shape: DataSpec) -> str:
    return "no box at all"
