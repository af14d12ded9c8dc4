"""Data frames of predictions as the engine reads them: one mapping of splits for each seed."""

from collections.abc import Mapping, Sequence

import pandas as pd

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.metrics.chosen import ChosenMetric
from foursplit.diagnosis.metrics.metric import MetricArgs, find

Frames = pd.DataFrame | Sequence[pd.DataFrame]
"""A split's table, or one for each seed."""


def seeds_of_splits(splits: Mapping[str, Frames]) -> dict[str, dict[str, pd.DataFrame]]:
    """Return the frames by seed and split; raise if splits differ in the number of seeds."""
    lists = {split: as_list(frames, split) for split, frames in splits.items()}
    counts = {split: len(frames) for split, frames in lists.items()}
    if len({*counts.values()}) > 1:
        raise FoursplitError(
            f"seeds: {counts}. Give each split as many frames, in the same order of seeds"
        )
    (n_seeds,) = {*counts.values()}
    return {
        f"seed_{seed + 1}": {
            split: with_ids(frames[seed], split) for split, frames in lists.items()
        }
        for seed in range(n_seeds)
    }


def as_list(frames: Frames, name: str) -> list[pd.DataFrame]:
    """Return the frames of all seeds; raise for what is no data frame."""
    listed = [frames] if isinstance(frames, pd.DataFrame) else [*frames]
    wrong = next((frame for frame in listed if not isinstance(frame, pd.DataFrame)), None)
    if wrong is not None or not listed:
        raise FoursplitError(
            f"{name}: {type(wrong if listed else frames).__name__}; give a pandas DataFrame, or a "
            "list with one for each seed"
        )
    return listed


def with_ids(frame: pd.DataFrame, split: str) -> pd.DataFrame:
    """Return a frame with `example_id`: without such a column, split and index name the rows."""
    if "example_id" in frame:
        return frame
    if not frame.index.is_unique:
        raise FoursplitError(
            f"{split}: no column 'example_id', and the index holds {_repeated(frame.index)!r} "
            "twice. Add the column, or reset_index() if the order of rows names the examples"
        )
    return frame.assign(example_id=[f"{split} {label}" for label in frame.index])


def parse_metric(metric: str | None, positive: str | None) -> ChosenMetric | None:
    """Return a metric by name; None for the mean loss."""
    if positive is not None and metric is None:
        raise FoursplitError("positive: needs a metric, such as metric='f1'")
    if metric in (None, "error"):
        return None
    assert metric is not None
    return ChosenMetric(metric=find(metric, "metric"), args=MetricArgs(positive=positive))


def _repeated(index: pd.Index) -> object:
    return index[index.duplicated()][0]
