"""The file that turns a task's outputs into table columns, by the task's name."""

import importlib
from typing import Any


def scoring(task: str) -> Any:
    """Import `evaluation/scoring/<task>.py`: it has METRICS, answer(), columns(), baseline()."""
    return importlib.import_module(f"foursplit.evaluation.scoring.{task}")
