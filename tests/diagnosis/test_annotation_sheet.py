"""A sheet goes out, people fill it in, and it comes back as it was."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis import prediction_table
from foursplit.diagnosis.error_analysis import annotation_sheet


def dev(n=300, n_errors=150):
    return prediction_table.validate(
        pd.DataFrame(
            {
                "example_id": [f"e{k:04d}" for k in range(n)],
                "y": "cat",
                "y_hat": ["dog" if k < n_errors else "cat" for k in range(n)],
                "domain": "phone",
                "meta.light": np.arange(n) % 3 - 1,
            }
        ),
        "dev",
    )


def filled(**said):
    """Give a sheet with these tags, or tags and audit, by example."""
    rows = [
        (name, *(value if isinstance(value, tuple) else (value, "")))
        for name, value in said.items()
    ]
    return pd.DataFrame(rows, columns=["example_id", "tags", "label_audit"]).assign(comment="")


def test_errors_come_first_and_correct_answers_after(rng):
    found = annotation_sheet.sheet(dev(), rng)
    assert found["is_error"].tolist() == [True] * 100 + [False] * 20
    assert found["example_id"].is_unique
    assert [*found.columns] == [
        "example_id",
        "is_error",
        "y",
        "y_hat",
        "loss",
        "domain",
        "meta.light",
        "tags",
        "label_audit",
        "comment",
    ]
    assert (found[["tags", "label_audit", "comment"]] == "").all(axis=None)


def test_where_errors_are_few_all_of_them_are_read(rng):
    found = annotation_sheet.sheet(dev(50, 7), rng)
    assert (found["is_error"].sum(), (~found["is_error"]).sum()) == (7, 20)


def test_the_order_of_rows_does_not_change_what_is_drawn(rng):
    table = dev()
    turned = table.take(np.arange(len(table))[::-1])
    first, second = (annotation_sheet.sheet(t, np.random.default_rng(4)) for t in (table, turned))
    pd.testing.assert_frame_equal(first, second)


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
RISKY = st.builds("".join, st.lists(st.sampled_from(["=", "+", "-", "@", "'", "\t", "\r", "1", ",", '"', "\n"])))  # fmt: skip  # noqa: E501


@given(comment=st.lists(CELL | RISKY, min_size=1, max_size=5))
@settings(deadline=None, max_examples=100)
def test_what_is_written_is_read_back_and_is_never_a_formula(comment, tmp_path_factory):
    path = tmp_path_factory.mktemp("sheet") / "tags.csv"
    frame = pd.DataFrame(
        {
            "example_id": [f"-{k}" for k in range(len(comment))],
            "is_error": True,
            "loss": 0.1 + np.arange(len(comment)),
            "tags": comment,
            "label_audit": "",
            "comment": comment,
        }
    )
    annotation_sheet.write(frame, path)
    raw = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    assert not raw["comment"].str.match(r"[=+\-@\t\r]").any()
    assert not raw["example_id"].str.startswith("-").any()
    back = annotation_sheet.read(path)
    for name in ("example_id", "comment", "tags"):
        assert back[name].tolist() == frame[name].tolist()
    assert back["loss"].tolist() == frame["loss"].tolist()
    assert back["is_error"].all()


def test_a_drawn_sheet_comes_back_whole(rng, tmp_path):
    drawn = annotation_sheet.sheet(dev(), rng)
    annotation_sheet.write(drawn, tmp_path / "tags.csv")
    back = annotation_sheet.read(tmp_path / "tags.csv")
    assert back.astype(str).equals(drawn.astype(str))  # -1 of meta.light has no apostrophe


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id,tags\n1,a\n", "no column 'example_id'; it has 'id', 'tags'"),
        ("example_id,tags\n1,a\n1,b\n", "column 'example_id', row 2: '1' is here a second time"),
        ("example_id,tags\n,a\n", "column 'example_id', row 1: '' is missing"),
        ("example_id,label_audit\n1,ok\n2,bad\n", "column 'label_audit', row 2: 'bad' is none of"),
        ("", "not readable as CSV"),
    ],
)
def test_a_sheet_that_cannot_be_merged_is_refused_by_file_column_and_row(text, words, tmp_path):
    path = tmp_path / "broken.csv"
    path.write_text(text)
    with pytest.raises(FoursplitError, match="broken.csv") as refused:
        annotation_sheet.read(path)
    assert words in str(refused.value)


def test_a_sheet_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(FoursplitError, match="no such file"):
        annotation_sheet.read(tmp_path / "none.csv")


def test_an_audit_may_be_written_in_capitals(tmp_path):
    (tmp_path / "a.csv").write_text("example_id,label_audit\n1, OK \n")
    assert annotation_sheet.read(tmp_path / "a.csv")["label_audit"].tolist() == ["ok"]


def test_tags_land_beside_their_examples_and_readers_are_united():
    found = annotation_sheet.merge(
        dev(6, 4),
        [
            filled(e0000="dog; blurry", e0003=("", "ok"), e0001=("", "wrong")),
            filled(e0000="blurry;dark", e0001=("", "ok"), e0005=""),
        ],
    )
    frame = found.frame.set_index("example_id")
    assert frame.loc["e0000", "tags"] == ("dog", "blurry", "dark")
    assert frame.loc["e0003", "label_audit"] == "ok"
    assert frame.loc["e0001", "label_audit"] == "ambiguous"  # the readers disagree
    assert frame["read"].tolist() == [True, True, False, True, False, False]


def test_what_was_tagged_before_stays():
    once = annotation_sheet.merge(dev(6, 4), [filled(e0000="dog")])
    twice = annotation_sheet.merge(once, [filled(e0001="blurry")])
    assert twice.frame["tags"].tolist()[:2] == [("dog",), ("blurry",)]
    assert twice.frame["read"].tolist()[:2] == [True, True]


def test_an_example_that_the_table_does_not_have_is_refused():
    with pytest.raises(
        FoursplitError, match="sheet 2: column 'example_id', row 2: 'other' is not in dev"
    ):
        annotation_sheet.merge(dev(6, 4), [filled(e0000="a"), filled(e0000="a", other="b")])


def of_long_ids(n=40):
    y_hat = np.where(np.arange(n) % 3 == 0, "dog", "cat")
    ids = [str(1577134800018002000 + k) for k in range(n)]
    return prediction_table.validate(
        pd.DataFrame({"example_id": ids, "y": "cat", "y_hat": y_hat}), "dev"
    )


def as_a_spreadsheet_saves_it(path, *, separator=";", words=("WAHR", "FALSCH"), digits=None):
    """Take every cell for what it looks like, and write it back, with an empty row below."""

    def cell(value):
        if value in ("True", "False"):
            return words[value == "False"]
        try:
            float(value)
        except ValueError:
            return value
        return (
            str(int(float(f"{float(value):.{digits}g}"))) if digits and len(value) > 15 else value
        )

    raw = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    raw = raw.map(cell)
    raw.loc[len(raw)] = [""] * len(raw.columns)
    path.write_text(raw.to_csv(index=False, sep=separator), encoding="cp1252")


def test_a_sheet_comes_back_from_a_spreadsheet(tmp_path, rng):
    table = of_long_ids()
    drawn = annotation_sheet.sheet(table, rng)
    annotation_sheet.write(
        drawn.assign(tags="a; b", label_audit="OK", comment="schön"), tmp_path / "s.csv"
    )
    as_a_spreadsheet_saves_it(tmp_path / "s.csv", digits=15)
    found = annotation_sheet.merge(
        table, [annotation_sheet.read(tmp_path / "s.csv")]
    ).frame.set_index("example_id")
    assert (found.loc[drawn["example_id"], "tags"] == ("a", "b")).all()
    assert found["read"].sum() == len(drawn)


ID = st.from_regex(
    r"[0-9]{1,20}|0[0-9]{1,3}|[0-9]{1,3}e[0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}(-[0-9]{4})?"
    r"|(MARCH|Sept|Dez)-?[0-9]{1,2}|[0-9]+\.[0-9]+|'+[0-9]{17}|TRUE|wahr|=1|[a-f0-9]{16}",
    fullmatch=True,
)


@given(st.lists(ID, unique=True, min_size=1))
@settings(deadline=None)
def test_no_id_is_written_as_what_a_spreadsheet_takes_for_something_else(tmp_path_factory, ids):
    path = tmp_path_factory.mktemp("sheet") / "s.csv"
    annotation_sheet.write(pd.DataFrame({"example_id": ids, "tags": "x"}), path)
    raw = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")["example_id"]
    number = pd.to_numeric(raw, errors="coerce").notna()
    small = raw.str.fullmatch("0|[1-9][0-9]{0,14}")  # comes back as it was
    letters = raw.str.match("[a-z=]|'") & ~raw.str.lower().isin(["true", "wahr"])
    assert (small | ~number & letters | ~number & raw.str.fullmatch("[a-f0-9]{16}")).all()
    assert annotation_sheet.read(path)["example_id"].tolist() == ids


def test_ids_without_their_last_digits_are_found_by_the_order_in_which_they_were_drawn(tmp_path):
    from foursplit.core.seeds import generator

    table = of_long_ids()
    drawn = annotation_sheet.sheet(table, generator("sheet", 1))
    cut = drawn.assign(example_id="1577134800017999872", tags=[f"t{k}" for k in range(len(drawn))])
    cut.to_csv(tmp_path / "s.csv", index=False)
    found = annotation_sheet.merge(
        table, [annotation_sheet.read(tmp_path / "s.csv")]
    ).frame.set_index("example_id")
    assert found.loc[drawn["example_id"], "tags"].tolist() == [(t,) for t in cut["tags"]]
    cut.iloc[::-1].to_csv(tmp_path / "s.csv", index=False)  # sorted by the reader
    with pytest.raises(FoursplitError, match="cut off the last digits"):
        annotation_sheet.merge(table, [annotation_sheet.read(tmp_path / "s.csv")])


def test_what_is_only_shown_is_not_checked(tmp_path):
    (tmp_path / "s.csv").write_text("example_id,is_error,loss,tags\ne0000,vielleicht,viel,dog\n")
    found = annotation_sheet.merge(dev(6, 4), [annotation_sheet.read(tmp_path / "s.csv")])
    assert found.frame["tags"].tolist()[0] == ("dog",)


def test_a_row_that_is_filled_in_and_names_no_example_is_refused(tmp_path):
    (tmp_path / "s.csv").write_text("example_id,tags\n,\n,dog\ne0000,\n")
    with pytest.raises(FoursplitError, match="column 'example_id', row 1: '' is missing"):
        annotation_sheet.read(tmp_path / "s.csv")


@pytest.mark.parametrize("written", ["1", "1.0", "001"])
def test_ids_are_matched_however_a_program_writes_their_number(tmp_path, written):
    table = prediction_table.validate(
        pd.DataFrame({"example_id": ["001", "002"], "loss": 1.0}), "dev"
    )
    (tmp_path / "s.csv").write_text(f"example_id,tags\n{written},dog\n")
    found = annotation_sheet.merge(table, [annotation_sheet.read(tmp_path / "s.csv")])
    assert found.frame["tags"].tolist() == [("dog",), ()]
    assert found.frame["example_id"].tolist() == ["001", "002"]
