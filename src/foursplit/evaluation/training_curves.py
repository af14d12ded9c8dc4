"""Curves over the epochs, as training stored them beside the weights."""

import csv
from pathlib import Path

from foursplit.config.schema import Experiment
from foursplit.io.seed_folders import seed_folders

NAME = "curves.csv"

Row = dict[str, float]


def read(folder: Path) -> list[Row]:
    """Read the curves in a seed's folder; a model without epochs has none."""
    path = folder / NAME
    if not path.is_file():
        return []
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [{name: float(value) for name, value in row.items() if value} for row in rows]


def to_judge(experiment: Experiment, models: Path) -> tuple[list[Row], ...]:
    """Return the curves of all seeds from which convergence can be judged.

    None where training stops early: it ended because dev no longer improved.
    """
    if getattr(experiment.fit, "early_stopping", None):
        return ()
    found = (read(folder) for folder in seed_folders(models))
    return tuple(rows for rows in found if rows)
