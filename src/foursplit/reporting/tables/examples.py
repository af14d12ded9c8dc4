"""Examples formatted for a page: true value, prediction, probabilities, image or features."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.arrays import row as row_of
from foursplit.core.dataset_spec import DatasetSpec
from foursplit.core.examples import META, Examples
from foursplit.evaluation.shown_examples import ranked_by
from foursplit.evaluation.units import UNIT_OF
from foursplit.reporting import png
from foursplit.reporting.box_overlay import overlay_uri
from foursplit.reporting.numbers import percent, quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleRow:
    """An example with its prediction, formatted."""

    example_id: str
    y: str
    y_hat: str
    probability: str  # of the predicted class; empty for regression
    probability_of_y: str
    loss: str
    is_error: bool
    metadata: str
    image: str  # data URI; empty if the examples are no images
    inputs: tuple[str, ...]  # values of the features


def features(dev: Examples, dataset: DatasetSpec) -> tuple[str, ...]:
    """Return the feature names of tabular inputs, the column of a text; images have none."""
    if dataset.text:
        return (dataset.text,)
    return dataset.features if isinstance(dev.x, np.ndarray) and dev.x.ndim == 2 else ()


def example_rows(
    predictions: pd.DataFrame, dev: Examples, dataset: DatasetSpec
) -> tuple[ExampleRow, ...]:
    """Format rows of a prediction table in their order; `dev` holds the inputs."""
    position = {name: number for number, name in enumerate(dev.metadata["example_id"])}
    value_range = png.brightness(dev.dense_x) if dataset.picture else None
    names, loss_column = features(dev, dataset), ranked_by(predictions)
    rows = []
    for row in predictions.to_dict("records"):
        number = position[row.get(UNIT_OF, row["example_id"])]
        x = row_of(dev.x, number)
        formatted = _example_row(row, loss_column, x, names, value_range)
        if "boxes" in row and "boxes" in dev.further:
            true = row_of(dev.further["boxes"], number)
            uri = overlay_uri(formatted.image, x.shape[1:], true, row["boxes"])
            formatted = replace(formatted, image=uri)
        rows.append(formatted)
    return tuple(rows)


def _example_row(
    row: dict[Any, Any],
    loss_column: str,
    x: np.ndarray,
    names: Sequence[str],
    value_range: tuple[float, float] | None,
) -> ExampleRow:
    metadata = ", ".join(
        f"{name.removeprefix(META)} {value}" for name, value in row.items() if name.startswith(META)
    )
    return ExampleRow(
        example_id=row["example_id"],
        y=_format_value(row["y"]),
        y_hat=_format_value(row["y_hat"]),
        probability=_probability(row, row["y_hat"]),
        probability_of_y=_probability(row, row["y"]),
        loss=quantity(row[loss_column]),
        is_error=bool(row["is_error"]),
        metadata=metadata,
        image=png.data_uri(x, *value_range) if value_range else "",
        inputs=_format_inputs(x) if names else (),
    )


def _format_inputs(x: np.ndarray) -> tuple[str, ...]:
    """Format the values of the features, or a text stored as its bytes."""
    if x.dtype == np.uint8:
        return (x.tobytes().decode(),)
    return tuple(quantity(float(value)) for value in x)


def _format_value(value: Any) -> str:
    return value if isinstance(value, str) else quantity(float(value))


def _probability(row: dict[Any, Any], label: Any) -> str:
    value = row.get(f"proba_{label}")
    return "" if value is None else percent(float(value))
