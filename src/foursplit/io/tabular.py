"""Read tables from users' files: CSV cells as text, then numbers per column.

Separator, encoding and compression are detected; errors name the file and row.
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
SEPARATORS = ("|", ",", ";", "\t")
MISSING = frozenset(
    ("", "na", "n/a", "#n/a", "#na", "#nv", "<na>", "nan", "-nan", "nat", "null", "none")
)
"""Texts of a missing cell in a column of numbers; in a column of words they are words."""
DECIMAL_COMMA = "decimal_comma"  # in `frame.attrs`
SAMPLE_ROWS = 50  # rows for the detection of the separator ...
HEAD_BYTES = 1 << 20  # ... within these first bytes
CHUNK_ROWS = 50_000  # rows held as Python strings at a time
MAX_CELL_CHARACTERS = 2**31 - 1  # of a cell: the maximum of the csv module
WHOLE_NUMBER = re.compile(r"[+-]?[0-9]+")
MAX_DIGITS = 18  # of a whole number that fits into int64
COMMA_NUMBER = re.compile(r"[+-]?[0-9]*,[0-9]+(?:[eE][+-]?[0-9]+)?")

Notify = Callable[[str], None]


def print_note(line: str) -> None:
    """Print a note to stderr."""
    print(line, file=sys.stderr)  # noqa: T201


def is_hidden(path: Path) -> bool:
    """Check whether a file is hidden, a lock file of an editor, or incomplete."""
    return path.name.startswith((".", "~")) or path.suffix.lower() == ".part"


def suffix(path: Path) -> str:
    """Return the suffix that gives the format of a file: lower case, without `.gz`."""
    name = path.name.lower().removesuffix(".gz")
    return Path(name).suffix


def stem(path: Path) -> str:
    """Return a file's name without the suffixes: `dev` of `dev.csv.gz`."""
    name = path.name[:-3] if path.name.lower().endswith(".gz") else path.name
    return Path(name).stem


def is_table(path: Path) -> bool:
    """Check by its name whether `read_frame` can read a file."""
    readable = suffix(path) in {*COLUMNAR_FORMATS, *TEXT_SUFFIXES[:2]}
    return readable and not is_hidden(path) and path.is_file()


def read_frame(
    path: Path, *, notify: Notify = print_note, pad_short_rows: bool = False
) -> "pd.DataFrame":
    """Load a table; a cell of a CSV file is text, and an empty one is missing.

    Separator (comma, semicolon, tab, bar), encoding (UTF-8, UTF-16, Windows-1252 with a note) and
    gzip are detected. Empty rows at the end are dropped. Raises for a row of another length
    than the header; `pad_short_rows` pads shorter rows instead.
    """
    file_format = COLUMNAR_FORMATS.get(suffix(path), "CSV")
    try:
        if file_format == "CSV":
            return _read_text(path, notify, fill_short=pad_short_rows)
        return _read_columnar(path, file_format)
    except FoursplitError:
        raise
    except FileNotFoundError as error:
        raise FoursplitError(f"{path}: no such file") from error
    except (OSError, ValueError, EOFError, zlib.error, csv.Error) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise FoursplitError(f"{path}: not readable as {file_format} ({reason})") from error


def _read_columnar(path: Path, file_format: str) -> "pd.DataFrame":
    """Read Parquet or Feather; a named index becomes a column."""
    import pandas as pd
    import pyarrow.parquet as pq
    from pyarrow import ipc

    data = path.read_bytes()
    if file_format == "Parquet":
        _require_unique(pq.read_schema(io.BytesIO(data)).names, path)
        frame = pd.read_parquet(io.BytesIO(data))
    else:
        _require_unique(ipc.open_file(io.BytesIO(data)).schema.names, path)
        frame = pd.read_feather(io.BytesIO(data))
    index = [name for name in frame.index.names if name is not None and name not in frame.columns]
    frame = frame.reset_index(index) if index else frame
    return frame.reset_index(drop=True)


def _read_text(path: Path, say: Notify, *, fill_short: bool) -> "pd.DataFrame":
    import pyarrow as pa

    csv.field_size_limit(MAX_CELL_CHARACTERS)
    data, encoding = _read_bytes(path, say)
    head = data[:HEAD_BYTES].decode(encoding, "ignore")
    first = head.partition("\n")[0]
    rows_before, separator = 0, ""
    if re.fullmatch(r'"?sep=(.)"?\r?', first):  # which Excel reads and writes
        rows_before, separator = 1, re.sub(r'[\r"]', "", first)[-1]
    separator = separator or _detect_separator(head, is_whole=len(data) <= HEAD_BYTES)
    lines = io.TextIOWrapper(io.BytesIO(data), encoding=encoding, newline="")
    rows = (row for row in csv.reader(islice(lines, rows_before, None), delimiter=separator) if row)
    header = [name.strip() for name in next(rows, [])]
    if not any(header):
        raise FoursplitError(f"{path}: not readable as CSV (no header: the file is empty)")
    _require_unique([name for name in header if name], path)
    tables = list(_tables(rows, header, path, fill_short=fill_short))
    frame = _drop_empty_end(pa.concat_tables(tables).to_pandas())
    frame = _set_header(frame, header)
    frame.attrs[DECIMAL_COMMA] = separator != ","
    return frame


def _read_bytes(path: Path, say: Notify) -> tuple[bytes, str]:
    """Return a file's bytes and encoding; notify about an encoding other than UTF-8."""
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        say(f"{path}: read as UTF-16")
        return data, "utf-16"
    if b"\0" in data:
        raise FoursplitError(
            f"{path}: not readable as CSV (binary data, not text). Save it as CSV in UTF-8"
        )
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return data, _encoding(data, data.count(b"\n", 0, error.start) + 1, path, say)
    return data, "utf-8-sig"


def _encoding(data: bytes, line: int, path: Path, say: Notify) -> str:
    """Return Windows-1252 for text that is not UTF-8; raise if it is not that either."""
    try:
        data.decode("cp1252")
    except UnicodeDecodeError as error:
        raise FoursplitError(
            f"{path}: not readable as CSV (line {line} is not UTF-8). Save it as UTF-8"
        ) from error
    say(
        f"{path}: line {line} is not UTF-8, so the file was read as Windows-1252 (latin-1). "
        "Save it as UTF-8 if letters are wrong"
    )
    return "cp1252"


def _detect_separator(head: str, *, is_whole: bool) -> str:
    """Return the separator that gives the header and each row the same number of cells.

    Text after the closing quote of a cell rules a separator out where another one remains.
    """
    best_score, best = (False, False, False, 1), ","
    for separator in SEPARATORS:
        lines = io.StringIO(head, newline="")
        rows = [row for row in islice(csv.reader(lines, delimiter=separator), SAMPLE_ROWS) if row]
        is_cut = not is_whole and len(rows) not in (1, SAMPLE_ROWS)
        rows = rows[:-1] if is_cut else rows
        if not rows or len(rows[0]) < 2:
            continue
        is_prose = any(name.startswith(" ") for name in rows[0])
        is_even = len({len(row) for row in rows}) == 1
        score = (_is_well_quoted(head, separator), is_even, not is_prose, len(rows[0]))
        if score >= best_score:  # a comma is the likeliest separator to be inside a cell
            best_score, best = score, separator
    return best


def _is_well_quoted(head: str, separator: str) -> bool:
    """Check that a separator or the end of the line follows each closing quote of the sample."""
    rows = csv.reader(io.StringIO(head, newline=""), delimiter=separator, strict=True)
    try:
        for _ in islice(rows, SAMPLE_ROWS):
            pass
    except csv.Error as error:
        return "unexpected end" in str(error)  # the sample ends inside a cell
    return True


def _tables(
    rows: Iterator[list[str]], header: Sequence[str], path: Path, *, fill_short: bool
) -> Iterator["pa.Table"]:
    """Yield tables of some rows each, so that Python strings of a large file need little memory."""
    width, before = len(header), 0
    yield _table([], width)
    while chunk := list(islice(rows, CHUNK_ROWS)):
        for number, row in enumerate(chunk, start=before + 1):
            if len(row) != width:
                _require_width(row, number, width, path, fill_short=fill_short)
                row[:] = [*row[:width], *[""] * (width - len(row))]
        before += len(chunk)
        yield _table(chunk, width)


def _require_width(
    row: Sequence[str], number: int, width: int, path: Path, *, fill_short: bool
) -> None:
    is_short = len(row) < width and any(row)
    if any(row[width:]) or (is_short and not fill_short):
        raise FoursplitError(
            f"{path}: not readable as CSV (row {number} has {len(row)} cells, the header {width})."
            " Quote a cell that contains the separator, or complete the row"
        )


def _table(rows: Sequence[Sequence[str]], width: int) -> "pa.Table":
    import pyarrow as pa
    from pyarrow import compute

    columns = zip(*rows, strict=True) if rows else [()] * width
    cells = [pa.array(column, type=pa.string()) for column in columns]
    filled = [compute.if_else(compute.equal(column, ""), None, column) for column in cells]
    return pa.table(filled, names=[str(n) for n in range(width)])


def _drop_empty_end(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Drop the empty rows below a table, which spreadsheets leave."""
    if len(frame) and frame.iloc[-1].notna().any():
        return frame
    filled = frame.notna().any(axis=1).to_numpy().nonzero()[0]
    return frame.iloc[: int(filled[-1]) + 1 if len(filled) else 0]


def _set_header(frame: "pd.DataFrame", header: Sequence[str]) -> "pd.DataFrame":
    """Set the column names: `Unnamed: n` for an empty one; drop columns without name and cells."""
    columns = [n for n, name in enumerate(header) if name or frame.iloc[:, n].notna().any()]
    frame = frame.iloc[:, columns]
    frame.columns = [header[n] or f"Unnamed: {n}" for n in columns]
    return frame


def _require_unique(names: Iterable[str], path: Path) -> None:
    repeated = [name for name, count in Counter(map(str, names)).items() if count > 1]
    if repeated:
        raise FoursplitError(
            f"{path}: column {repeated[0]!r} exists twice. Rename or remove one of the two"
        )


def has_text_cells(frame: "pd.DataFrame") -> bool:
    """Check whether a frame was read from a text file, which declares no types."""
    return DECIMAL_COMMA in frame.attrs


def missing_mask(values: "pd.Series") -> "np.ndarray":
    """Return a mask of missing cells in a column of numbers: empty, blank, or NA, nan, null, ..."""
    import numpy as np

    empty = values.isna().to_numpy(bool)
    if _is_number_typed(values):
        return empty
    blank = [isinstance(v, str) and v.strip().casefold() in MISSING for v in values]
    return empty | np.array(blank, dtype=bool)


def to_float(frame: "pd.DataFrame", name: str) -> "pd.Series":
    """Return a column as float64; NaN for a cell that is missing or not a number.

    A decimal comma is read as such unless the comma is the file's separator.
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
    parsed = [_number(value, comma=comma) for value in values]
    return pd.Series(parsed, index=values.index, name=values.name, dtype=np.float64)


def _all_numbers(values: "pd.Series") -> "pd.Series | None":
    """Return a column of plain numbers with Arrow, which rounds as Python does; else None."""
    import pandas as pd
    import pyarrow as pa
    from pyarrow import compute

    if not isinstance(values.dtype, pd.StringDtype):
        return None
    try:
        array = compute.cast(pa.array(values, type=pa.string(), from_pandas=True), pa.float64())
    except pa.ArrowInvalid:
        return None
    parsed = array.to_numpy(zero_copy_only=False)
    return pd.Series(parsed, index=values.index, name=values.name)


def _is_number_typed(values: "pd.Series") -> bool:
    import pandas as pd

    is_bool = pd.api.types.is_bool_dtype(values)
    return pd.api.types.is_numeric_dtype(values) and not is_bool


def _number(value: object, *, comma: bool) -> float:
    """Parse one cell with Python's correctly rounded float; NaN if it is not a number."""
    if isinstance(value, bool):
        return float("nan")
    text = str(value).strip()
    if comma and COMMA_NUMBER.fullmatch(text):
        text = text.replace(",", ".")
    if "_" in text:  # which Python accepts as a thousands separator
        return float("nan")
    try:
        return float(text)
    except ValueError:
        return float("nan")


def infer_types(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return a frame with inferred types: numbers and booleans are parsed, other columns are text.

    Whole numbers without missing cells become int64; with more digits than int64 holds they stay
    text. In a column of words, `NA` stays a word.
    """
    import pandas as pd

    columns = {name: _typed(frame, str(name), values) for name, values in frame.items()}
    return pd.DataFrame(columns, index=frame.index)


def _typed(frame: "pd.DataFrame", name: str, values: "pd.Series") -> "pd.Series":
    import pandas as pd

    if not (isinstance(values.dtype, pd.StringDtype) or values.dtype == object):
        return values
    if (fast := _all_numbers(values)) is not None:
        return _whole(values, fast)
    absent = missing_mask(values)
    if not absent.any() and values.map(str).str.strip().str.lower().isin(("true", "false")).all():
        return values.map(str).str.strip().str.lower() == "true"
    parsed = to_float(frame, name)
    is_number = parsed.notna().to_numpy() | absent
    return _whole(values, parsed) if is_number.all() and not absent.all() else values


def _whole(values: "pd.Series", parsed: "pd.Series") -> "pd.Series":
    """Return int64 if each cell is a whole number that fits, else the parsed or text column."""
    import numpy as np
    import pandas as pd
    import pyarrow as pa

    numbers = parsed.to_numpy(np.float64)
    if not (np.isfinite(numbers) & (numbers == np.floor(numbers))).all():
        return parsed
    is_text = isinstance(values.dtype, pd.StringDtype)
    words = pa.array(values if is_text else values.astype("str"), type=pa.string())
    try:
        integers = _to_int64(words)
    except pa.ArrowInvalid:
        if not values.map(str).str.strip().str.fullmatch(WHOLE_NUMBER.pattern).all():
            return parsed  # such as 1.0
        if values.str.len().max() > MAX_DIGITS:  # a float would lose digits of an id
            return values
        return values.map(int).astype(np.int64)
    return pd.Series(integers, index=values.index, name=values.name)


def _to_int64(words: "pa.StringArray") -> "np.ndarray":
    """Parse whole numbers; raise ArrowInvalid for other text."""
    import pyarrow as pa
    from pyarrow import compute

    try:
        return compute.cast(words, pa.int64()).to_numpy()
    except pa.ArrowInvalid:  # blanks around a number are allowed, but rare
        return compute.cast(compute.utf8_trim_whitespace(words), pa.int64()).to_numpy()
