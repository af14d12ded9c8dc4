"""The sheet on which people tag errors: drawn, written, read back and merged by example."""

import csv
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.errors import FoursplitError
from foursplit.core.seeds import generator
from foursplit.diagnosis.cell_values import TRUTHS, identifiers, refuse
from foursplit.diagnosis.error_analysis import eyeball as parts
from foursplit.diagnosis.prediction_table import AUDITS, TAG_SEPARATOR, PredictionTable, tags
from foursplit.io import tabular
from foursplit.io.artifacts import atomic_write

SHOWN = ("example_id", "is_error", "y", "y_hat", "loss", "domain")
FILLED = ("tags", "label_audit", "comment")  # by the reader
# What a spreadsheet would run.  Apostrophes before it are counted in, so that one more can be
# taken off again whatever the text was.
FORMULA = re.compile(r"'*[=+\-@\t\r]")
# What a spreadsheet would take for a number, a date or a truth, and write back otherwise.  Whole
# numbers of at most 15 digits come back as they were.
CHANGED = re.compile(
    r"'*(?!(?:0|[1-9][0-9]{0,14})$)"
    r"(?:[0-9.,:/ %-]+|[0-9.,]+e[+-]?[0-9]+"
    r"|(?:[0-9]+[-./ ]*)?(?:jan|feb|mar|mär|mrz|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez)"
    r"[a-z]*[-./ ]*[0-9]*"
    rf"|{'|'.join(TRUTHS)})$",
    re.IGNORECASE,
)
LOST = re.compile(r"[0-9]{16,}|[0-9](?:[.,][0-9]+)?E\+[0-9]+")  # numbers with digits lost, perhaps
SEED = 1  # of a sheet for which nobody named another


def sheet(
    eyeball: PredictionTable, rng: np.random.Generator, n_errors: int = 100, n_correct: int = 20
) -> pd.DataFrame:
    """Draw errors to read, then correct answers to hold them against, each in random order.

    Without correct answers nobody can say whether 61 % of the errors are blurry because most
    images are.
    """
    ordered = eyeball.frame.sort_values("example_id", ignore_index=True)
    wrong = ordered["is_error"].to_numpy(bool)
    drawn = [_draw(np.flatnonzero(wrong), n_errors, rng)]
    drawn.append(_draw(np.flatnonzero(~wrong), n_correct, rng))
    shown = [n for n in SHOWN if n in ordered] + eyeball.shown + eyeball.searched
    made = ordered.iloc[np.concatenate(drawn)][shown].reset_index(drop=True)
    return made.assign(**dict.fromkeys(FILLED, ""))


def _draw(rows: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    return rng.permutation(rows)[:most]


def write(frame: pd.DataFrame, path: Path) -> None:
    """Write a sheet as CSV in which no cell is a formula, and no id becomes a number or a date."""
    safe = pd.DataFrame({name: _escaped(frame[name]) for name in frame.columns})
    with atomic_write(path) as part:
        # The mark at the front tells spreadsheets that the text is UTF-8.  Unquoted, a carriage
        # return would end the row.
        safe.to_csv(part, index=False, encoding="utf-8-sig", quoting=csv.QUOTE_NONNUMERIC)


def _escaped(column: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(column):  # a negative number is no formula
        return column
    return column.map(lambda v: f"'{v}" if _is_at_risk(str(v), column.name) else v)


def _is_at_risk(value: str, column: object) -> bool:
    changed = column == "example_id" and CHANGED.match(value)
    return bool(FORMULA.match(value) or changed)


def read(path: Path) -> pd.DataFrame:
    """Load a sheet as text, but for `is_error` and `loss` where these can be read as what they are.

    A spreadsheet may have saved it: with semicolons, words of another language for true and false,
    and empty rows.  What is only shown is not checked.
    """
    frame = tabular.read_frame(path, pad_short_rows=True).fillna("")
    if "example_id" not in frame:
        columns = ", ".join(repr(str(name)) for name in frame.columns[:20])
        raise FoursplitError(f"{path}: no column 'example_id'; it has {columns}")
    frame = frame.apply(lambda column: column.map(lambda v: _bare(v, column.name)))
    for name in FILLED:
        if name not in frame:
            frame[name] = ""
    frame = frame[~_is_empty(frame)].reset_index(drop=True)
    frame["label_audit"] = frame["label_audit"].str.strip().str.lower()
    refuse(frame["example_id"] == "", "example_id", "is missing", str(path), frame)
    if not frame["example_id"].str.fullmatch(LOST.pattern).any():  # else they are looked up
        again = frame["example_id"].duplicated()
        refuse(again, "example_id", "is here a second time", str(path), frame)
    audits = f"is none of {', '.join(AUDITS)} or empty"
    wrong = ~frame["label_audit"].isin(("", *AUDITS))
    refuse(wrong, "label_audit", audits, str(path), frame)
    return _typed(frame)


def _bare(value: str, column: object) -> str:
    """Take off the apostrophe that was put before a formula or an id."""
    return value[1:] if value.startswith("'") and _is_at_risk(value[1:], column) else value


def _is_empty(frame: pd.DataFrame) -> pd.Series:
    """List which rows name no example, and have nothing filled in."""
    cells = [frame[name].str.strip() == "" for name in ("example_id", *FILLED)]
    return pd.concat(cells, axis=1).all(axis=1)


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    if "is_error" in frame:
        known = frame["is_error"].str.strip().str.lower().map(TRUTHS)
        if known.notna().all():
            frame["is_error"] = known.astype(bool)
    if "loss" in frame:
        loss = tabular.to_float(frame, "loss")
        if loss.notna().all():
            frame["loss"] = loss
    return frame


def merge(table: PredictionTable, sheets: Sequence[pd.DataFrame]) -> PredictionTable:
    """Put tags and audits beside the examples, and say in `read` which ones were read.

    An example counts as read once anything is filled in: one that bears no tag gets an audit,
    "ok".  Readers' tags are united; audits that differ become "ambiguous".
    """
    sheets = [_found_again(table, filled, k) for k, filled in enumerate(sheets, start=1)]
    named = [table.frame["example_id"], *(filled["example_id"] for filled in sheets)]
    names, *others = identifiers(named, distinct=True)
    place = {name: row for row, name in enumerate(names)}
    united: list[tuple[str, ...]] = [()] * len(table)
    if table.has("tags"):
        united = [tags(value) for value in table.frame["tags"]]
    audits: list[str | None] = [None] * len(table)
    if table.has("label_audit"):
        audits = [v if isinstance(v, str) else None for v in table.frame["label_audit"]]
    seen = [bool(t) or a is not None for t, a in zip(united, audits, strict=True)]
    for number, (filled, ids) in enumerate(zip(sheets, others, strict=True), start=1):
        what = f"is not in {table.path or table.split}"
        refuse(~ids.isin(names), "example_id", what, f"sheet {number}", filled)
        done = read_by(filled)
        for name, own, said, audit in zip(
            ids, filled["example_id"], filled["tags"], filled["label_audit"], strict=True
        ):
            row = place[name]
            united[row] = tags((*united[row], *tags(said)))
            audits[row] = _agreed(audits[row], audit)
            seen[row] = seen[row] or own in done
    frame = table.frame.copy()
    frame["tags"] = pd.Series(united, dtype=object)
    frame["label_audit"] = pd.Series(audits, dtype=object)
    frame["read"] = seen
    return PredictionTable(split=table.split, frame=frame, path=table.path)


def _found_again(table: PredictionTable, filled: pd.DataFrame, number: int) -> pd.DataFrame:
    """Return a sheet its ids back where a spreadsheet has cut their last digits off.

    That takes the rows as they were drawn: each is compared with the row that was drawn there.
    """
    ids = filled["example_id"]
    lost = ids.str.fullmatch(LOST.pattern) & ~ids.isin(table.frame["example_id"])
    lost |= ids.str.fullmatch(LOST.pattern) & ids.duplicated(keep=False)
    if not lost.any():
        return filled
    drawn = sheet(parts.split_dev(table).eyeball, generator("sheet", SEED))
    if len(drawn) == len(filled) and _is_alike(drawn, filled):
        return filled.assign(example_id=drawn["example_id"])
    row = int(np.flatnonzero(lost)[0])
    raise FoursplitError(
        f"sheet {number}: column 'example_id', row {row + 1}: {ids.iloc[row]!r} is not in "
        f"{table.path or table.split}: a spreadsheet has cut off the last digits, and the rows "
        "are no longer those that were drawn, in their order: put them into that order, or draw "
        "the sheet afresh, whose ids keep, and copy your tags"
    )


def _is_alike(drawn: pd.DataFrame, filled: pd.DataFrame) -> bool:
    """Check, row by row, that nothing differs but the last digits of the ids."""
    was, now = (
        pd.to_numeric(one["example_id"].str.replace(",", "."), errors="coerce")
        for one in (drawn, filled)
    )
    shown = [name for name in ("is_error", "y", "y_hat") if name in drawn and name in filled]
    same = [
        drawn[name].astype("str").str.casefold() == filled[name].astype("str").str.casefold()
        for name in shown
    ]
    return bool(shown and np.isclose(was, now, rtol=1e-5).all() and all(s.all() for s in same))


def _agreed(before: str | None, now: Any) -> str | None:
    if not isinstance(now, str) or not now:
        return before
    return now if before in (None, now) else "ambiguous"


def read_by(filled: pd.DataFrame) -> set[str]:
    """Name the examples in which a reader filled in anything."""
    text = filled[list(FILLED)].fillna("").astype(str)
    anything = text.apply(lambda column: column.str.strip(f" {TAG_SEPARATOR}") != "").any(axis=1)
    return set(filled["example_id"][anything])


def write_with(frame: pd.DataFrame, path: Path, own: Sequence[str]) -> None:
    """Write a sheet with columns of a reader's `own`, whose cells stay as they are."""
    safe = {name: frame[name] if name in own else _escaped(frame[name]) for name in frame.columns}
    with atomic_write(path) as part:
        pd.DataFrame(safe).to_csv(
            part, index=False, encoding="utf-8-sig", quoting=csv.QUOTE_NONNUMERIC
        )
