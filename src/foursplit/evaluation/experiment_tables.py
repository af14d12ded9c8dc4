"""Prediction tables: one row for each scored example."""

from pathlib import Path

import numpy as np
import pandas as pd

from foursplit import plugins
from foursplit.core.errors import FoursplitError
from foursplit.core.examples import META, SHOW, TIME, DataSpec, Examples
from foursplit.core.splits import Split
from foursplit.io import artifacts


def build_table(
    examples: Examples, answers: np.ndarray, split: Split, task: str, shape: DataSpec
) -> pd.DataFrame:
    """Join what is known of each example with how well it was answered."""
    rows = examples.metadata
    score = plugins.metrics(task)
    # Where the target alone does not say what an answer is worth, the task takes more of the row.
    truth = score.truth(examples) if hasattr(score, "truth") else examples.y
    scored = score.score_columns(answers, truth, shape)
    known = pd.DataFrame(
        {
            "example_id": rows["example_id"],
            "split": split,
            "group_id": rows["group_id"],
            "domain": rows["domain"],
            "content_hash": rows["content"],
        }
    )
    carried = (META, SHOW)
    meta = rows[[name for name in rows.columns if name.startswith(carried) or name == TIME]]
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
