"""Validate the profile of a data set's arrays, split by split, with Great Expectations."""

from collections.abc import Callable
from typing import Any

import numpy as np

from foursplit.config.schema import SplitConfig
from foursplit.core.dataset_spec import DatasetSpec
from foursplit.core.examples import Examples
from foursplit.core.splits import SPLITS, TITLES
from foursplit.data import profile
from foursplit.data.run_expectations import failure_messages, run_expectations
from foursplit.data.split_examples import assigned_splits

Suite = Callable[[], list[Any]]
"""A data set's `profile_suite()`: expectations on the profile, which hold in each split."""


def run_profile(
    examples: Examples, dataset: DatasetSpec, rule: SplitConfig, suite: Suite, name: str
) -> dict[str, Any]:
    """Run every expectation on the profile of each split; rows keep their numbers of the table.

    Splits are those that `rule` assigns, before duplicates are removed.  Returns `{"success",
    "splits": {split: result as of run_expectations}, "figures": [{"split", "domain", "n", …}]}`.
    """
    found = profile.profile(examples, dataset, assigned_splits(examples, dataset, rule))
    results = {}
    for split in SPLITS:
        positions = np.flatnonzero(found["split"] == split)
        if len(positions):
            part = found.iloc[positions].reset_index(drop=True)
            results[split] = run_expectations(part, suite(), name, positions)
    return {
        "success": all(result["success"] for result in results.values()),
        "splits": results,
        "figures": profile.figures(found),
    }


def profile_failures(result: dict[str, Any]) -> list[str]:
    """Return one line per failed expectation, with its split, column and rows."""
    return [
        f"split {TITLES[split]}: {line}"
        for split, part in result["splits"].items()
        for line in failure_messages(part)
    ]
