"""Examples formatted for a page: true value, prediction, probabilities, image or features."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.arrays import row as row_of
from foursplit.core.dataset_spec import DatasetSpec
from foursplit.core.examples import META, SHOW, Examples
from foursplit.data import raw_examples
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
    if dataset.columns:
        shown = [name for name in _shown(dev) if name not in dataset.columns]
        return (*shown, *dataset.columns)
    if dataset.text:
        return (dataset.text,)
    return dataset.features if isinstance(dev.x, np.ndarray) and dev.x.ndim == 2 else ()


def _shown(dev: Examples) -> list[str]:
    """Return the columns that people recognise a row by: its number in the file, identifiers."""
    return [n.removeprefix(SHOW) for n in dev.metadata.columns if str(n).startswith(SHOW)]


def _raw_table(dev: Examples) -> pd.DataFrame:
    """Return what is shown of each row, and its inputs as they were read."""
    shown = dev.metadata[[SHOW + name for name in _shown(dev)]]
    inputs = raw_examples.frame_of(dev)
    named = shown.rename(columns=lambda name: name.removeprefix(SHOW))
    return pd.concat([named.drop(columns=[*inputs], errors="ignore"), inputs], axis=1)


def example_rows(
    predictions: pd.DataFrame, dev: Examples, dataset: DatasetSpec
) -> tuple[ExampleRow, ...]:
    """Format rows of a prediction table in their order; `dev` holds the inputs."""
    position = {name: number for number, name in enumerate(dev.metadata["example_id"])}
    value_range = png.brightness(dev.dense_x) if dataset.picture else None
    names, loss_column = features(dev, dataset), ranked_by(predictions)
    raw = _raw_table(dev) if dataset.columns else None
    rows = []
    for row in predictions.to_dict("records"):
        number = position[row.get(UNIT_OF, row["example_id"])]
        x = row_of(dev.x, number)
        formatted = _example_row(row, loss_column, x, names, value_range)
        if raw is not None:
            cells = [_format_cell(raw[name].iloc[number]) for name in names]
            formatted = replace(formatted, inputs=tuple(cells))
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
        f"{name.partition('.')[2]} {value}"
        for name, value in row.items()
        if name.startswith((META, SHOW))
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


def _format_cell(value: Any) -> str:
    """Format a raw cell; an empty text where it is missing."""
    if pd.isna(value):
        return ""
    return quantity(value) if isinstance(value, float) else str(value)


def _format_value(value: Any) -> str:
    return value if isinstance(value, str) else quantity(float(value))


def _probability(row: dict[Any, Any], label: Any) -> str:
    value = row.get(f"proba_{label}")
    return "" if value is None else percent(float(value))
