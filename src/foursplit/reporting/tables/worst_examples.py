"""The dev examples that the model answers worst: what a person should read first."""

from dataclasses import dataclass

import pandas as pd

from foursplit.core.dataset_spec import Source
from foursplit.core.examples import Examples
from foursplit.reporting.tables.examples import Shown, features, ranked_by, shown

MOST = 24
LEAST = 8  # shown even where fewer answers are wrong: what is barely right tells something too


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardest:
    """The worst answers, worst first."""

    ranked_by: str
    n_wrong: int  # among all of dev
    n: int  # of dev
    features: tuple[str, ...]
    examples: tuple[Shown, ...]

    @property
    def pictured(self) -> bool:
        return any(example.picture for example in self.examples)


def hardest(table: pd.DataFrame, dev: Examples, source: Source) -> Hardest:
    """Pick the examples with the largest loss: log-loss where there are probabilities."""
    by = ranked_by(table)
    n_wrong = int(table["is_error"].sum())
    worst = table.sort_values([by, "example_id"], ascending=[False, True], kind="stable")
    chosen = worst.head(min(MOST, max(LEAST, n_wrong)))
    return Hardest(
        ranked_by=by.replace("_", "-"),
        n_wrong=n_wrong,
        n=len(table),
        features=features(dev, source),
        examples=shown(chosen, dev, source),
    )
