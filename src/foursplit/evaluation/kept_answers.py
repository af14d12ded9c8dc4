"""What a network says of its answers besides, kept for the examples that a page shows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.examples import Examples
from foursplit.evaluation import shown_examples, units
from foursplit.io import artifacts

NAME = "answers.npz"

DIGITS = 4  # kept of each number

Explanations = dict[str, dict[str, np.ndarray]]
"""Arrays by name, for each example's id."""


def save(folder: Path, answer: Any, dev: Examples, table: pd.DataFrame) -> None:
    """Write `answers.npz` beside the tables, if the network has more to say than its answers.

    The file holds `example_id`, and the arrays of the n-th of them as `<n>.<name>`.
    """
    if not hasattr(answer, "explain"):
        return
    parts = (shown_examples.worst(table), shown_examples.fair_sample(table))
    ids = list(dict.fromkeys(units.example_ids(pd.concat(parts))))
    position = {name: number for number, name in enumerate(dev.metadata["example_id"])}
    found = answer.explain(dev.take(np.array([position[name] for name in ids])))
    if not found[0]:
        return
    arrays: dict[str, np.ndarray] = {"example_id": np.array(ids)}
    for number, said in enumerate(found):
        arrays |= {f"{number}.{name}": np.round(array, DIGITS) for name, array in said.items()}
    with artifacts.atomic_write(folder / NAME) as part, part.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def load(folder: Path) -> Explanations:
    """Load what `save` wrote, by the examples' ids; empty if it wrote nothing."""
    if not (folder / NAME).is_file():
        return {}
    with np.load(folder / NAME, allow_pickle=False) as file:
        arrays: Mapping[str, np.ndarray] = dict(file)
    found: Explanations = {}
    for number, example in enumerate(arrays["example_id"].tolist()):
        start = f"{number}."
        found[example] = {
            name.removeprefix(start): array
            for name, array in arrays.items()
            if name.startswith(start)
        }
    return found
