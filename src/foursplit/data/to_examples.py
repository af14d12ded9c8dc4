"""Turn a table that met its expectations into examples with names, groups and domains."""

import hashlib
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.dataset_spec import Source
from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.core.examples import META, OFFICIAL, PUBLISHED, Examples


def table(read: pd.DataFrame | Examples) -> pd.DataFrame:
    """Give what the suite judges of what `read()` returned."""
    frame = read.rows if isinstance(read, Examples) else read
    doubled = frame.columns[frame.columns.duplicated()]
    if len(doubled):
        raise FoursplitError(
            f"read() gives column {doubled[0]!r} twice, and nothing says which is meant: give each "
            "its own name"
        )
    if frame.empty:
        raise FoursplitError("read() gives no rows")
    return frame


def examples(read: pd.DataFrame | Examples, source: Source) -> Examples:
    """Collect inputs, target, group, domain and slicing columns under the project's names."""
    frame = table(read).reset_index(drop=True)
    _present(frame, source)
    x = read.x if isinstance(read, Examples) else _inputs(frame, source)
    with np.errstate(over="ignore"):  # what is too large for float32 is refused below, by row
        x = np.ascontiguousarray(x, dtype=np.float32)
    _finite(x, source)
    content = [hashlib.sha256(row.tobytes()).hexdigest()[:16] for row in x]
    rows = pd.DataFrame(
        {
            "example_id": _names(content),
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
    return Examples(x=x, rows=rows)


def _present(frame: pd.DataFrame, source: Source) -> None:
    wanted = [source.target, *source.features, *source.slices]
    wanted += [source.group] if source.group else []
    for name in wanted:
        if name not in frame.columns:
            raise unknown_name("column", name, map(str, frame.columns), source.title)


def _refuse(bad: Any, column: str, what: str, source: Source, remedy: str) -> None:
    """Refuse the first row where `bad` holds; rows count from 1, as `diagnose` counts them."""
    places = np.flatnonzero(np.asarray(bad))
    if len(places):
        more = f" ({len(places):,} such rows)" if len(places) > 1 else ""
        raise FoursplitError(
            f"{source.title}: column {column!r}, row {int(places[0]) + 1}: {what}{more}: {remedy}"
        )


FIX = "drop or fill it in the source's read()"


def _inputs(frame: pd.DataFrame, source: Source) -> np.ndarray:
    """Give the features as they are, after a look at those that are not of a number's type."""
    for name in source.features:
        if not pd.api.types.is_numeric_dtype(frame[name]):
            _numbers(frame[name], name, source)
    return frame[list(source.features)].to_numpy()


def _numbers(values: pd.Series, name: str, source: Source) -> np.ndarray:
    """Read a column that must hold numbers, every one of them finite."""
    _refuse(values.isna(), name, "the value is missing", source, FIX)
    found = pd.to_numeric(values, errors="coerce")
    bad = found.isna().to_numpy()
    shown = repr(values.iloc[int(bad.argmax())])
    _refuse(bad, name, f"{shown} is no number", source, "make it one in the source's read()")
    numbers: np.ndarray = found.to_numpy(np.float64)
    _refuse(~np.isfinite(numbers), name, "the value is infinite", source, FIX)
    return numbers


def _finite(x: np.ndarray, source: Source) -> None:
    bad = ~np.isfinite(x)
    if bad.any():
        row, *place = map(int, np.argwhere(bad)[0])
        column = repr(source.features[place[0]]) if source.features else f"input {tuple(place)}"
        raise FoursplitError(
            f"{source.title}: {int(bad.sum()):,} inputs are missing, infinite or too large for "
            f"float32; the first is {column} of row {row + 1}: {FIX}"
        )


def _groups(values: pd.Series, source: Source) -> pd.Series:
    """Check that each row has a group: without it nothing says what must stay together."""
    remedy = f"{FIX}, such as with a group of its own for each such row"
    _refuse(values.isna(), str(values.name), "the group is missing", source, remedy)
    return values.astype(str)


def _names(content: list[str]) -> list[str]:
    """Name rows by content, so that a name stays whatever is added; twins are numbered."""
    seen: dict[str, int] = {}
    names = []
    for key in content:
        count = seen[key] = seen.get(key, 0) + 1
        names.append(key if count == 1 else f"{key}-{count}")
    return names


def _domains(frame: pd.DataFrame, source: Source) -> list[str]:
    if "domain" not in frame.columns:
        return [next(iter(source.domains))] * len(frame)
    _refuse(frame["domain"].isna(), "domain", "the domain is missing", source, FIX)
    found = frame["domain"].astype(str).tolist()
    for name in sorted(set(found)):
        if name not in source.domains:
            raise unknown_name("domain", name, source.domains, source.title)
    return found


def _official(values: pd.Series, source: Source) -> np.ndarray:
    """Check the split that the publisher gave each row."""
    _refuse(values.isna(), OFFICIAL, "the split is missing", source, FIX)
    for value in sorted(set(values.astype(str))):
        if value not in PUBLISHED:
            raise unknown_name(f"{OFFICIAL} of a row", value, PUBLISHED, source.title)
    return values.astype(str).to_numpy(object)


def _target(values: pd.Series, source: Source) -> np.ndarray:
    _refuse(values.isna(), source.target, "the target is missing", source, FIX)
    if not source.classes:
        return _numbers(values, source.target, source)
    codes = _codes(values, source)
    outside = (codes < 0) | (codes >= len(source.classes))
    shown = repr(values.iloc[int(outside.argmax())])
    valid = f"valid: {', '.join(source.classes)} (or their numbers from 0)"
    _refuse(outside, source.target, f"{shown} is no class", source, valid)
    return codes


def _codes(values: pd.Series, source: Source) -> np.ndarray:
    """Number the classes; a target may hold names or numbers."""
    if pd.api.types.is_numeric_dtype(values):
        whole = values.to_numpy(np.float64)
        known = (whole == np.floor(whole)) & (np.abs(whole) < len(source.classes))
        return np.where(known, whole, -1).astype(np.int64)
    number = {name: code for code, name in enumerate(source.classes)}
    return values.map(lambda value: number.get(str(value), -1)).to_numpy(np.int64)
