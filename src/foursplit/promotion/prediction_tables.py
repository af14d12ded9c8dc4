"""Prediction tables as the gate needs them: checked, with the baseline and what tells contents."""

from pathlib import Path

import pandas as pd

from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.diagnosis.prediction_table import SPLITS, Model, Table, check
from foursplit.io.seed_folders import seed_folders

BASELINE, TASK_LOSS, CONTENT = "baseline_loss", "task_loss", "content_hash"


def table(frame: pd.DataFrame, split: str, column: str = "loss", path: str = "") -> Table:
    """Check one split's rows, with the metric's `column` as the loss to judge by.

    What the trivial baseline loses is kept beside what the model loses in the same unit, the
    task's own, whatever the metric is.
    """
    if column not in frame:
        raise unknown_name("column", column, map(str, frame.columns), path or split)
    made = check(frame.assign(loss=frame[column]), split, path)
    kept = {name: frame[name].to_numpy() for name in (BASELINE, CONTENT) if name in frame}
    if BASELINE in kept and "loss" in frame:
        kept[TASK_LOSS] = frame["loss"].to_numpy()
    return Table(split=split, frame=made.frame.assign(**kept), path=path)


def read(folder: Path, column: str = "loss") -> list[Model]:
    """Read a model's `seed_*` folders of Parquet tables, such as those of a comparison's winner."""
    seeds = seed_folders(folder)
    if not seeds:
        raise FoursplitError(f"{folder}: no folder seed_* with a model's tables")
    return [_seed(path, column) for path in seeds]


def _seed(folder: Path, column: str) -> Model:
    found = {}
    for split in SPLITS:
        path = folder / f"{split}.parquet"
        if not path.is_file():
            continue
        try:
            frame = pd.read_parquet(path)
        except (OSError, ValueError) as error:
            raise FoursplitError(f"{path}: not readable as Parquet ({error})") from error
        found[split] = table(frame, split, column, str(path))
    return Model(tables=found, name=folder.name)
