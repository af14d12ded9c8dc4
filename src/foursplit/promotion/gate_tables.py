"""Prediction tables for the gate: validated, with baseline loss and content hash."""

from pathlib import Path

import pandas as pd

from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.diagnosis.prediction_table import SPLITS, Model, PredictionTable, validate
from foursplit.evaluation.group_metric import GroupMetric
from foursplit.io.seed_folders import seed_folders

BASELINE, TASK_LOSS, CONTENT = "baseline_loss", "task_loss", "content_hash"


def table(
    frame: pd.DataFrame, split: str, column: str | GroupMetric = "loss", path: str = ""
) -> PredictionTable:
    """Validate the rows of a split, with the metric's `column`, or its values, as loss.

    The baseline's loss is kept with the model's loss in the same unit, the loss of the task, for
    every metric.
    """
    if isinstance(column, GroupMetric):
        values = column.values(frame, path or split)
    elif column not in frame:
        raise unknown_name("column", column, map(str, frame.columns), path or split)
    else:
        values = frame[column].to_numpy()
    result = validate(frame.assign(loss=values), split, path)
    extra = {name: frame[name].to_numpy() for name in (BASELINE, CONTENT) if name in frame}
    if BASELINE in extra and "loss" in frame:
        extra[TASK_LOSS] = frame["loss"].to_numpy()
    return PredictionTable(split=split, frame=result.frame.assign(**extra), path=path)


def read(folder: Path, column: str | GroupMetric = "loss") -> list[Model]:
    """Read the Parquet tables of a model, one `seed_*` folder per seed."""
    seeds = seed_folders(folder)
    if not seeds:
        raise FoursplitError(f"{folder}: no folder seed_* with prediction tables")
    return [_seed(path, column) for path in seeds]


def _seed(folder: Path, column: str | GroupMetric) -> Model:
    tables = {}
    for split in SPLITS:
        path = folder / f"{split}.parquet"
        if not path.is_file():
            continue
        try:
            frame = pd.read_parquet(path)
        except (OSError, ValueError) as error:
            raise FoursplitError(f"{path}: not a valid Parquet file ({error})") from error
        tables[split] = table(frame, split, column, str(path))
    return Model(tables=tables, name=folder.name)
