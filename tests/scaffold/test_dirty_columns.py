"""`new dataset` on the dirt of real files: what each column is read as, and that it is learnt."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests import dirty_tables

from foursplit.config.preprocess import PreprocessConfig
from foursplit.core.column import Column
from foursplit.core.errors import FoursplitError
from foursplit.data import to_examples
from foursplit.io import raw_columns, tabular
from foursplit.scaffold import dataset_file, infer_columns, infer_schema
from foursplit.training import preprocess

TABLE = dirty_tables.all_at_once()


def written(folder, table, name="data.csv", **options):
    path = folder / name
    table.to_csv(path, index=False, **options)
    return path


def schema_of(path, target="left", **wishes):
    frame = tabular.read_frame(path, notify=lambda _: None)
    return infer_schema.infer_schema(frame, target, str(path), infer_schema.Wishes(**wishes))


def run_generated(path, schema):
    """Return what the generated code declares and reads."""
    space = {"__name__": "generated"}
    exec(compile(dataset_file.render("mine", schema, path.name), "mine.py", "exec"), space)
    return space, space["read"](path.parent)


@pytest.fixture(scope="module")
def dirty(tmp_path_factory):
    path = written(tmp_path_factory.mktemp("dirty"), TABLE)
    return path, schema_of(path)


KINDS = {
    "price": Column("number", unit="$", thousands=","),
    "share": Column("number", unit="%"),
    "age": Column("number"),
    "score": Column("number", missing=("?",)),
    "active": Column("category"),
    "joined": Column("date", format="%d/%m/%Y"),
    "called": Column("date"),
    "city": Column("category"),
    "notes": Column("text"),
    "wait": Column("number"),
    "plan": Column("category"),
}


def test_each_column_is_taken_for_what_it_is(dirty):
    assert dirty[1].inputs == KINDS
    out = {found.name for found in dirty[1].findings if found.column is None}
    assert out == {"zip", "constant", "customer_id", "email", "empty"}
    assert all(found.why for found in dirty[1].findings)


def test_every_column_is_in_the_printed_table_and_in_the_file(dirty):
    path, schema = dirty
    printed = dataset_file.describe_schema(schema)
    code = dataset_file.render("mine", schema, path.name)
    for name in TABLE.columns.drop("left"):
        assert sum(line.split("  ")[0].strip() == name for line in printed) == 1, name
        assert f'"{name}"' in code
    assert {hint.split("'")[1] for hint in schema.hints} == {"joined", "called", "customer_id"}


def test_the_values_read_are_those_before_the_dirt(dirty):
    path, schema = dirty
    space, frame = run_generated(path, schema)
    kept = TABLE[TABLE["left"] != ""]
    assert frame.index.tolist() == kept.index.tolist()
    money = kept["price"].str.replace(r"[$,]", "", regex=True).astype(float)
    np.testing.assert_array_equal(frame["price"], money)
    np.testing.assert_array_equal(frame["share"], kept["share"].str.rstrip("%").astype(float))
    assert (frame["age"].isna() == (kept["age"] == "")).all()
    assert (frame["score"].isna() == (kept["score"] == "?")).all()
    assert (frame["joined"] == pd.to_datetime(kept["joined"], format="%d/%m/%Y")).all()
    called = pd.to_datetime(kept["called"], utc=True).dt.tz_localize(None)
    assert (frame["called"] == called).all()
    examples = to_examples.to_examples(frame, space["SPEC"])
    assert examples.metadata["show.row"].tolist() == (kept.index + 1).tolist()


def test_what_is_learnt_from_has_no_missing_value_and_one_input_says_where_it_was(dirty):
    space, frame = run_generated(*dirty)
    examples = to_examples.to_examples(frame, space["SPEC"])
    fitted = preprocess.fit(examples, space["COLUMNS"], PreprocessConfig())
    x = fitted.apply(examples).x
    assert np.isfinite(x).all()
    place = fitted.names.index("missingindicator_age")
    assert ((x[:, place] > 0) == frame["age"].isna().to_numpy()).all()


FORMATS = {
    "semicolons, decimal commas": {"sep": ";", "decimal": ","},
    "tabs": {"sep": "\t"},
    "a byte order mark": {"encoding": "utf-8-sig"},
    "Latin-1": {"encoding": "latin-1"},
    "UTF-16": {"encoding": "utf-16"},
}


@pytest.mark.parametrize("options", FORMATS.values(), ids=FORMATS)
def test_any_separator_and_encoding_gives_the_same_table(tmp_path, options):
    table = dirty_tables.clean(60)
    table["plan"] = table["plan"].map({"basic": "Grün", "plus": "é", "max": "max"})
    path = written(tmp_path, table, **options)
    schema = schema_of(path)
    assert schema.inputs == {"wait": Column("number"), "plan": Column("category")}
    _, frame = run_generated(path, schema)
    np.testing.assert_array_equal(frame["wait"], table["wait"])
    assert frame["plan"].tolist() == table["plan"].tolist()


@pytest.mark.parametrize(
    ("cells", "column", "values"),
    [
        (["1.234,50 €", "12,00 €", "(3,5 €)"], Column("number", "€", ".", ","), [1234.5, 12, -3.5]),
        (["1 200", "3 400 000", "7"], Column("number", "", " "), [1200, 3400000, 7]),
        (["5 kg", "12kg", "-1 kg"], Column("number", "kg"), [5, 12, -1]),
        (["£1,000", "-£2", "£3.5"], Column("number", "£", ","), [1000, -2, 3.5]),
    ],
)
def test_numbers_as_people_write_them(cells, column, values):
    frame = pd.DataFrame({"a": cells}, dtype="string")
    assert infer_columns.infer_column(frame, "a", "at").column == column
    assert raw_columns.parse_column(frame, "a", column, "at").tolist() == values


@pytest.mark.parametrize(
    "cells", [["5 kg", "300 g", "2 kg"], ["A12", "B7", "C9"], ["1/2", "x", "3"]]
)
def test_what_is_no_number_is_not_made_one(cells):
    frame = pd.DataFrame({"a": cells}, dtype="string")
    assert infer_columns.infer_column(frame, "a", "at").column == Column("category")


@pytest.mark.parametrize(
    ("cells", "written"),
    [
        (["2024-03-31", "2024-04-01"], ""),
        (["2024-03-31 10:00:00+02:00", "2024-04-01T09:30:00Z"], ""),
        (["31.12.2024", "1.1.2025"], "%d.%m.%Y"),
        (["31/12/2024", "01/02/2025"], "%d/%m/%Y"),
        (["12/31/2024", "01/02/2025"], "%m/%d/%Y"),
        (["Mar 3, 2024", "Dec 12, 2024"], "%b %d, %Y"),
        (["3 Mar 2024 10:30", "4 Mar 2024 23:59"], "%d %b %Y %H:%M"),
    ],
)
def test_dates_as_people_write_them(cells, written):
    frame = pd.DataFrame({"a": cells}, dtype="string")
    found = infer_columns.infer_column(frame, "a", "at")
    assert found.column == Column("date", format=written)
    assert "swapped" not in found.why


def test_days_that_may_be_months_are_said():
    frame = pd.DataFrame({"a": ["01/02/2024", "03/04/2024"]}, dtype="string")
    assert "swapped" in infer_columns.infer_column(frame, "a", "at").why


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        ((1, 2), ("1", "2")),
        (("Yes", "No"), ("No", "Yes")),
        (("TRUE", "FALSE"), ("FALSE", "TRUE")),
        ((1.0, 2.0, 3.0), ("1", "2", "3")),
    ],
)
def test_classes_however_they_are_written(tmp_path, values, classes):
    table = dirty_tables.clean(60)
    table["left"] = np.resize(np.array(values, dtype=object), 60)
    path = written(tmp_path, table)
    schema = schema_of(path)
    assert schema.target.classes == classes
    space, frame = run_generated(path, schema)
    examples = to_examples.to_examples(frame, space["SPEC"])
    order = [classes.index(f"{v:g}" if isinstance(v, float) else str(v)) for v in table["left"]]
    assert examples.y.tolist() == order


def test_what_the_user_says_of_the_columns_holds(tmp_path):
    path = written(tmp_path, TABLE)
    schema = schema_of(
        path, drop=("city",), keep=("zip",), group="customer_id", time="joined", positive="No"
    )
    assert "city" not in schema.inputs
    assert schema.inputs["zip"] == Column("category")
    assert schema.target.classes == ("Yes", "No")
    space, frame = run_generated(path, schema)
    assert (space["SPEC"].group, space["SPEC"].time) == ("customer_id", "joined")
    examples = to_examples.to_examples(frame, space["SPEC"])
    assert (examples.metadata["time"] == frame["joined"].to_numpy()).all()
    assert "customer_id" in space["SPEC"].show
    numbers = schema_of(path, target="age", task="regress")
    assert numbers.target.task == "regress"


@pytest.mark.parametrize(
    ("wishes", "named"),
    [
        ({"drop": ("x",)}, "'x'"),
        ({"group": "left"}, "--group"),
        ({"time": "notes"}, "--time 'notes'"),
        ({"task": "guess"}, "'guess'"),
        ({"positive": "maybe"}, "'maybe'"),
        ({"drop": ("age",), "keep": ("age",)}, "'age'"),
    ],
)
def test_a_wish_that_cannot_be_met_is_an_error_that_names_it(dirty, wishes, named):
    with pytest.raises(FoursplitError, match=named):
        schema_of(dirty[0], **wishes)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60))
@example([5e-324, 1e-310, 0.0])
def test_the_range_has_95_percent_of_the_numbers_it_was_made_from(values):
    numbers = np.array(values)
    low, high = infer_columns.likely_range(numbers)
    assert np.mean((numbers >= low) & (numbers <= high)) >= 0.95


@given(st.integers(1, 500), st.data())
def test_the_share_of_cells_asked_for_is_met_by_the_first_file(n, data):
    n_missing = data.draw(st.integers(0, n))
    assert dataset_file.present_share(n_missing, n) <= 1 - n_missing / n


def test_a_column_of_a_json_manifest_is_the_column():
    for column in KINDS.values():
        assert Column.from_json(column.as_json()) == column
