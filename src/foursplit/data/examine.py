"""Turn a table that met its expectations into examples with names, groups and domains."""

import hashlib

import numpy as np
import pandas as pd

from foursplit.core.errors import Refusal, unknown
from foursplit.core.examples import META, OFFICIAL, PUBLISHED, Examples
from foursplit.core.source import Source


def table(read: pd.DataFrame | Examples) -> pd.DataFrame:
    """Give what the suite judges of what `read()` returned."""
    return read.rows if isinstance(read, Examples) else read


def examples(read: pd.DataFrame | Examples, source: Source) -> Examples:
    """Collect inputs, target, group, domain and slicing columns under the project's names."""
    frame = table(read).reset_index(drop=True)
    _present(frame, source)
    x = read.x if isinstance(read, Examples) else frame[list(source.features)].to_numpy()
    x = np.ascontiguousarray(x, dtype=np.float32)
    _finite(x, source)
    content = [hashlib.sha256(row.tobytes()).hexdigest()[:16] for row in x]
    rows = pd.DataFrame(
        {
            "example_id": _names(content),
            "group_id": frame[source.group].astype(str) if source.group else content,
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
            raise unknown("column", name, map(str, frame.columns), source.title)


def _finite(x: np.ndarray, source: Source) -> None:
    bad = ~np.isfinite(x)
    if bad.any():
        row, *place = map(int, np.argwhere(bad)[0])
        column = source.features[place[0]] if source.features else f"input {tuple(place)}"
        raise Refusal(
            f"{source.title}: {int(bad.sum())} inputs are missing or infinite; the first is "
            f"{column} of row {row}. Drop or fill them in the source's read()."
        )


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
    found = frame["domain"].astype(str).tolist()
    for name in sorted(set(found)):
        if name not in source.domains:
            raise unknown("domain", name, source.domains, source.title)
    return found


def _official(values: pd.Series, source: Source) -> np.ndarray:
    """Check the split that the publisher gave each row."""
    for value in sorted(set(values.astype(str))):
        if value not in PUBLISHED:
            raise unknown(f"{OFFICIAL} of a row", value, PUBLISHED, source.title)
    return values.astype(str).to_numpy(object)


def _target(values: pd.Series, source: Source) -> np.ndarray:
    missing = values.isna().to_numpy()
    if missing.any():
        raise Refusal(
            f"{source.title}: {int(missing.sum())} values of target {source.target!r} are missing; "
            f"the first is row {int(missing.argmax())}."
        )
    if not source.classes:
        return values.to_numpy(np.float64)
    codes = _codes(values, source)
    outside = (codes < 0) | (codes >= len(source.classes))
    if outside.any():
        row = int(outside.argmax())
        raise Refusal(
            f"{source.title}: target {source.target!r} of row {row} is {values.iloc[row]!r}, which "
            f"is no class. Valid: {', '.join(source.classes)} (or their numbers from 0)."
        )
    return codes


def _codes(values: pd.Series, source: Source) -> np.ndarray:
    """Number the classes; a target may hold names or numbers."""
    if pd.api.types.is_numeric_dtype(values):
        whole = values.to_numpy(np.float64)
        return np.where(whole == np.floor(whole), whole, -1).astype(np.int64)
    number = {name: code for code, name in enumerate(source.classes)}
    return values.map(lambda value: number.get(str(value), -1)).to_numpy(np.int64)
