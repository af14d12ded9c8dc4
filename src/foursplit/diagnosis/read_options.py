"""What prediction tables are read as: which columns slice, which metric gives the losses.

The commonest tables that are not as they should be are named here with their remedy: a split by
another name, columns that no prefix says what they are for, targets that are quantities.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.diagnosis.metrics.chosen import ChosenMetric
from foursplit.diagnosis.prediction_table import (
    HUMAN,
    META,
    ORACLE,
    ORACLE_TYPE,
    PROBA,
    SCORES,
    SPLITS,
)
from foursplit.io import tabular

ALIASES = {
    "training": "train", "traindev": "train_dev", "train-dev": "train_dev",
    "valid": "dev", "val": "dev", "validation": "dev", "eval": "dev", "development": "dev",
    "testing": "test", "holdout": "test",
}  # fmt: skip
"""What others call the four splits."""

KNOWN = frozenset(
    ("example_id", "split", "loss", "weight", "is_error", "group_id", "domain", "content_hash",
     "y", "y_hat", "score", "human_loss", "baseline_loss", "label_audit", "tags", "comment",
     "margin", "log_loss", "absolute_error", "squared_error", *SCORES)
)  # fmt: skip
"""Columns that have a meaning of their own."""

PREFIXES = (META, PROBA, ORACLE, ORACLE_TYPE, HUMAN, "stat.")

ALL = "all"  # of --meta: every column without a meaning of its own

MAX_NAMED = 6  # columns in a note

MANY_VALUES = 20  # of numeric labels, from which they look like quantities


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """How the command line asks for tables to be read."""

    meta: tuple[str, ...] = ()  # columns to slice on that have no prefix; "all" for every one
    regression: bool = False  # y and y_hat are quantities
    note: bool = False  # say which columns are not read
    metric: ChosenMetric | None = None  # whose losses the tables get, if it is a mean of examples

    def complete(self, frame: pd.DataFrame, at: str) -> pd.DataFrame:
        """Give a table's columns the names that they are read by."""
        if not self.meta:
            return frame
        unnamed = unnamed_columns(frame)
        asked = unnamed if ALL in self.meta else [n for n in self.meta if n not in KNOWN]
        missing = [name for name in asked if name not in frame and META + name not in frame]
        if missing:
            raise unknown_name("column", missing[0], map(str, frame.columns), f"{at}: --meta")
        return frame.rename(columns={name: META + name for name in asked if name in frame})


def note_unnamed(frames: Mapping[str, pd.DataFrame]) -> None:
    """Note, once for all tables, the columns that nothing reads."""
    unnamed = [*dict.fromkeys(n for frame in frames.values() for n in unnamed_columns(frame))]
    if unnamed:
        shown = ", ".join(unnamed[:MAX_NAMED]) + (", …" if len(unnamed) > MAX_NAMED else "")
        tabular.print_note(
            f"{Path(next(iter(frames))).parent}: columns that are not read, for they have no "
            f"prefix {META!r}: {shown}. To look for slices in them: --meta all, or --meta NAME"
        )


def unnamed_columns(frame: pd.DataFrame) -> list[str]:
    """Return the columns that nothing reads."""
    names = [str(name) for name in frame.columns]
    return [n for n in names if n not in KNOWN and not n.startswith(PREFIXES)]


def split_of_file(path: Path, stem: str) -> str:
    """Return the split of a file by its name; note a name that others use for it."""
    if stem in SPLITS:
        return stem
    alias = ALIASES.get(stem.lower())
    if alias is not None:
        tabular.print_note(f"{path}: read as {alias}")
        return alias
    raise FoursplitError(
        f"{unknown_name('split', stem, SPLITS, str(path))} A table is named after its split, and "
        "the splits of a model lie in one folder: rename the file, and give the folder"
    )


def prepare_frames(
    frames: Mapping[str, pd.DataFrame], splits: Mapping[str, str], options: ReadOptions
) -> dict[str, pd.DataFrame]:
    """Return the tables with losses where an option says what they are; `splits` is by file."""
    if options.regression:
        return _with_residuals(frames, splits)
    for at, frame in frames.items():
        _refuse_quantities(frame, at)
    if options.metric is None or options.metric.of_table:
        return dict(frames)
    return {at: options.metric.with_errors(frame) for at, frame in frames.items()}


def _with_residuals(
    frames: Mapping[str, pd.DataFrame], splits: Mapping[str, str]
) -> dict[str, pd.DataFrame]:
    """Set the losses of quantities: |residual| over the interquartile range of y in train."""
    numeric = {at: _as_quantities(frame, at) for at, frame in frames.items()}
    train = [frame["y"] for at, frame in numeric.items() if splits[at] == "train"]
    y = pd.concat(train or [frame["y"] for frame in numeric.values()])
    first, third = np.quantile(y.to_numpy(np.float64), [0.25, 0.75])
    unit = float(third - first) or float(y.std()) or 1.0
    return {
        at: frame.assign(loss=(frame["y"] - frame["y_hat"]).abs() / unit)
        for at, frame in numeric.items()
    }


def _as_quantities(frame: pd.DataFrame, at: str) -> pd.DataFrame:
    missing = [name for name in ("y", "y_hat") if name not in frame]
    if missing:
        raise FoursplitError(
            f"{at}: --regression needs columns y and y_hat; {missing[0]} is missing"
        )
    found = {name: tabular.to_float(frame, name) for name in ("y", "y_hat")}
    for name, values in found.items():
        bad = ~np.isfinite(values.to_numpy(np.float64))
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise FoursplitError(
                f"{at}: column {name!r}, row {row + 1}: {frame[name].iloc[row]!r} is no number, "
                "which --regression needs"
            )
    return frame.assign(**found)


def _refuse_quantities(frame: pd.DataFrame, at: str) -> None:
    """Raise where labels are quantities, of which equal or not says little."""
    if "loss" in frame or not {"y", "y_hat"} <= {*frame.columns}:
        return
    values = [pd.to_numeric(frame[name], errors="coerce") for name in ("y", "y_hat")]
    if any(column.isna().any() for column in values):
        return
    y, y_hat = (column.to_numpy(np.float64) for column in values)
    fractions = (y % 1 != 0).any() or (y_hat % 1 != 0).any()
    near = np.mean(y == y_hat) < 0.5 and len(np.unique(y)) > MANY_VALUES
    if fractions or near:
        raise FoursplitError(
            f"{at}: y and y_hat hold quantities, of which equal or not says little: add "
            "--regression, which takes the absolute residual over the interquartile range of y in "
            "train, or give a column 'loss'"
        )
