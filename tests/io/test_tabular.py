"""The reader of people's tables: text first, and whatever their programs wrote is found out."""

import csv
import gzip
import io

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import feather

from foursplit.core.errors import FoursplitError
from foursplit.io import tabular


def read(tmp_path, content, name="table.csv", **options):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return tabular.read_frame(path, **options)


CELL = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6
) | st.sampled_from(["", "NA", "None", "1,5", "1;5", '"', "a\nb", "a\rb", "'=1", "007", "1e5"])
HEADING = st.lists(st.sampled_from("abcde"), min_size=2, max_size=5, unique=True)


@given(
    HEADING, st.data(), st.sampled_from(",;\t"), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"])
)
@settings(deadline=None, max_examples=60)
def test_what_pandas_writes_is_read_cell_by_cell(
    tmp_path_factory, heading, data, separator, encoding
):
    row = st.tuples(*(CELL for _ in heading))
    rows = data.draw(st.lists(row, min_size=1, max_size=5))
    rows.append(("end",) * len(heading))  # an empty row at the end is none
    frame = pd.DataFrame(rows, columns=heading)
    folder = tmp_path_factory.mktemp("tables")
    text = frame.to_csv(index=False, sep=separator, quoting=1, lineterminator="\n")
    found = read(folder, text.encode(encoding), notify=[].append)
    assert found.fillna("").to_numpy().tolist() == frame.to_numpy().tolist()
    packed = read(folder, gzip.compress(text.encode(encoding)), "t.csv.gz", notify=[].append)
    pd.testing.assert_frame_equal(packed, found)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_heading_says_what_parts_cells_and_not_what_is_in_them(tmp_path, separator):
    other = "; " if separator == "," else ", "
    rows = [["name", f"price{other}EUR"], ["a", "1,5" if separator != "," else "1.5"]]
    found = read(tmp_path, "\n".join(separator.join(row) for row in rows))
    assert [*found.columns] == rows[0]
    assert tabular.to_float(found, rows[0][1]).tolist() == [1.5]


@given(
    st.sampled_from([",", ";", "\t", "|"]),
    st.lists(st.text('ab;,|\t" ', min_size=1), min_size=2, max_size=4, unique_by=str.strip),
)
def test_quoted_headings_may_hold_any_separator(tmp_path_factory, separator, names):
    names = [f"{name.strip()}x" for name in names]
    text = io.StringIO()
    csv.writer(text, delimiter=separator, quoting=csv.QUOTE_ALL).writerows([names, names])
    assert [*read(tmp_path_factory.mktemp("tables"), text.getvalue()).columns] == names


def test_a_decimal_comma_counts_only_where_commas_do_not_part_cells(tmp_path):
    assert tabular.to_float(read(tmp_path, 'a,b\n"1,5",2\n'), "a").isna().all()
    assert tabular.infer_types(read(tmp_path, "a;b\n1,5;2\n"))["a"].tolist() == [1.5]


def test_windows_text_is_read_and_said(tmp_path):
    said = []
    found = read(tmp_path, "a,b\nMüller,€\n".encode("cp1252"), notify=said.append)
    assert found.to_numpy().tolist() == [["Müller", "€"]]
    assert "line 2" in said[0]


@pytest.mark.parametrize(
    "content", [b"a,b\n1,\x00\n", b"PK\x03\x04\x00", bytes(range(128, 256)), b""]
)
def test_what_is_no_text_is_refused(tmp_path, content):
    with pytest.raises(FoursplitError, match=r"table\.csv: not readable as CSV"):
        read(tmp_path, content)


@pytest.mark.parametrize(
    ("text", "row"), [("a,b\n1,2\n3\n", 2), ("a,b\n1,2,3\n", 1), ('a,b\n"x\ny",1\n1,2,3\n', 2)]
)
def test_a_ragged_row_is_refused_by_its_number(tmp_path, text, row):
    with pytest.raises(FoursplitError, match=f"row {row} has"):
        read(tmp_path, text)


def test_what_spreadsheets_leave_behind_is_no_row_and_no_column(tmp_path):
    found = read(tmp_path, "sep=;\r\na;b;;\r\n1;2;;\r\n\r\n;;;\r\n;;;\r\n")
    assert found.to_numpy().tolist() == [["1", "2"]]
    assert [*found.columns] == ["a", "b"]
    assert read(tmp_path, "a,b\n1\n", pad_short_rows=True)["b"].isna().all()


def test_a_column_without_a_name_is_named_by_its_place(tmp_path):
    assert [*read(tmp_path, ",a\n0,x\n").columns] == ["Unnamed: 0", "a"]


def write_doubled(path):
    table = pa.table([pa.array([1]), pa.array([2])], names=["a", "a"])
    if path.suffix == ".parquet":
        pq.write_table(table, path)
    elif path.suffix == ".feather":
        feather.write_feather(table, path)
    else:
        path.write_text("a, a\n1,2\n")


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "t.feather"])
def test_a_doubled_heading_is_refused_by_name(tmp_path, name):
    write_doubled(tmp_path / name)
    with pytest.raises(FoursplitError, match="column 'a' exists twice"):
        tabular.read_frame(tmp_path / name)


def test_words_stay_words_and_numbers_have_gaps(tmp_path):
    text = "word,number,whole,truth,id\nNA,NA,1,True,15771348000180020401\nNone,1.5,2,false,1\n"
    found = tabular.infer_types(read(tmp_path, text))
    assert found["word"].tolist() == ["NA", "None"]
    assert found["number"].isna().tolist() == [True, False]
    assert found["whole"].dtype == "int64"
    assert found["truth"].tolist() == [True, False]
    assert found["id"].tolist()[0] == "15771348000180020401"  # no float has as many digits


@given(st.lists(st.floats(allow_nan=False), min_size=1))
@settings(deadline=None)
def test_a_number_comes_back_to_its_last_digit(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("numbers") / "n.csv"
    pd.DataFrame({"x": values, "y": 1}).to_csv(path, index=False)
    assert tabular.to_float(tabular.read_frame(path), "x").tolist() == values


@pytest.mark.parametrize("value", ["1_000", "0x1F", "1.234,5", "one", "١x"])
def test_what_a_person_would_not_call_a_number_is_none(tmp_path, value):
    path = tmp_path / "n.csv"
    path.write_text(f'x,y\n"{value}",1\n')
    assert tabular.to_float(tabular.read_frame(path), "x").isna().all()


def test_an_index_with_a_name_is_a_column(tmp_path):
    frame = pd.DataFrame({"loss": [0.0]}, index=pd.Index(["x"], name="example_id"))
    frame.to_parquet(tmp_path / "t.parquet")
    assert tabular.read_frame(tmp_path / "t.parquet")["example_id"].tolist() == ["x"]


@pytest.mark.parametrize(
    "name", [".DS_Store", "._dev.csv", "~$dev.csv", ".~lock.dev.csv#", "dev.csv.part"]
)
def test_files_of_systems_and_editors_are_no_tables(tmp_path, name):
    (tmp_path / name).write_text("x")
    assert not tabular.is_table(tmp_path / name)


@pytest.mark.parametrize(
    "name", ["dev.CSV", "dev.csv.gz", "dev.CSV.GZ", "dev.PARQUET", "dev.feather"]
)
def test_suffixes_in_capitals_are_suffixes(tmp_path, name):
    (tmp_path / name).write_text("x")
    assert tabular.is_table(tmp_path / name)
    assert tabular.stem(tmp_path / name) == "dev"
