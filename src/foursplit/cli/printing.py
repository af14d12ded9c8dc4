"""Printing that cannot fail: unencodable characters are replaced, closed pipes are ignored."""

import codecs
import io
import os
import stat
import sys
import unicodedata
from typing import Any, TextIO

REPLACEMENTS = {
    "·": "-", "–": "-", "—": "-", "−": "-", "‐": "-", "→": "->", "←": "<-", "↑": "^", "↓": "v",
    "…": "...", "×": "x", "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~", "±": "+-", "•": "*", "✓": "v",
    "‘": "'", "’": "'", "“": '"', "”": '"', "½": "1/2", "²": "2", "³": "3", "€": "EUR", "ß": "ss",
}  # fmt: skip

ERRORS, ASCII = "foursplit.replace", "foursplit-ascii"


def prepare() -> None:
    """Make stdout and stderr accept every character, and survive a closed pipe."""
    codecs.register_error(ERRORS, _replace)
    try:
        codecs.lookup(ASCII)
    except LookupError:
        codecs.register(_find_codec)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper) and stream.errors != ERRORS:
            is_ascii = codecs.lookup(stream.encoding).name == "ascii"
            # With the name "ascii", click assumes a wrong locale and prints UTF-8.
            stream.reconfigure(encoding=ASCII if is_ascii else None, errors=ERRORS)
            if _is_pipe(stream):
                setattr(sys, name, PipeStream(stream))


class PipeStream:
    """A stream to a pipe; output after the reader has closed it is dropped."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            return self._drop(len(text))

    def flush(self) -> None:
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._drop(0)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _drop(self, n: int) -> int:
        """Redirect the stream to /dev/null, so that its buffer can still be flushed at exit."""
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, self._stream.fileno())
        os.close(devnull)
        return n


def _is_pipe(stream: TextIO) -> bool:
    try:
        mode = os.fstat(stream.fileno()).st_mode
    except (OSError, ValueError):  # not a file, as in tests and notebooks
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _replace(error: UnicodeError) -> tuple[str, int]:
    """Replace characters that the terminal cannot encode by ASCII."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_to_ascii, error.object[error.start : error.end])), error.end


def _to_ascii(character: str) -> str:
    if 0xDC80 <= ord(character) <= 0xDCFF:  # a byte of a file name that is not UTF-8
        return f"\\x{ord(character) - 0xDC00:02x}"
    letters = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return REPLACEMENTS.get(character) or letters or "?"


def _find_codec(name: str) -> codecs.CodecInfo | None:
    if name.replace("_", "-") != ASCII:
        return None
    base = codecs.lookup("ascii")
    return codecs.CodecInfo(
        base.encode,
        base.decode,
        base.streamreader,
        base.streamwriter,
        base.incrementalencoder,
        base.incrementaldecoder,
        name=ASCII,
    )
