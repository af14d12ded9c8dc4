"""Leakage over time: train has examples later than those it is judged on.

Source: Kaufman, Rosset, Perlich and Stitelman (2012), Leakage in Data Mining, section 3.
"""

from collections.abc import Mapping

import numpy as np

from foursplit.core.examples import TIME
from foursplit.diagnosis.prediction_table import PredictionTable
from foursplit.diagnosis.recommendations.finding import Finding

CODE = "ST033"


def later_in_train(tables: Mapping[str, PredictionTable], split: str) -> int | None:
    """Count the examples of train that are not before the first of `split`; None without times."""
    if not {"train", split} <= {*tables} or not all(tables[s].has(TIME) for s in ("train", split)):
        return None
    train, judged = (tables[name].frame[TIME] for name in ("train", split))
    return int(np.sum((train >= judged.min()).to_numpy()))


def findings(tables: Mapping[str, PredictionTable]) -> list[Finding]:
    """Return a finding if rows have times, and train is not before dev."""
    n = later_in_train(tables, "dev")
    if not n:
        return []
    return [
        Finding(
            code=CODE,
            severity="issue",
            title=f"{n:,} of {len(tables['train']):,} examples of train are not before the first "
            "of dev: in use no model knows the future. Split by time (`protocol: time`)",
        )
    ]
