"""Dates: a parser written apart from the data set reads every line, and the table repeats."""

from datetime import datetime
from pathlib import Path

from foursplit_courses.datasets import dates

PATTERNS = {
    "day month year": "%d %B %Y",
    "day mon year": "%d %b %Y",
    "month day, year": "%B %d, %Y",
    "mon day, year": "%b %d, %Y",
    "weekday, month day, year": "%A, %B %d, %Y",
    "weekday day month year": "%A %d %B %Y",
    "dd.mm.yy": "%d.%m.%y",
    "mm/dd/yy": "%m/%d/%y",
}


def test_the_standard_librarys_parser_reads_every_line():
    frame = dates.read(Path("nowhere"))
    assert set(frame["format"]) == set(PATTERNS)
    for row in frame.itertuples():
        parsed = datetime.strptime(row.written, PATTERNS[row.format])
        assert parsed.date().isoformat() == row.answer


def test_no_two_readings_of_a_line_are_both_dates_of_the_data_set():
    """The least error is 0: a line with dots or slashes has one reading."""
    frame = dates.read(Path("nowhere"))
    assert (frame.groupby("written")["answer"].nunique() == 1).all()


def test_the_table_is_the_same_each_time():
    assert dates.read(Path("nowhere")).equals(dates.read(Path("nowhere")))
