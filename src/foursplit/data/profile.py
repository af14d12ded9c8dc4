"""A profile of the examples: what a table of rows does not show of their arrays.

It has a row for each example, with its split and domain, and columns by array (`x`, `boxes`, …):

| column | of arrays | content |
|---|---|---|
| `<array>.dtype`, `.shape` | all, of equal shape | as text: `uint8`, `1x32x32` |
| `<array>.length` | of any length | elements of the example; characters of a text |
| `<array>.min`, `.max`, `.mean` | of numbers | over the finite values of the example |
| `<array>.n_not_finite` | of numbers | values that are missing or infinite |
| `<array>.is_blank` | all but boxes | whether all values are equal, or a text is empty or spaces |
| `boxes.min_width`, `.min_height` | boxes | of the smallest box, in pixels |
| `boxes.n_outside` | boxes | boxes that leave the picture, or end before they begin |
| `boxes.class` | boxes | list of their classes |
| `class` or `target` | – | the target |
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.arrays import Array, Ragged, example_axes
from foursplit.core.dataset_spec import DatasetSpec
from foursplit.core.examples import Examples
from foursplit.core.splits import SPLITS
from foursplit.data import texts
from foursplit.data.boxes import BOX
from foursplit.data.infer_data_spec import is_text

BOXES = "boxes"

DIGITS = 6  # significant, of a figure: beyond, sums may differ from one processor to the next


def profile(examples: Examples, dataset: DatasetSpec, splits: np.ndarray) -> pd.DataFrame:
    """Return the profile, in the order of the examples; `splits` says which each is in."""
    columns: dict[str, Any] = {"split": splits, "domain": examples.metadata["domain"].to_numpy()}
    for name, array in {"x": examples.x, **examples.further}.items():
        found = _columns(name, array, examples, dataset)
        columns |= {f"{name}.{column}": values for column, values in found.items()}
    if dataset.classes:
        columns["class"] = np.array(dataset.classes, dtype=object)[examples.y.astype(np.int64)]
    elif dataset.target:
        columns["target"] = examples.y
    return pd.DataFrame(columns)


def _columns(name: str, array: Array, examples: Examples, dataset: DatasetSpec) -> dict[str, Any]:
    if is_text(name, array, dataset):
        assert isinstance(array, Ragged)
        content = texts.to_texts(array)
        return {
            "length": [len(text) for text in content],
            "is_blank": [not text.strip() for text in content],
        }
    found: dict[str, Any] = {"dtype": str(array.dtype)}
    if not isinstance(array, Ragged):
        found["shape"] = "x".join(map(str, example_axes(array)))
        return found | _numbers(array.reshape(len(array), -1))
    found["length"] = array.lengths
    rows = [array.row(number) for number in range(len(array))]
    if name == BOXES and dataset.picture:
        return found | _boxes(rows, example_axes(examples.x)[-2:])
    each = [_numbers(row.reshape(1, -1)) for row in rows]
    return found | {column: [one[column][0] for one in each] for column in each[0]}


def _numbers(rows: np.ndarray) -> dict[str, np.ndarray]:
    """Describe each of (example, number) rows; without a finite number it has no range."""
    is_finite = np.isfinite(rows)
    n = is_finite.sum(axis=1)
    known = np.where(is_finite, rows, 0)
    low = np.where(is_finite, rows, np.inf).min(axis=1, initial=np.inf)
    high = np.where(is_finite, rows, -np.inf).max(axis=1, initial=-np.inf)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = known.sum(axis=1, dtype=np.float64) / n
    return {
        "min": np.where(n > 0, low, np.nan),
        "max": np.where(n > 0, high, np.nan),
        "mean": mean,
        "n_not_finite": rows.shape[1] - n,
        "is_blank": (low == high) & (rows.shape[1] > 1) | (rows.shape[1] == 0),
    }


def _boxes(rows: Sequence[np.ndarray], sides: tuple[int, ...]) -> dict[str, Any]:
    """Describe the (box, 5) boxes of each picture of `sides` rows and columns."""
    height, width = sides
    edges = [row[:, :BOX].astype(np.float64) for row in rows]
    sizes = [edge[:, 2:] - edge[:, :2] for edge in edges]
    inside = [
        (edge >= 0).all(axis=1) & (edge <= [width, height] * 2).all(axis=1) & (size > 0).all(axis=1)
        for edge, size in zip(edges, sizes, strict=True)
    ]
    return {
        "min_width": [size[:, 0].min() if len(size) else np.nan for size in sizes],
        "min_height": [size[:, 1].min() if len(size) else np.nan for size in sizes],
        "n_outside": [int((~right).sum()) for right in inside],
        "class": [[f"{label:g}" for label in row[:, BOX : BOX + 1].ravel()] for row in rows],
    }


def figures(found: pd.DataFrame) -> list[dict[str, Any]]:
    """Summarize a profile by split and domain: ranges, means, shares, balance of classes."""
    return [
        {"split": split, "domain": str(domain), "n": len(block), **_figures(block)}
        for split in SPLITS
        for domain, block in found[found["split"] == split].groupby("domain", sort=True)
    ]


def _figures(block: pd.DataFrame) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name in block.columns.drop(["split", "domain"]):
        values = block[name]
        if pd.api.types.is_bool_dtype(values):
            result[f"{name} (share)"] = _rounded(values.mean())
        elif pd.api.types.is_numeric_dtype(values):
            known = values.dropna()
            ends = (known.min(), known.mean(), known.max()) if len(known) else ()
            result[name] = dict(zip(("min", "mean", "max"), map(_rounded, ends), strict=False))
        elif name in ("class", f"{BOXES}.class"):
            shares = values.explode().value_counts(normalize=True).sort_index()
            result[name] = {str(label): _rounded(share) for label, share in shares.items()}
        else:
            result[name] = ", ".join(sorted(set(values)))
    return result


def _rounded(value: float) -> float:
    return float(f"{float(value):.{DIGITS}g}")
