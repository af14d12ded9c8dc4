"""The dev examples with the highest loss, to read first."""

from dataclasses import dataclass

import pandas as pd

from foursplit.core.dataset_spec import DatasetSpec
from foursplit.core.examples import Examples
from foursplit.evaluation import shown_examples
from foursplit.reporting.tables.examples import ExampleRow, example_rows, features


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
    return WorstExamples(
        ranked_by=shown_examples.ranked_by(table).replace("_", "-"),
        n_wrong=int(table["is_error"].sum()),
        n=len(table),
        features=features(dev, dataset),
        examples=example_rows(shown_examples.worst(table), dev, dataset),
    )
