"""Tables from people's files: text first, exactly as it stands, and numbers where they are meant.

Separator, encoding and compression are found out; what cannot be read is refused by file and row.
"""

import csv
import gzip
import io
import re
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from foursplit.core.errors import FoursplitError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa

COLUMNAR_FORMATS = {".parquet": "Parquet", ".pq": "Parquet", ".feather": "Feather"}
TEXT_SUFFIXES = (".csv", ".tsv", ".txt")
SEPARATORS = (",", ";", "\t")
MISSING = frozenset(
    ("", "na", "n/a", "#n/a", "#na", "#nv", "<na>", "nan", "-nan", "nat", "null", "none")
)
"""What stands for a missing cell in a column of numbers; among words these are words."""
DECIMAL_COMMA = "decimal_comma"  # in `frame.attrs`
SAMPLE_ROWS = 50  # rows that the separator is tried on ...
HEAD_BYTES = 1 << 20  # ... of so many bytes
CHUNK_ROWS = 50_000  # rows that are held as Python text at a time
MAX_CELL_CHARACTERS = 2**31 - 1  # characters of a cell, the most that the csv module can be told
WHOLE_NUMBER = re.compile(r"[+-]?[0-9]+")
MAX_DIGITS = 18  # of a whole number that fits into 64 bits
COMMA_NUMBER = re.compile(r"[+-]?[0-9]*,[0-9]+(?:[eE][+-]?[0-9]+)?")

Say = Callable[[str], None]


def to_stderr(line: str) -> None:
    """Write a note beside the output."""
    print(line, file=sys.stderr)  # noqa: T201


def is_hidden(path: Path) -> bool:
    """Check whether a file is an editor's or a system's own: hidden, a lock, or half written."""
    return path.name.startswith((".", "~")) or path.suffix.lower() == ".part"


def suffix(path: Path) -> str:
    """Return the suffix that says how to read a file: in small letters, without `.gz`."""
    name = path.name.lower().removesuffix(".gz")
    return Path(name).suffix


def stem(path: Path) -> str:
    """Return a file's name without the suffixes: `dev` of `dev.csv.gz`."""
    name = path.name[:-3] if path.name.lower().endswith(".gz") else path.name
    return Path(name).stem


def is_table(path: Path) -> bool:
    """Check whether a path is a file that `read_frame` can read, judging by its name."""
    readable = suffix(path) in {*COLUMNAR_FORMATS, *TEXT_SUFFIXES[:2]}
    return readable and not is_hidden(path) and path.is_file()


def read_frame(path: Path, *, say: Say = to_stderr, fill_short: bool = False) -> "pd.DataFrame":
    """Load a table; of a CSV file each cell is text, and an empty one is missing.

    Separator (comma, semicolon, tab), encoding (UTF-8, UTF-16, Windows-1252 with a note) and gzip
    are found out. Rows that are empty throughout are left out at the end; rows of another length
    than the heading are refused, or filled where they are short and `fill_short` is set.
    """
    kind = COLUMNAR_FORMATS.get(suffix(path), "CSV")
    try:
        if kind == "CSV":
            return _read_text(path, say, fill_short=fill_short)
        return _read_columnar(path, kind)
    except FoursplitError:
        raise
    except FileNotFoundError as error:
        raise FoursplitError(f"{path}: no such file") from error
    except (OSError, ValueError, EOFError, zlib.error, csv.Error) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise FoursplitError(f"{path}: not readable as {kind} ({reason})") from error


def _read_columnar(path: Path, kind: str) -> "pd.DataFrame":
    """Read Parquet or Feather; an index with a name is a column, as pandas means it to be."""
    import pandas as pd
    import pyarrow.parquet as pq
    from pyarrow import ipc

    data = path.read_bytes()
    if kind == "Parquet":
        _refuse_doubled(pq.read_schema(io.BytesIO(data)).names, path)
        frame = pd.read_parquet(io.BytesIO(data))
    else:
        _refuse_doubled(ipc.open_file(io.BytesIO(data)).schema.names, path)
        frame = pd.read_feather(io.BytesIO(data))
    named = [name for name in frame.index.names if name is not None and name not in frame.columns]
    frame = frame.reset_index(named) if named else frame
    return frame.reset_index(drop=True)


def _read_text(path: Path, say: Say, *, fill_short: bool) -> "pd.DataFrame":
    import pyarrow as pa

    csv.field_size_limit(MAX_CELL_CHARACTERS)
    data, encoding = _decodable(path, say)
    head = data[:HEAD_BYTES].decode(encoding, "ignore")
    first = head.partition("\n")[0]
    rows_before, separator = 0, ""
    if re.fullmatch(r'"?sep=(.)"?\r?', first):  # which Excel reads and writes
        rows_before, separator = 1, re.sub(r'[\r"]', "", first)[-1]
    separator = separator or _separator(head, is_whole=len(data) <= HEAD_BYTES)
    lines = io.TextIOWrapper(io.BytesIO(data), encoding=encoding, newline="")
    rows = (row for row in csv.reader(islice(lines, rows_before, None), delimiter=separator) if row)
    heading = [name.strip() for name in next(rows, [])]
    if not any(heading):
        raise FoursplitError(f"{path}: not readable as CSV (no heading: the file is empty)")
    _refuse_doubled([name for name in heading if name], path)
    tables = list(_tables(rows, heading, path, fill_short=fill_short))
    frame = _without_empty_end(pa.concat_tables(tables).to_pandas())
    frame = _named(frame, heading)
    frame.attrs[DECIMAL_COMMA] = separator != ","
    return frame


def _decodable(path: Path, say: Say) -> tuple[bytes, str]:
    """Return a file's bytes and their encoding, and say which that is where it is not UTF-8."""
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        say(f"{path}: read as UTF-16")
        return data, "utf-16"
    if b"\0" in data:
        raise FoursplitError(
            f"{path}: not readable as CSV (it holds binary data and no text): save it as CSV, UTF-8"
        )
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return data, _encoding(data, data.count(b"\n", 0, error.start) + 1, path, say)
    return data, "utf-8-sig"


def _encoding(data: bytes, line: int, path: Path, say: Say) -> str:
    """Return the encoding of text that is no UTF-8, if it can be Windows' own."""
    try:
        data.decode("cp1252")
    except UnicodeDecodeError as error:
        raise FoursplitError(
            f"{path}: not readable as CSV (line {line} is no UTF-8 text): save it as UTF-8"
        ) from error
    say(
        f"{path}: line {line} is no UTF-8, so the file was read as Windows-1252 (latin-1); "
        "save it as UTF-8 where letters come out wrong"
    )
    return "cp1252"


def _separator(head: str, *, is_whole: bool) -> str:
    """Find what parts the heading, and each row into as many cells, with no blank before a cell."""
    best, found = (False, False, 1), ","
    for separator in SEPARATORS:
        lines = io.StringIO(head, newline="")
        rows = [row for row in islice(csv.reader(lines, delimiter=separator), SAMPLE_ROWS) if row]
        rows = (
            rows if is_whole or len(rows) in (1, SAMPLE_ROWS) else rows[:-1]
        )  # the last is cut off
        if not rows or len(rows[0]) < 2:
            continue
        is_prose = any(name.startswith(" ") for name in rows[0])
        merit = (len({len(row) for row in rows}) == 1, not is_prose, len(rows[0]))
        if merit >= best:  # a comma is the likeliest to be in a cell
            best, found = merit, separator
    return found


def _tables(
    rows: Iterator[list[str]], heading: Sequence[str], path: Path, *, fill_short: bool
) -> Iterator["pa.Table"]:
    """Make tables of some rows each, so that a large file is not held cell by cell."""
    width, before = len(heading), 0
    yield _table([], width)
    while chunk := list(islice(rows, CHUNK_ROWS)):
        for number, row in enumerate(chunk, start=before + 1):
            if len(row) != width:
                _refuse_ragged(row, number, width, path, fill_short=fill_short)
                row[:] = [*row[:width], *[""] * (width - len(row))]
        before += len(chunk)
        yield _table(chunk, width)


def _refuse_ragged(
    row: Sequence[str], number: int, width: int, path: Path, *, fill_short: bool
) -> None:
    is_short = len(row) < width and any(row)
    if any(row[width:]) or (is_short and not fill_short):
        raise FoursplitError(
            f"{path}: not readable as CSV (row {number} has {len(row)} cells, the heading {width}):"
            " put quotes around a cell that holds the separator, or fill the row up"
        )


def _table(rows: Sequence[Sequence[str]], width: int) -> "pa.Table":
    import pyarrow as pa
    from pyarrow import compute

    columns = zip(*rows, strict=True) if rows else [()] * width
    cells = [pa.array(column, type=pa.string()) for column in columns]
    filled = [compute.if_else(compute.equal(column, ""), None, column) for column in cells]
    return pa.table(filled, names=[str(n) for n in range(width)])


def _without_empty_end(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Drop the empty rows that a spreadsheet leaves below a table."""
    filled = frame.notna().any(axis=1).to_numpy().nonzero()[0]
    return frame.iloc[: int(filled[-1]) + 1 if len(filled) else 0]


def _named(frame: "pd.DataFrame", heading: Sequence[str]) -> "pd.DataFrame":
    """Put the heading above the columns; one without a name has its place for one, or is empty."""
    kept = [n for n, name in enumerate(heading) if name or frame.iloc[:, n].notna().any()]
    frame = frame.iloc[:, kept]
    frame.columns = [heading[n] or f"Unnamed: {n}" for n in kept]
    return frame


def _refuse_doubled(names: Iterable[str], path: Path) -> None:
    doubled = [name for name, times in Counter(map(str, names)).items() if times > 1]
    if doubled:
        raise FoursplitError(
            f"{path}: column {doubled[0]!r} is there twice, and nothing says which is meant: "
            "rename or remove one of the two"
        )


def is_text(frame: "pd.DataFrame") -> bool:
    """Check whether a frame is of a file of text, where nothing says what is a number."""
    return DECIMAL_COMMA in frame.attrs


def missing(values: "pd.Series") -> "np.ndarray":
    """Tell which cells of a column of numbers are missing: empty, blank, or NA, nan, null, ..."""
    import numpy as np

    empty = values.isna().to_numpy(bool)
    if _is_number_typed(values):
        return empty
    blank = [isinstance(v, str) and v.strip().casefold() in MISSING for v in values]
    return empty | np.array(blank, dtype=bool)


def numbers(frame: "pd.DataFrame", name: str) -> "pd.Series":
    """Return a column as float64; NaN where a cell is missing (see `missing`) or is no number.

    A decimal comma counts as one where the file's separator is another.
    """
    import numpy as np
    import pandas as pd

    values = frame[name]
    if _is_number_typed(values):
        return values.astype(np.float64)
    fast = _all_numbers(values)
    if fast is not None:
        return fast
    comma = bool(frame.attrs.get(DECIMAL_COMMA))
    made = [_number(value, comma=comma) for value in values]
    return pd.Series(made, index=values.index, name=values.name, dtype=np.float64)


def _all_numbers(values: "pd.Series") -> "pd.Series | None":
    """Return numbers quickly where each cell is plainly one; Arrow rounds as Python does."""
    import pandas as pd
    import pyarrow as pa
    from pyarrow import compute

    if not isinstance(values.dtype, pd.StringDtype):
        return None
    try:
        made = compute.cast(pa.array(values, type=pa.string(), from_pandas=True), pa.float64())
    except pa.ArrowInvalid:
        return None
    made = made.to_numpy(zero_copy_only=False)
    return pd.Series(made, index=values.index, name=values.name)


def _is_number_typed(values: "pd.Series") -> bool:
    import pandas as pd

    is_bool = pd.api.types.is_bool_dtype(values)
    return pd.api.types.is_numeric_dtype(values) and not is_bool


def _number(value: object, *, comma: bool) -> float:
    """Read one cell as Python reads a number, which is the number nearest to the digits."""
    if isinstance(value, bool):
        return float("nan")
    text = str(value).strip()
    if comma and COMMA_NUMBER.fullmatch(text):
        text = text.replace(",", ".")
    if "_" in text:  # which Python would take for a separator of thousands
        return float("nan")
    try:
        return float(text)
    except ValueError:
        return float("nan")


def typed(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return a frame in which each column whose cells are numbers, or True and False, holds these.

    A column of whole numbers without a gap becomes int64, or stays text where they have more digits
    than that holds. In a column of words `NA` stays a word.
    """
    import pandas as pd

    made = {name: _typed(frame, name) for name in frame.columns}
    return pd.DataFrame(made, index=frame.index)


def _typed(frame: "pd.DataFrame", name: str) -> "pd.Series":
    import pandas as pd

    values = frame[name]
    if not (isinstance(values.dtype, pd.StringDtype) or values.dtype == object):
        return values
    if (fast := _all_numbers(values)) is not None:
        return _whole(values, fast)
    absent = missing(values)
    if not absent.any() and values.map(str).str.strip().str.lower().isin(("true", "false")).all():
        return values.map(str).str.strip().str.lower() == "true"
    found = numbers(frame, name)
    is_number = found.notna().to_numpy() | absent
    return _whole(values, found) if is_number.all() and not absent.all() else values


def _whole(values: "pd.Series", found: "pd.Series") -> "pd.Series":
    """Return int64 where each cell is a whole number that this holds."""
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    from pyarrow import compute

    if found.isna().any() or (found % 1 != 0).any():
        return found
    words = pa.array(values.astype("str"), type=pa.string())
    try:
        made = compute.cast(compute.utf8_trim_whitespace(words), pa.int64()).to_numpy()
    except pa.ArrowInvalid:
        if not values.map(str).str.strip().str.fullmatch(WHOLE_NUMBER.pattern).all():
            return found  # such as 1.0
        if values.str.len().max() > MAX_DIGITS:  # a float would lose some: it is somebody's number
            return values
        return values.map(int).astype(np.int64)
    return pd.Series(made, index=values.index, name=values.name)
