"""The sheet on which people tag errors: drawn, written, read back and merged by example."""

import csv
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.artifacts import replacing
from foursplit.core.errors import Refusal
from foursplit.strategy.tables import AUDITS, META, TAG_SEPARATOR, Table, tags

SHOWN = ("example_id", "is_error", "y", "y_hat", "loss", "domain")
FILLED = ("tags", "label_audit", "comment")  # by the reader
# What a spreadsheet would run.  Apostrophes before it are counted in, so that one more can be
# taken off again whatever the text was.
FORMULA = re.compile(r"'*[=+\-@\t\r]")


def sheet(
    eyeball: Table, rng: np.random.Generator, n_errors: int = 100, n_correct: int = 20
) -> pd.DataFrame:
    """Draw errors to read, then correct answers to hold them against, each in random order.

    Without correct answers nobody can say whether 61 % of the errors are blurry because most
    images are.
    """
    ordered = eyeball.frame.sort_values("example_id", ignore_index=True)
    wrong = ordered["is_error"].to_numpy(bool)
    drawn = [_draw(np.flatnonzero(wrong), n_errors, rng)]
    drawn.append(_draw(np.flatnonzero(~wrong), n_correct, rng))
    shown = [n for n in SHOWN if n in ordered] + [n for n in ordered if str(n).startswith(META)]
    made = ordered.iloc[np.concatenate(drawn)][shown].reset_index(drop=True)
    return made.assign(**dict.fromkeys(FILLED, ""))


def _draw(rows: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    return rng.permutation(rows)[:most]


def write(frame: pd.DataFrame, path: Path) -> None:
    """Write a sheet as CSV in which no cell is a formula."""
    safe = pd.DataFrame({name: _escaped(frame[name]) for name in frame.columns})
    with replacing(path) as part:
        # The mark at the front tells spreadsheets that the text is UTF-8.  Unquoted, a carriage
        # return would end the row.
        safe.to_csv(part, index=False, encoding="utf-8-sig", quoting=csv.QUOTE_NONNUMERIC)


def _escaped(column: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(column):  # a negative number is no formula
        return column
    return column.map(lambda value: f"'{value}" if FORMULA.match(str(value)) else value)


def read(path: Path) -> pd.DataFrame:
    """Read a sheet back as text, but for `is_error` and `loss`; refuse what cannot be merged."""
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise Refusal(f"{path}: no such file") from error
    except (OSError, ValueError, UnicodeDecodeError) as error:
        raise Refusal(f"{path}: not readable as CSV ({error})") from error
    if "example_id" not in frame:
        columns = ", ".join(repr(str(name)) for name in frame.columns[:20])
        raise Refusal(f"{path}: no column 'example_id'; it has {columns}")
    frame = frame.apply(lambda column: column.map(_bare))
    for name in FILLED:
        if name not in frame:
            frame[name] = ""
    frame["label_audit"] = frame["label_audit"].str.strip().str.lower()
    _refuse(frame, frame["example_id"] == "", "example_id", "is missing", path)
    _refuse(frame, frame["example_id"].duplicated(), "example_id", "is here a second time", path)
    audits = f"is none of {', '.join(AUDITS)} or empty"
    _refuse(frame, ~frame["label_audit"].isin(("", *AUDITS)), "label_audit", audits, path)
    return _typed(frame, path)


def _bare(value: Any) -> str:
    """Take off the apostrophe that was put before a formula, and any missing cell with it."""
    text = value if isinstance(value, str) else ""
    return text[1:] if text.startswith("'") and FORMULA.match(text) else text


def _typed(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    if "is_error" in frame:
        known = frame["is_error"].str.lower().map({"true": True, "false": False})
        _refuse(frame, known.isna(), "is_error", "is neither true nor false", path)
        frame["is_error"] = known.astype(bool)
    if "loss" in frame:
        loss = pd.to_numeric(frame["loss"], errors="coerce")
        _refuse(frame, loss.isna(), "loss", "is no number", path)
        frame["loss"] = loss.astype(np.float64)
    return frame


def _refuse(frame: pd.DataFrame, bad: pd.Series, column: str, what: str, at: Any) -> None:
    """Refuse the first row where `bad` holds; rows count from 1, without the heading."""
    places = np.flatnonzero(bad)
    if len(places):
        row = int(places[0])
        raise Refusal(f"{at}: column {column!r}, row {row + 1}: {frame[column].iloc[row]!r} {what}")


def merge(table: Table, sheets: Sequence[pd.DataFrame]) -> Table:
    """Put tags and audits beside the examples, and say in `read` which ones were read.

    An example counts as read once anything is filled in: one that bears no tag gets an audit,
    "ok".  Readers' tags are united; audits that differ become "ambiguous".
    """
    place = {name: row for row, name in enumerate(table.frame["example_id"])}
    united: list[tuple[str, ...]] = [()] * len(table)
    if table.has("tags"):
        united = [tags(value) for value in table.frame["tags"]]
    audits: list[str | None] = [None] * len(table)
    if table.has("label_audit"):
        audits = [v if isinstance(v, str) else None for v in table.frame["label_audit"]]
    seen = [bool(t) or a is not None for t, a in zip(united, audits, strict=True)]
    for number, filled in enumerate(sheets, start=1):
        strange = ~filled["example_id"].isin(table.frame["example_id"])
        what = f"is not in {table.path or table.split}"
        _refuse(filled, strange, "example_id", what, f"sheet {number}")
        done = read_by(filled)
        for name, said, audit in zip(
            filled["example_id"], filled["tags"], filled["label_audit"], strict=True
        ):
            row = place[name]
            united[row] = tags((*united[row], *tags(said)))
            audits[row] = _agreed(audits[row], audit)
            seen[row] = seen[row] or name in done
    frame = table.frame.copy()
    frame["tags"] = pd.Series(united, dtype=object)
    frame["label_audit"] = pd.Series(audits, dtype=object)
    frame["read"] = seen
    return Table(split=table.split, frame=frame, path=table.path)


def _agreed(before: str | None, now: Any) -> str | None:
    if not isinstance(now, str) or not now:
        return before
    return now if before in (None, now) else "ambiguous"


def read_by(filled: pd.DataFrame) -> set[str]:
    """Name the examples in which a reader filled in anything."""
    text = filled[list(FILLED)].fillna("").astype(str)
    anything = text.apply(lambda column: column.str.strip(f" {TAG_SEPARATOR}") != "").any(axis=1)
    return set(filled["example_id"][anything])


def kappa(first: pd.DataFrame, second: pd.DataFrame) -> dict[str, float | None]:
    """Give Cohen's kappa of each tag over the examples that both read.

    None where chance alone would agree always: a tag that both gave to every example.
    Source: Cohen (1960), A Coefficient of Agreement for Nominal Scales.
    """
    both = sorted(read_by(first) & read_by(second))
    said = [
        {name: set(tags(value)) for name, value in zip(s["example_id"], s["tags"], strict=True)}
        for s in (first, second)
    ]
    names = sorted({tag for answers in said for name in both for tag in answers[name]})
    found: dict[str, float | None] = {}
    for tag in names:
        a, b = (np.array([tag in answers[name] for name in both]) for answers in said)
        observed = float((a == b).mean())
        chance = float(a.mean() * b.mean() + (1 - a.mean()) * (1 - b.mean()))
        found[tag] = (observed - chance) / (1 - chance) if chance < 1 else None
    return found


def write_with(frame: pd.DataFrame, path: Path, own: Sequence[str]) -> None:
    """Write a sheet with columns of a reader's `own`, whose cells stay as they are."""
    safe = {name: frame[name] if name in own else _escaped(frame[name]) for name in frame.columns}
    with replacing(path) as part:
        pd.DataFrame(safe).to_csv(
            part, index=False, encoding="utf-8-sig", quoting=csv.QUOTE_NONNUMERIC
        )
