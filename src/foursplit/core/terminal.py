"""Text of foreign origin on its way to a terminal, which must not obey it."""

import unicodedata

BREAKS = frozenset("\n\t")
"""Controls that a message of several lines may hold."""

# They reorder what a reader sees, and are of the category of harmless joiners.
BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def printable(text: object, allowed: frozenset[str] = BREAKS) -> str:
    """Return `text` with each control character written as its escape."""
    shown = str(text)
    if shown.isascii() and shown.isprintable():
        return shown
    return "".join(c if c in allowed or not _controls(c) else _escape(c) for c in shown)


def line(text: object) -> str:
    """Return `text` as one line: a line break in a name is escaped as well."""
    return printable(text, frozenset())


def _controls(character: str) -> bool:
    return character in BIDI or unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
