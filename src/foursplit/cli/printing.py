"""Printing that ends no command: signs a terminal lacks, and readers that have left."""

import codecs
import io
import os
import stat
import sys
import unicodedata
from typing import Any, TextIO

SIGNS = {
    "·": "-", "–": "-", "—": "-", "−": "-", "‐": "-", "→": "->", "←": "<-", "↑": "^", "↓": "v",
    "…": "...", "×": "x", "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~", "±": "+-", "•": "*", "✓": "v",
    "‘": "'", "’": "'", "“": '"', "”": '"', "½": "1/2", "²": "2", "³": "3", "€": "EUR", "ß": "ss",
}  # fmt: skip

ERRORS, ASCII = "foursplit.replace", "foursplit-ascii"


def prepare() -> None:
    """Make both streams of this process print whatever they are given, and outlive their reader."""
    codecs.register_error(ERRORS, _replace)
    try:
        codecs.lookup(ASCII)
    except LookupError:
        codecs.register(_ascii)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper) and stream.errors != ERRORS:
            plain = codecs.lookup(stream.encoding).name == "ascii"
            # By its true name click would take it for a mistake, and print UTF-8.
            stream.reconfigure(encoding=ASCII if plain else None, errors=ERRORS)
            if _is_pipe(stream):
                setattr(sys, name, Lasting(stream))


class Lasting:
    """A stream to a pipe: once nobody reads there, what is printed is dropped."""

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
        """Lead the stream nowhere: what it still holds must go somewhere at the end, too."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)
        return n


def _is_pipe(stream: TextIO) -> bool:
    try:
        mode = os.fstat(stream.fileno()).st_mode
    except (OSError, ValueError):  # no file at all, as in tests and notebooks
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _replace(error: UnicodeError) -> tuple[str, int]:
    """Write in ASCII what the terminal has no sign for."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_plain, error.object[error.start : error.end])), error.end


def _plain(sign: str) -> str:
    if 0xDC80 <= ord(sign) <= 0xDCFF:  # a byte of a file's name that is no UTF-8
        return f"\\x{ord(sign) - 0xDC00:02x}"
    parts = unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode()
    return SIGNS.get(sign) or parts or "?"


def _ascii(name: str) -> codecs.CodecInfo | None:
    if name.replace("_", "-") != ASCII:
        return None
    base = codecs.lookup("ascii")
    return codecs.CodecInfo(
        base.encode, base.decode, base.streamreader, base.streamwriter,
        base.incrementalencoder, base.incrementaldecoder, name=ASCII,
    )  # fmt: skip
