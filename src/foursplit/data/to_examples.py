"""Convert a validated table into examples with ids, groups and domains."""

import hashlib
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.dataset_spec import DatasetSpec
from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.core.examples import META, OFFICIAL, PUBLISHED, Examples


def checked_table(data: pd.DataFrame | Examples) -> pd.DataFrame:
    """Return the table that the suite validates; raise if it is empty or repeats a column."""
    frame = data.metadata if isinstance(data, Examples) else data
    repeated = frame.columns[frame.columns.duplicated()]
    if len(repeated):
        raise FoursplitError(
            f"read() returns column {repeated[0]!r} twice. Give each column its own name."
        )
    if frame.empty:
        raise FoursplitError("read() returns no rows")
    return frame


def to_examples(data: pd.DataFrame | Examples, source: DatasetSpec) -> Examples:
    """Return inputs, target, group, domain and slicing columns under the project's names."""
    frame = checked_table(data).reset_index(drop=True)
    _require_columns(frame, source)
    x = data.x if isinstance(data, Examples) else _inputs(frame, source)
    with np.errstate(over="ignore"):  # values too large for float32 are reported below, by row
        x = np.ascontiguousarray(x, dtype=np.float32)
    _require_finite(x, source)
    content = [hashlib.sha256(row.tobytes()).hexdigest()[:16] for row in x]
    rows = pd.DataFrame(
        {
            "example_id": _example_ids(content),
            "group_id": _groups(frame[source.group], source) if source.group else content,
            "content": content,
            "domain": _domains(frame, source),
            "y": _target(frame[source.target], source),
        }
    )
    if OFFICIAL in frame.columns:
        rows[OFFICIAL] = _official(frame[OFFICIAL], source)
    for name in source.slices:
        rows[META + name] = frame[name].to_numpy()
    return Examples(x=x, metadata=rows)


def _require_columns(frame: pd.DataFrame, source: DatasetSpec) -> None:
    required = [source.target, *source.features, *source.slices]
    required += [source.group] if source.group else []
    for name in required:
        if name not in frame.columns:
            raise unknown_name("column", name, map(str, frame.columns), source.title)


def _raise_if(bad: Any, column: str, problem: str, source: DatasetSpec, remedy: str) -> None:
    """Raise for the first row where `bad` is true; rows count from 1, as in `diagnose`."""
    rows = np.flatnonzero(np.asarray(bad))
    if len(rows):
        more = f" ({len(rows):,} such rows)" if len(rows) > 1 else ""
        raise FoursplitError(
            f"{source.title}: column {column!r}, row {int(rows[0]) + 1}: {problem}{more}: {remedy}"
        )


FIX = "drop or fill it in the source's read()"


def _inputs(frame: pd.DataFrame, source: DatasetSpec) -> np.ndarray:
    """Return the features; raise if a column that is not numeric holds anything but numbers."""
    for name in source.features:
        if not pd.api.types.is_numeric_dtype(frame[name]):
            _numbers(frame[name], name, source)
    return frame[list(source.features)].to_numpy()


def _numbers(values: pd.Series, name: str, source: DatasetSpec) -> np.ndarray:
    """Return a column as float64; raise if a value is missing, infinite or not a number."""
    _raise_if(values.isna(), name, "the value is missing", source, FIX)
    parsed = pd.to_numeric(values, errors="coerce")
    bad = parsed.isna().to_numpy()
    shown = repr(values.iloc[int(bad.argmax())])
    _raise_if(bad, name, f"{shown} is not a number", source, "convert it in the source's read()")
    numbers: np.ndarray = parsed.to_numpy(np.float64)
    _raise_if(~np.isfinite(numbers), name, "the value is infinite", source, FIX)
    return numbers


def _require_finite(x: np.ndarray, source: DatasetSpec) -> None:
    bad = ~np.isfinite(x)
    if bad.any():
        row, *index = map(int, np.argwhere(bad)[0])
        column = repr(source.features[index[0]]) if source.features else f"input {tuple(index)}"
        raise FoursplitError(
            f"{source.title}: {int(bad.sum()):,} inputs are missing, infinite or too large for "
            f"float32; the first is {column} of row {row + 1}: {FIX}"
        )


def _groups(values: pd.Series, source: DatasetSpec) -> pd.Series:
    """Return the group of each row; raise if one is missing."""
    remedy = f"{FIX}, e.g. with a separate group for each such row"
    _raise_if(values.isna(), str(values.name), "the group is missing", source, remedy)
    return values.astype(str)


def _example_ids(content: list[str]) -> list[str]:
    """Return ids from the content, which added rows do not change; repeats are numbered."""
    counts: dict[str, int] = {}
    ids = []
    for key in content:
        count = counts[key] = counts.get(key, 0) + 1
        ids.append(key if count == 1 else f"{key}-{count}")
    return ids


def _domains(frame: pd.DataFrame, source: DatasetSpec) -> list[str]:
    if "domain" not in frame.columns:
        return [next(iter(source.domains))] * len(frame)
    _raise_if(frame["domain"].isna(), "domain", "the domain is missing", source, FIX)
    domains = frame["domain"].astype(str).tolist()
    for name in sorted(set(domains)):
        if name not in source.domains:
            raise unknown_name("domain", name, source.domains, source.title)
    return domains


def _official(values: pd.Series, source: DatasetSpec) -> np.ndarray:
    """Return the official split of each row; raise if one is missing or unknown."""
    _raise_if(values.isna(), OFFICIAL, "the split is missing", source, FIX)
    for value in sorted(set(values.astype(str))):
        if value not in PUBLISHED:
            raise unknown_name(f"{OFFICIAL} of a row", value, PUBLISHED, source.title)
    return values.astype(str).to_numpy(object)


def _target(values: pd.Series, source: DatasetSpec) -> np.ndarray:
    _raise_if(values.isna(), source.target, "the target is missing", source, FIX)
    if not source.classes:
        return _numbers(values, source.target, source)
    codes = _codes(values, source)
    outside = (codes < 0) | (codes >= len(source.classes))
    shown = repr(values.iloc[int(outside.argmax())])
    valid = f"valid: {', '.join(source.classes)} (or their numbers from 0)"
    _raise_if(outside, source.target, f"{shown} is not a class", source, valid)
    return codes


def _codes(values: pd.Series, source: DatasetSpec) -> np.ndarray:
    """Return class numbers, -1 for an unknown class; a target may hold names or numbers."""
    if pd.api.types.is_numeric_dtype(values):
        numbers = values.to_numpy(np.float64)
        is_class = (numbers == np.floor(numbers)) & (np.abs(numbers) < len(source.classes))
        return np.where(is_class, numbers, -1).astype(np.int64)
    codes = {name: code for code, name in enumerate(source.classes)}
    return values.map(lambda value: codes.get(str(value), -1)).to_numpy(np.int64)
