"""Cells of tables as one type, whatever wrote the file: 2, 2.0 and "2" are one label and one id.

Columns that are compared with each other are read together, for a column alone does not say what
it is: "1" is a name among names, and a number among numbers.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import compute

from foursplit.core.errors import FoursplitError
from foursplit.io import tabular

EXACT = 2**53  # whole numbers beyond lose digits as floats
WHOLE = r"^[+-]?[0-9]+(\.0*)?$"
ODD = r"^(\+|-?0[0-9]|[+-]?[0-9]+\.0*$)"  # a whole number in another form than Python's
ROUNDED = r"^[0-9](?:[.,][0-9]+)?E\+[0-9]+$"  # as spreadsheets write long numbers
IDENTIFIERS = ("example_id", "group_id", "domain", "content_hash", "meta.content_hash")
TRUTHS = {
    "true": True, "wahr": True, "vrai": True, "vero": True, "verdadero": True, "verdadeiro": True,
    "waar": True, "sand": True, "sant": True, "prawda": True, "false": False, "falsch": False,
    "faux": False, "falso": False, "onwaar": False, "falsk": False, "falskt": False,
    "fałsz": False,
}  # fmt: skip
"""True and false, as programs and the spreadsheets of some languages write them."""
OF_LABELS = {name: TRUTHS[name] for name in ("true", "false", "wahr", "falsch", "vrai", "faux")}
"""Those that labels may be; sand is a soil as well."""
DIGITS = 18  # of a whole number that fits into 64 bits

Frames = Mapping[str, pd.DataFrame]


def refuse(bad: Any, column: str, what: str, at: str, shown: pd.DataFrame | None = None) -> None:
    """Raise for the first row where `bad` holds; rows count from 1, without a CSV's heading."""
    places = np.flatnonzero(np.asarray(bad))
    if len(places) == 0:
        return
    row = int(places[0])
    value = "" if shown is None else f": {_plain(shown[column].iloc[row])}"
    more = f" ({len(places):,} such rows)" if len(places) > 1 else ""
    raise FoursplitError(f"{at}: column {column!r}, row {row + 1}{value} {what}{more}")


def _plain(value: Any) -> str:
    """Write a value as it is in a file; text in quotes."""
    if isinstance(value, float | np.floating):
        return f"{value:.15g}"
    return repr(value) if isinstance(value, str) else f"{value}"


def numbers(
    frame: pd.DataFrame,
    name: str,
    at: str,
    *,
    least: float = -np.inf,
    above: float = -np.inf,
    gaps: bool = False,
) -> pd.Series:
    """Read a column of numbers; with `gaps`, some may be missing."""
    values = frame[name]
    empty = tabular.missing_mask(values) & gaps
    if pd.api.types.is_bool_dtype(values) or not pd.api.types.is_numeric_dtype(values):
        refuse(values.isna() & (not gaps), name, "is missing", at, frame)
        found = tabular.to_float(frame, name)
        refuse(found.isna() & ~empty, name, "is no number", at, frame)
        values = found
    values, shown = values.astype(np.float64), values.to_frame(name)
    refuse(~(np.isfinite(values) | empty), name, "is missing or not finite", at, shown)
    refuse(values < least, name, f"is below {least:g}", at, shown)
    refuse(values <= above, name, f"is not above {above:g}", at, shown)
    return values


def flags(frame: pd.DataFrame, name: str, at: str) -> pd.Series:
    """Read a column of true and false."""
    values = frame[name]
    if not pd.api.types.is_bool_dtype(values) or values.isna().any():
        known = {**TRUTHS, "1": True, "0": False, "1.0": True, "0.0": False}
        found = text(values).str.lower().map(known)
        refuse(found.isna(), name, "is neither true nor false", at, frame)
        values = found.astype(bool)
    return values.astype(bool)


def text(values: pd.Series) -> pd.Series:
    """Return values as text without blanks around it; 2.0 of a column of numbers is "2"."""
    dtype = values.dtype
    if pd.api.types.is_integer_dtype(dtype):
        return values.astype("str")
    if isinstance(dtype, pd.StringDtype) or pd.api.types.infer_dtype(values) == "string":
        made = values.astype("str")
    else:
        listed = values.astype(object)
        made = listed.map(_word, na_action="ignore").where(listed.notna(), None).astype("str")
    words = pa.array(made, type=pa.large_string(), from_pandas=True)
    trimmed = compute.utf8_trim_whitespace(words)
    if trimmed.equals(words):
        return made
    return pd.Series(trimmed.to_pandas(), index=values.index, name=values.name, dtype="str")


def _word(value: object) -> str:
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _fits(values: pd.Series, pattern: str) -> pd.Series:
    """List which texts fit a pattern; a missing one fits none."""
    found = compute.match_substring_regex(
        pa.array(values, type=pa.large_string(), from_pandas=True), pattern
    )
    return pd.Series(found.fill_null(False).to_numpy(zero_copy_only=False), index=values.index)


def _whole(value: str) -> str:
    """Return a whole number as Python writes it: 1 for 001, +1 and 1.0."""
    return str(int(value.partition(".")[0]))


def identifiers(columns: Sequence[pd.Series], *, distinct: bool = False) -> list[pd.Series]:
    """Return columns of names as text in which equal names are equal.

    1.0 becomes 1, and where a number is written in two ways (1, 001), both become the number.  Of
    names that are `distinct` within a column, two ways within one are two names.
    """
    made = [text(column) for column in columns]
    if not any(_fits(m, ODD).any() for m in made):
        return made
    joined: dict[str, set[str]] = {}
    apart = set()
    for way in map(_ways, made):
        for number, group in way.items():
            joined.setdefault(number, set()).update(group)
            if distinct and len(group) > 1:
                apart.add(number)
    same = {
        way: number
        for number, group in joined.items()
        for way in group
        if number not in apart and (len(group) > 1 or "." in way)
    }
    if not same:
        return made
    return [m.map(lambda v: same.get(v, v), na_action="ignore").astype("str") for m in made]


def _ways(values: pd.Series) -> dict[str, set[str]]:
    """Collect the ways in which each whole number of a column is written."""
    found: dict[str, set[str]] = {}
    for value in values[_fits(values, WHOLE)].unique():
        found.setdefault(_whole(value), set()).add(value)
    return found


def labels(columns: Sequence[pd.Series]) -> list[pd.Series]:
    """Return columns of labels as one type: whole numbers, true and false, or text.

    Quantities are left as they are: of these, equal or not says little.
    """
    if all(pd.api.types.is_integer_dtype(c) for c in columns) or any(map(_is_quantity, columns)):
        return list(columns)
    made = [text(column) for column in columns]
    names = pd.Series(sorted({v for m in made for v in m.dropna().unique()}), dtype="str")
    truths = names.str.lower().isin(OF_LABELS)
    bits = names.isin(("0", "1"))
    if truths.any() and (truths | bits).all():
        return _truths(made, whole=bool(bits.any()))
    _refuse_mixed(made, columns)
    ways = _ways(names)
    alike = all(len(group) == 1 for group in ways.values())
    padded = alike and _fits(names, r"^[+-]?0[0-9]").any()  # 007 is a name where 7 is none
    same = {way: n for n, group in ways.items() for way in group if not padded or "." in way}
    made = [m.map(lambda v: same.get(v, v), na_action="ignore").astype("str") for m in made]
    if (
        padded
        or not len(names)
        or not _fits(names, WHOLE).all()
        or len(max(ways, key=len)) > DIGITS
    ):
        return made
    numbered = [m.map(int, na_action="ignore") for m in made]
    return [m.astype("Int64" if m.isna().any() else np.int64) for m in numbered]


def _is_quantity(values: pd.Series) -> bool:
    return pd.api.types.is_float_dtype(values) and bool((values.dropna() % 1 != 0).any())


def _truths(made: Sequence[pd.Series], *, whole: bool) -> list[pd.Series]:
    """Return true and false, or 1 and 0 where the labels have them too."""
    known: dict[str, Any] = {**OF_LABELS, "1": True, "0": False}
    found = [m.str.lower().map(known) for m in made]
    complete = all(f.notna().all() for f in found)
    return [f.astype((np.int64 if whole else bool) if complete else object) for f in found]


def _refuse_mixed(made: Sequence[pd.Series], columns: Sequence[pd.Series]) -> None:
    """Raise for true and false beside other numbers: nothing says which number is true."""
    is_truth = [m.str.lower().isin(OF_LABELS).all() and len(m) > 0 for m in made]
    number = [m[_fits(m, WHOLE) & ~m.isin(("0", "1"))] for m in made]
    others = [n for n, truth in zip(number, is_truth, strict=True) if len(n) and not truth]
    if any(is_truth) and others:
        place = is_truth.index(True)
        raise FoursplitError(
            f"labels: column {columns[place].name!r} holds true and false "
            f"({made[place].iloc[0]!r}), and {others[0].name!r} the number {others[0].iloc[0]}: "
            "write the labels of both columns alike"
        )


def same_types(frames: Frames) -> dict[str, pd.DataFrame]:
    """Return tables, by their places, with ids, groups, labels and `meta.*` that compare.

    Labels are read together where no table says by a loss what is right.
    """
    frames = {at: frame.reset_index(drop=True) for at, frame in frames.items()}
    made: dict[str, dict[str, pd.Series]] = {at: {} for at in frames}
    for name in IDENTIFIERS:
        having = {at: _unspelt(f, name, at) for at, f in frames.items() if name in f}
        columns = identifiers(list(having.values()), distinct=name == "example_id")
        for at, column in zip(having, columns, strict=True):
            made[at][name] = column
    judged = {at: f for at, f in frames.items() if "loss" not in f and {"y", "y_hat"} <= {*f}}
    answers = [_answers(frame, name) for frame in judged.values() for name in ("y", "y_hat")]
    found = iter(labels(answers) if answers else [])
    for at, frame in frames.items():
        if at in judged:
            made[at] |= {"y": next(found), "y_hat": next(found)}
        else:
            made[at] |= _typed(frame, [n for n in ("y", "y_hat") if n in frame])
    _same_meta(frames, made)
    return {at: frame.assign(**made[at]) for at, frame in frames.items()}


def _unspelt(frame: pd.DataFrame, name: str, at: str) -> pd.Series:
    """Blank out what spells a missing name in a file of text; among domains NA is a word."""
    _refuse_rounded(frame, name, at)
    values = frame[name]
    if name == "domain" or not tabular.has_text_cells(frame):
        return values
    return values.mask(tabular.missing_mask(values))


def _answers(frame: pd.DataFrame, name: str) -> pd.Series:
    """Read labels of a file of text: quantities as such; among numbers NA is a missing one."""
    values = frame[name]
    if not tabular.has_text_cells(frame):
        return values
    found = tabular.to_float(frame, name)
    absent = tabular.missing_mask(values)
    if found[~absent].isna().any() or absent.all():
        return values
    return found if _is_quantity(found) else values.mask(absent)


def _refuse_rounded(frame: pd.DataFrame, name: str, at: str) -> None:
    """Raise for names that have lost digits: two of them may be one now."""
    values = frame[name]
    lost = (
        "has lost digits: keep such numbers as text, as they were before a spreadsheet or a float"
    )
    if pd.api.types.is_float_dtype(values):
        refuse(values.abs() > EXACT, name, lost, at, frame)
    elif isinstance(values.dtype, pd.StringDtype):
        refuse(_fits(values, ROUNDED), name, lost, at, frame)


def _typed(frame: pd.DataFrame, names: Sequence[str]) -> dict[str, pd.Series]:
    """Read columns as numbers where their cells are; of text alone, which a CSV file is."""
    if not tabular.has_text_cells(frame) or not names:
        return {}
    inferred = tabular.infer_types(frame[list(names)])
    return {str(name): values for name, values in inferred.items()}


def _same_meta(frames: Frames, made: dict[str, dict[str, pd.Series]]) -> None:
    """Read `meta.*` as numbers where they are in every table, and else as text in all."""
    having: dict[str, list[str]] = {}
    for at, frame in frames.items():
        names = [n for n in map(str, frame.columns) if n.startswith("meta.")]
        names = [n for n in names if n not in IDENTIFIERS]
        made[at] |= _typed(frame, names)
        for name in names:
            having.setdefault(name, []).append(at)
    for name, where in having.items():
        is_number = [
            pd.api.types.is_numeric_dtype(made[at][name] if name in made[at] else frames[at][name])
            for at in where
        ]
        if any(is_number) and not all(is_number):
            columns = identifiers([frames[at][name] for at in where])
            for at, column in zip(where, columns, strict=True):
                made[at][name] = column
