"""Prediction tables: one row for each scored example, or for each of its units."""

from pathlib import Path

import numpy as np
import pandas as pd

from foursplit import plugins
from foursplit.core.errors import FoursplitError
from foursplit.core.examples import DataSpec, Examples
from foursplit.core.splits import Split
from foursplit.evaluation import units
from foursplit.io import artifacts


def build_table(
    examples: Examples, answers: np.ndarray, split: Split, task: str, shape: DataSpec
) -> pd.DataFrame:
    """Join what is known of each example with how well it was answered."""
    score = plugins.metrics(task)
    # Where the target alone does not say what an answer is worth, the task takes more of the row.
    truth = score.truth(examples) if hasattr(score, "truth") else examples.y
    if not hasattr(score, "units"):
        scored = score.score_columns(answers, truth, shape)
        known, meta = units.known_columns(examples, split), units.meta_columns(examples)
        return pd.concat([known, scored, meta], axis=1)
    found = score.units(examples, answers, truth, shape)
    known, meta = units.known_columns(examples, split, found), units.meta_columns(examples, found)
    scored = score.score_columns(found.answers, found.truth, shape)
    return pd.concat([known, scored, meta], axis=1)


def save(folder: Path, split: Split, content: pd.DataFrame) -> None:
    with artifacts.atomic_write(folder / f"{split}.parquet") as part:
        content.to_parquet(part, index=False)


def load(folder: Path, split: Split) -> pd.DataFrame:
    try:
        return pd.read_parquet(folder / f"{split}.parquet")
    except (FileNotFoundError, OSError) as error:
        raise FoursplitError(
            f"{folder / split}.parquet: not readable ({error}); run `dvc repro`."
        ) from error
