"""Recognise how the cells of a column are written: units, thousands, decimal signs, dates."""

import re
from itertools import product

import pandas as pd

from foursplit.core.column import Column
from foursplit.io import raw_columns

SIGNS = ("$", "€", "£", "¥", "₹", "US$", "USD", "EUR", "GBP", "CHF", "JPY", "INR")
"""Units that may stand before a number."""

NUMBER = re.compile(
    r"\(?\s*[+-]?\s*(?P<before>[^\d\s.,()+'-]{1,3})?\s*[+-]?"
    r"[\d.,][\d.,' ]*?\s*(?P<after>%|[^\W\d_]{1,4}|[$€£¥₹°])?\s*\)?"
)

PUNCTUATION = ((",", "."), (".", ","), (" ", "."), (" ", ","), ("'", "."))
"""Thousands and decimal signs, in the order in which they are tried."""

DAYS = (
    "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%d/%m/%y", "%m/%d/%y",
    "%d.%m.%y", "%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d-%b-%y",
    "%Y.%m.%d",
)  # fmt: skip
TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", "T%H:%M:%S", " %H:%M:%S %Z")
LOOKS_LIKE_DATE = re.compile(
    r"\d{1,4}[-/.]\d{1,2}([-/.]\d{1,4})?([ T].*)?|\d{1,2}[ -][A-Za-z]{3,9}[ -]\d{2,4}.*"
    r"|[A-Za-z]{3,9} \d{1,2}, \d{4}.*"
)
DATE_NAME = re.compile(r".*(date|day|time|_at|_on|_dt)", re.IGNORECASE | re.DOTALL)


def are_codes(texts: pd.Series) -> bool:
    """Return whether digits are names: 00123 is a code, such as a zip code, and no number."""
    digits = texts.str.fullmatch(r"\d+")
    return bool(digits.all() and (texts.str.startswith("0") & (texts.str.len() > 1)).any())


def are_compact_dates(name: str, texts: pd.Series) -> bool:
    """Return whether whole numbers are dates such as 20240331, in a column named like one."""
    if not DATE_NAME.fullmatch(name) or not texts.str.fullmatch(r"(19|20)\d{6}").all():
        return False
    return bool(raw_columns.to_dates(texts, "%Y%m%d").notna().all())


def number_format(texts: pd.Series, *, decimal_comma: bool) -> Column | None:
    """Return how numbers are written; None if a cell is no number, or two units are mixed."""
    matches = [NUMBER.fullmatch(text.replace("\xa0", " ").replace("\u202f", " ")) for text in texts]
    if not matches or any(match is None for match in matches):
        return None
    before = {match["before"] for match in matches if match and match["before"]}
    after = {match["after"] for match in matches if match and match["after"]}
    units = before | after
    if len(units) > 1 or not before <= {*SIGNS}:
        return None
    unit = next(iter(units), "")
    is_everywhere = all(match and (match["before"] or match["after"]) for match in matches)
    if (after and after <= {*"eE"}) or (unit and not is_everywhere and unit not in {*SIGNS}):
        return None
    candidates = [Column("number", unit=unit)]
    order = sorted(PUNCTUATION, key=lambda pair: (pair[1] == ",") != decimal_comma)
    candidates += [Column("number", unit, thousands, decimal) for thousands, decimal in order]
    for column in candidates:
        if raw_columns.written_numbers(texts, column).notna().all():
            return column
    return None


def date_format(texts: pd.Series) -> tuple[str, str] | None:
    """Return the format of dates, empty for ISO 8601, and a note for people; None for no dates."""
    if not texts.str.fullmatch(LOOKS_LIKE_DATE.pattern).all():
        return None
    zone = " in zones, read as UTC" if texts.str.contains(r"[+-]\d\d:?\d\d$|Z$|UTC$").any() else ""
    if not texts.str.fullmatch(r"[\d.]+").all() and _fits(texts, ""):
        return "", zone
    first = texts.iloc[:200]  # formats are tried on these; the whole column decides
    for day, time in product(DAYS, TIMES):
        if _fits(first, day + time) and _fits(texts, day + time):
            return day + time, zone + _ambiguity(texts, day, time)
    return None


def _fits(texts: pd.Series, written: str) -> bool:
    return bool(raw_columns.to_dates(texts, written).notna().all())


def _ambiguity(texts: pd.Series, day: str, time: str) -> str:
    """Return a warning if day and month could be the other way round."""
    swapped = day.translate(str.maketrans("dm", "md"))
    if swapped == day or "%b" in day or "%B" in day or day.startswith("%Y"):
        return ""
    if "." in day or not _fits(texts, swapped + time):
        return ""
    return f"; day and month may be swapped: read as {day}, change `format` if it is {swapped}"
