"""Measured starts as files, so that an edit of the engine is scored without any training.

A start is a folder: its numbers as JSON, its prediction tables as Parquet.  Nothing in them is run.
"""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd
from benchmarks.advice.learner import Hyperparameters
from benchmarks.advice.measure import Measured, Outcome

from foursplit.io import artifacts

START = "start.json"


def load(folder: Path) -> list[Measured]:
    """Load the starts of a problem, in the order in which they were saved; none: an empty list."""
    return [_load_start(path.parent) for path in sorted(folder.glob(f"*/{START}"))]


def save(starts: Sequence[Measured], folder: Path) -> None:
    """Write the starts of a problem, a folder each."""
    for number, start in enumerate(starts):
        target = folder / f"{number:03d}"
        target.mkdir(parents=True, exist_ok=True)
        for split, table in start.tables.items():
            table.to_parquet(target / f"{split}.parquet")
        # Lists keep their order, of which JSON's names have none.
        outcomes = [[action, asdict(outcome)] for action, outcome in start.outcomes.items()]
        content = asdict(start) | {"tables": list(start.tables), "outcomes": outcomes}
        artifacts.write_json(target / START, content)  # last: a torn start is no start


def _load_start(folder: Path) -> Measured:
    content = artifacts.read_json(folder / START)
    hyperparameters = content["hyperparameters"] | {
        "hidden": tuple(content["hyperparameters"]["hidden"])
    }
    return Measured(
        **content
        | {
            "hyperparameters": Hyperparameters(**hyperparameters),
            "tables": {
                split: pd.read_parquet(folder / f"{split}.parquet") for split in content["tables"]
            },
            "outcomes": {action: Outcome(**block) for action, block in content["outcomes"]},
        }
    )
