"""Convert a validated table into examples with ids, groups and domains."""

import hashlib
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.arrays import Array, Ragged, row
from foursplit.core.dataset_spec import DatasetSpec
from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.core.examples import META, OFFICIAL, PUBLISHED, RAW, ROW, SHOW, TIME, Examples
from foursplit.data import raw_examples, texts


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


def to_examples(data: pd.DataFrame | Examples, dataset: DatasetSpec) -> Examples:
    """Return inputs, target, group, domain and slicing columns under the project's names."""
    examples = convert(data, dataset)
    for name, array in {"x": examples.x, **examples.further}.items():
        values = array.values if isinstance(array, Ragged) else array  # noqa: PD011, no pandas
        is_raw = name == "x" and bool(dataset.columns)  # missing cells are for preprocessing
        if np.issubdtype(values.dtype, np.floating) and not is_raw:
            _require_finite(name, values, dataset)
    return examples


def convert(data: pd.DataFrame | Examples, dataset: DatasetSpec) -> Examples:
    """Return the same, with inputs that may be missing or infinite."""
    table = checked_table(data)
    frame = table.reset_index(drop=True)
    _require_columns(frame, dataset)
    x = _array("x", data.x if isinstance(data, Examples) else _x(frame, dataset), dataset)
    further = {name: _further(name, data, frame, dataset) for name in dataset.further}
    inputs = [further[name] for name, role in dataset.further.items() if role == "input"]
    content = (
        raw_examples.content(frame, dataset.columns) if dataset.columns else _content(x, inputs)
    )
    rows = pd.DataFrame(
        {
            "example_id": _example_ids(content),
            "group_id": _groups(frame[dataset.group], dataset) if dataset.group else content,
            "content": content,
            "domain": _domains(frame, dataset),
            **({"y": _target(frame[dataset.target], dataset)} if dataset.target else {}),
        }
    )
    if OFFICIAL in frame.columns:
        rows[OFFICIAL] = _official(frame[OFFICIAL], dataset)
    for name in dataset.slices:
        rows[META + name] = frame[name].to_numpy()
    if dataset.time:
        rows[TIME] = _times(frame[dataset.time], dataset)
    shown = _shown(frame, table.index, dataset)
    raw = {RAW + name: frame[name] for name in dataset.columns}
    if shown or raw:
        rows = pd.concat([rows, pd.DataFrame({**shown, **raw}, index=rows.index)], axis=1)
    return Examples(x=x, metadata=rows, further=further)


def _content(x: Array, inputs: list[Array]) -> list[str]:
    """Hash what a model reads of each example."""
    hashes = []
    for number in range(len(x)):
        digest = hashlib.sha256(row(x, number).tobytes())
        for array in inputs:
            digest.update(row(array, number).tobytes())
        hashes.append(digest.hexdigest()[:16])
    return hashes


def _require_columns(frame: pd.DataFrame, dataset: DatasetSpec) -> None:
    required = [*dataset.features, *dataset.columns, *dataset.slices, *dataset.show]
    single = (dataset.target, dataset.group, dataset.text, dataset.time)
    required += [name for name in single if name]
    for name in required:
        if name not in frame.columns:
            raise unknown_name("column", name, map(str, frame.columns), dataset.title)


def _raise_if(bad: Any, column: str, problem: str, dataset: DatasetSpec, remedy: str) -> None:
    """Raise for the first row where `bad` is true; rows count from 1, as in `diagnose`."""
    rows = np.flatnonzero(np.asarray(bad))
    if len(rows):
        more = f" ({len(rows):,} such rows)" if len(rows) > 1 else ""
        raise FoursplitError(
            f"{dataset.title}: column {column!r}, row {int(rows[0]) + 1}: {problem}{more}: {remedy}"
        )


FIX = "drop or fill it in the dataset's read()"


def _x(frame: pd.DataFrame, dataset: DatasetSpec) -> Array:
    if dataset.columns:
        return raw_examples.numbers(frame, dataset.columns)
    return _text(frame, dataset.text, dataset) if dataset.text else _features(frame, dataset)


def _times(values: pd.Series, dataset: DatasetSpec) -> pd.Series:
    """Return the time of each row; raise if one is missing."""
    _raise_if(values.isna(), str(values.name), "the time is missing", dataset, FIX)
    if not (pd.api.types.is_datetime64_any_dtype(values) or pd.api.types.is_numeric_dtype(values)):
        raise FoursplitError(
            f"{dataset.title}: column {values.name!r} is the time of the rows, and read() returns "
            f"{values.dtype}: return dates or numbers"
        )
    return values.rename(TIME)


def _shown(frame: pd.DataFrame, index: pd.Index, dataset: DatasetSpec) -> dict[str, Any]:
    """Return the columns that people recognise a row by, as text, and its number in the file."""
    if not dataset.show and not dataset.columns:
        return {}
    is_number = pd.api.types.is_integer_dtype(index)
    rows = {SHOW + ROW: index.to_numpy() + 1} if is_number else {}
    shown = {SHOW + name: frame[name].map(_as_text).astype(object) for name in dataset.show}
    return {**rows, **shown}


def _as_text(value: Any) -> str | None:
    return None if pd.isna(value) else str(value)


def _text(frame: pd.DataFrame, column: str, dataset: DatasetSpec) -> Ragged:
    _raise_if(frame[column].isna(), column, "the text is missing", dataset, FIX)
    return texts.from_texts(frame[column].astype(str))


def _further(
    name: str, data: pd.DataFrame | Examples, frame: pd.DataFrame, dataset: DatasetSpec
) -> Array:
    """Return an array that read() gives in `Examples.further`, or a column as text."""
    if isinstance(data, Examples) and name in data.further:
        return _array(name, data.further[name], dataset)
    if name in frame.columns:
        return _text(frame, name, dataset)
    arrays = data.further if isinstance(data, Examples) else {}
    raise unknown_name("array or column", name, [*arrays, *map(str, frame.columns)], dataset.title)


def _array(name: str, array: Array, dataset: DatasetSpec) -> Array:
    """Return an array of the dtype that the data set declares; raise where it does not fit."""
    if isinstance(array, Ragged):
        return Ragged(_values(name, array.values, dataset), array.ends)
    return _values(name, array, dataset)


def _values(name: str, values: np.ndarray, dataset: DatasetSpec) -> np.ndarray:
    if name != "x" or dataset.text:
        return np.ascontiguousarray(values)
    if dataset.dtype == "float32":
        with np.errstate(over="ignore"):  # values too large for float32 are reported by row
            return np.ascontiguousarray(values, dtype=np.float32)
    if values.dtype != dataset.dtype:
        raise FoursplitError(
            f"{dataset.title}: read() returns x as {values.dtype}, and its SPEC declares dtype "
            f"{dataset.dtype!r}. Change one of them."
        )
    return np.ascontiguousarray(values)


def _features(frame: pd.DataFrame, dataset: DatasetSpec) -> np.ndarray:
    """Return the features; raise if a column that is not numeric holds anything but numbers."""
    for name in dataset.features:
        if not pd.api.types.is_numeric_dtype(frame[name]):
            _numbers(frame[name], name, dataset)
    return frame[list(dataset.features)].to_numpy()


def _numbers(values: pd.Series, name: str, dataset: DatasetSpec) -> np.ndarray:
    """Return a column as float64; raise if a value is missing, infinite or not a number."""
    _raise_if(values.isna(), name, "the value is missing", dataset, FIX)
    parsed = pd.to_numeric(values, errors="coerce")
    bad = parsed.isna().to_numpy()
    shown = repr(values.iloc[int(bad.argmax())])
    _raise_if(bad, name, f"{shown} is not a number", dataset, "convert it in the dataset's read()")
    numbers: np.ndarray = parsed.to_numpy(np.float64)
    _raise_if(~np.isfinite(numbers), name, "the value is infinite", dataset, FIX)
    return numbers


def _require_finite(name: str, values: np.ndarray, dataset: DatasetSpec) -> None:
    bad = ~np.isfinite(values)
    if bad.any():
        at, *index = map(int, np.argwhere(bad)[0])
        is_feature = name == "x" and dataset.features
        column = repr(dataset.features[index[0]]) if is_feature else f"input {tuple(index)}"
        array = "" if name == "x" else f" of {name!r}"
        raise FoursplitError(
            f"{dataset.title}: {int(bad.sum()):,} inputs{array} are missing, infinite or too large "
            f"for float32; the first is {column} of row {at + 1}: {FIX}"
        )


def _groups(values: pd.Series, dataset: DatasetSpec) -> pd.Series:
    """Return the group of each row; raise if one is missing."""
    remedy = f"{FIX}, e.g. with a separate group for each such row"
    _raise_if(values.isna(), str(values.name), "the group is missing", dataset, remedy)
    return values.astype(str)


def _example_ids(content: list[str]) -> list[str]:
    """Return ids from the content, which added rows do not change; repeats are numbered."""
    counts: dict[str, int] = {}
    ids = []
    for key in content:
        count = counts[key] = counts.get(key, 0) + 1
        ids.append(key if count == 1 else f"{key}-{count}")
    return ids


def _domains(frame: pd.DataFrame, dataset: DatasetSpec) -> list[str]:
    if "domain" not in frame.columns:
        return [next(iter(dataset.domains))] * len(frame)
    _raise_if(frame["domain"].isna(), "domain", "the domain is missing", dataset, FIX)
    domains = frame["domain"].astype(str).tolist()
    for name in sorted(set(domains)):
        if name not in dataset.domains:
            raise unknown_name("domain", name, dataset.domains, dataset.title)
    return domains


def _official(values: pd.Series, dataset: DatasetSpec) -> np.ndarray:
    """Return the official split of each row; raise if one is missing or unknown."""
    _raise_if(values.isna(), OFFICIAL, "the split is missing", dataset, FIX)
    for value in sorted(set(values.astype(str))):
        if value not in PUBLISHED:
            raise unknown_name(f"{OFFICIAL} of a row", value, PUBLISHED, dataset.title)
    return values.astype(str).to_numpy(object)


def _target(values: pd.Series, dataset: DatasetSpec) -> np.ndarray:
    _raise_if(values.isna(), dataset.target, "the target is missing", dataset, FIX)
    if not dataset.classes:
        return _numbers(values, dataset.target, dataset)
    codes = _codes(values, dataset)
    outside = (codes < 0) | (codes >= len(dataset.classes))
    shown = repr(values.iloc[int(outside.argmax())])
    valid = f"valid: {', '.join(dataset.classes)} (or their numbers from 0)"
    _raise_if(outside, dataset.target, f"{shown} is not a class", dataset, valid)
    return codes


def _codes(values: pd.Series, dataset: DatasetSpec) -> np.ndarray:
    """Return class numbers, -1 for an unknown class; a target may hold names or numbers."""
    if pd.api.types.is_numeric_dtype(values):
        numbers = values.to_numpy(np.float64)
        is_class = (numbers == np.floor(numbers)) & (np.abs(numbers) < len(dataset.classes))
        return np.where(is_class, numbers, -1).astype(np.int64)
    codes = {name: code for code, name in enumerate(dataset.classes)}
    return values.map(lambda value: codes.get(str(value), -1)).to_numpy(np.int64)
