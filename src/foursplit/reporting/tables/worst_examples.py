"""The dev examples with the highest loss, to read first."""

from dataclasses import dataclass

import pandas as pd

from foursplit.core.dataset_spec import DatasetSpec
from foursplit.core.examples import Examples
from foursplit.reporting.tables.examples import ExampleRow, example_rows, features, ranked_by

MAX_EXAMPLES = 24
MIN_EXAMPLES = 8  # shown even if fewer predictions are wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstExamples:
    """The examples with the highest loss, highest first."""

    ranked_by: str
    n_wrong: int  # predictions on dev
    n: int  # examples of dev
    features: tuple[str, ...]
    examples: tuple[ExampleRow, ...]

    @property
    def has_images(self) -> bool:
        return any(example.image for example in self.examples)


def worst_examples(table: pd.DataFrame, dev: Examples, dataset: DatasetSpec) -> WorstExamples:
    """Return the examples with the highest loss: log loss if there are probabilities."""
    loss_column = ranked_by(table)
    n_wrong = int(table["is_error"].sum())
    worst = table.sort_values([loss_column, "example_id"], ascending=[False, True], kind="stable")
    rows = worst.head(min(MAX_EXAMPLES, max(MIN_EXAMPLES, n_wrong)))
    return WorstExamples(
        ranked_by=loss_column.replace("_", "-"),
        n_wrong=n_wrong,
        n=len(table),
        features=features(dev, dataset),
        examples=example_rows(rows, dev, dataset),
    )
