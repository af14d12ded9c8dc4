"""Which dev examples a page shows: the worst, and a fair sample beside them.

The worst alone make a model look worse than it is, and the sample says how it usually answers.
"""

import pandas as pd

from foursplit.core.seeds import generator
from foursplit.diagnosis.error_analysis import eyeball
from foursplit.diagnosis.prediction_table import validate

MAX_WORST = 24
MIN_WORST = 8  # shown even if fewer predictions are wrong
N_SAMPLED = 8


def ranked_by(table: pd.DataFrame) -> str:
    """Return the column by which examples are ranked: log loss if there are probabilities."""
    return "log_loss" if "log_loss" in table else "loss"


def worst(table: pd.DataFrame) -> pd.DataFrame:
    """Return the examples with the highest loss, highest first."""
    n_wrong = int(table["is_error"].sum())
    order = [ranked_by(table), "example_id"]
    ranked = table.sort_values(order, ascending=[False, True], kind="stable")
    return ranked.head(min(MAX_WORST, max(MIN_WORST, n_wrong)))


def fair_sample(table: pd.DataFrame) -> pd.DataFrame:
    """Return a few examples, each as likely as any other, of the part of dev that may be read."""
    read = set(eyeball.split_dev(validate(table, "dev")).eyeball.frame["example_id"])
    ids = sorted(read)
    chosen = generator("fair sample", 1).permutation(len(ids))[:N_SAMPLED]
    return table.set_index("example_id", drop=False).loc[[ids[n] for n in sorted(chosen)]]
