"""Columns of a control task's prediction table: how far a return is from good, 1 as by chance.

The loss is 1 - (R - R_chance) / (R_good - R_chance), and 0 for what is better than good: a return
beyond the goal makes up for no crash.  R_chance is what actions by chance earn, as measured by the
dataset; both it and the good return are the same for calm and windy levels, so that errors of all
splits are in one unit.  There is no `postprocess()`: no network's output is an answer here.
"""

from typing import TYPE_CHECKING

import numpy as np

from foursplit.core.examples import META, DataSpec, Examples

if TYPE_CHECKING:
    import pandas as pd

METRICS = {"error": "loss", "failure_rate": "failure_rate", "mean_return_gap": "mean_return_gap"}
"""Name of each metric, and the column whose weighted mean it is."""

DIRECTION = "minimize"

HAS_RESIDUALS = False  # a return is compared with one that counts as good, not predicted

CHANCE = META + "chance_return"
"""Column with what actions by chance earn: a dataset of this task declares it as a slice."""


def truth(examples: Examples) -> np.ndarray:
    """Return (example, 2) returns: the good one, and that of actions by chance."""
    if CHANCE not in examples.metadata:
        raise ValueError(
            f"column {CHANCE!r} is missing: a dataset for task 'control' lists 'chance_return' "
            "among its slices, the mean return of actions by chance"
        )
    found: np.ndarray = examples.metadata[["y", CHANCE]].to_numpy(np.float64)
    return found


def score_columns(returns: np.ndarray, known: np.ndarray, _shape: DataSpec) -> "pd.DataFrame":
    """Score (example,) returns against (example, 2) good returns and returns by chance."""
    import pandas as pd

    good, chance = known.T
    if (good <= chance).any():
        row = int((good <= chance).argmax())
        raise ValueError(
            f"good return {good[row]:g} of example {row} must be above {chance[row]:g}, what "
            "actions by chance earn"
        )
    unsolved = returns < good
    return pd.DataFrame(
        {
            "loss": np.maximum(1 - (returns - chance) / (good - chance), 0),
            "is_error": unsolved,
            "weight": 1.0,
            "y": good,
            "y_hat": returns,
            "failure_rate": unsolved.astype(np.float64),
            "mean_return_gap": np.maximum(good - returns, 0),  # in points of the game
            "baseline_loss": 1.0,
        }
    )


def baseline(_shape: DataSpec) -> str:
    return "actions by chance, whose mean return on calm levels is the loss's 1"
