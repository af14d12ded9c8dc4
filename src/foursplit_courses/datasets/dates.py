"""Dates as people write them, to be rewritten as ISO 8601: 3 May 1979 is 1979-05-03."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from foursplit.core.dataset_spec import DatasetSpec, ReferenceLevel
from foursplit.core.seeds import generator

N_DATES = 4000
FIRST, LAST = date(1970, 1, 1), date(2068, 12, 31)  # two digits name a year as POSIX's %y does
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

FORMATS = {
    "day month year": "{d} {month} {y}",
    "day mon year": "{d} {mon} {y}",
    "month day, year": "{month} {d}, {y}",
    "mon day, year": "{mon} {d}, {y}",
    "weekday, month day, year": "{weekday}, {month} {d}, {y}",
    "weekday day month year": "{weekday} {d} {month} {y}",
    "dd.mm.yy": "{dd}.{mm}.{yy}",
    "mm/dd/yy": "{mm}/{dd}/{yy}",
}
"""How a date is written; with dots the day comes first, with slashes the month."""

SPEC = DatasetSpec(
    title="Dates as people write them",
    provenance=(
        "4,000 dates from 1970 to 2068, drawn by NumPy's generator from a fixed seed, each written "
        "in one of eight ways and one of three cases. The exercise that it follows draws such "
        "pairs with another library: the same kind of data, not the same pairs."
    ),
    licence="made here",
    files=(),
    target="",
    text="written",
    tokenizer="characters",
    further={"answer": "target"},
    row_is_unit="each line is drawn apart from the others; equal lines are one group",
    slices=("format", "case"),
    reference=ReferenceLevel(
        error=0.0,
        kind="best known",
        citation="by construction: the eight ways are unambiguous, and a parser of them is "
        "always right (tests/datasets/test_dates.py has one)",
    ),
)


def write(day: date, format_name: str) -> str:
    """Return a date as one of `FORMATS` writes it."""
    month = MONTHS[day.month - 1]
    return FORMATS[format_name].format(
        d=day.day,
        dd=f"{day.day:02}",
        mm=f"{day.month:02}",
        month=month,
        mon=month[:3],
        weekday=DAYS[day.weekday()],
        y=day.year,
        yy=f"{day.year % 100:02}",
    )


CASES: dict[str, Callable[[str], str]] = {"as usual": str, "lower": str.lower, "upper": str.upper}


def read(_raw: Path) -> pd.DataFrame:
    """Draw one row a date; there is no file to read."""
    rng = generator("dates", 1)
    span = (LAST - FIRST).days
    days = [FIRST + timedelta(days=int(n)) for n in rng.integers(0, span + 1, N_DATES)]
    formats = rng.choice(list(FORMATS), N_DATES).tolist()
    cases = rng.choice(list(CASES), N_DATES).tolist()
    rows = zip(days, formats, cases, strict=True)
    return pd.DataFrame(
        {
            "written": [CASES[case](write(day, name)) for day, name, case in rows],
            "answer": [day.isoformat() for day in days],
            "format": formats,
            "case": cases,
        }
    )


def suite() -> list[Any]:
    """Return the expectations on the written dates and their answers."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectTableRowCountToEqual(value=N_DATES),
        gxe.ExpectColumnValueLengthsToBeBetween(column="written", min_value=8, max_value=29),
        gxe.ExpectColumnValuesToMatchRegex(column="answer", regex=r"^(19|20)\d\d-[01]\d-[0-3]\d$"),
        gxe.ExpectColumnValuesToBeInSet(column="format", value_set=list(FORMATS)),
        gxe.ExpectColumnValuesToBeInSet(column="case", value_set=list(CASES)),
    ]


def profile_suite() -> list[Any]:
    """Return the expectations on the texts' lengths, in each split."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectColumnValuesToBeBetween(column="x.length", min_value=8, max_value=29),
        gxe.ExpectColumnUniqueValueCountToBeBetween(column="x.length", min_value=10),
        gxe.ExpectColumnMeanToBeBetween(column="x.length", min_value=12, max_value=18),
        gxe.ExpectColumnValuesToBeInSet(column="x.is_blank", value_set=[False]),
        gxe.ExpectColumnValuesToBeInSet(column="answer.length", value_set=[len("1979-05-03")]),
    ]
