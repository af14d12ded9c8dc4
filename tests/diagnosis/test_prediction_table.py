"""Tables as people bring them: what is good is read, what is bad is named by file, column, row."""

import numpy as np
import pandas as pd
import pytest

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis import prediction_table, read_prediction_tables


def frame(**columns):
    rows = {"example_id": ["a", "b", "c"], "loss": [0.0, 1.0, 0.5]}
    return pd.DataFrame({**rows, **columns})


@pytest.fixture
def folder(tmp_path):
    def write(**splits):
        for split, content in splits.items():
            if isinstance(content, str):
                (tmp_path / f"{split}.csv").write_text(content)
            else:
                content.to_parquet(tmp_path / f"{split}.parquet")
        return tmp_path

    return write


def test_a_csv_and_a_parquet_file_say_the_same(folder, tmp_path):
    made = frame(group_id=[1, 1, 2], tags=["x; y", None, "x"], **{"meta.hour": [1, 2, 3]})
    made.to_parquet(tmp_path / "dev.parquet")
    (one_model,) = read_prediction_tables.read_folder(tmp_path / "dev.parquet")
    one = one_model.tables["dev"]
    made.to_csv(tmp_path / "dev.csv", index=False)
    (other_model,) = read_prediction_tables.read_folder(tmp_path / "dev.csv")
    other = other_model.tables["dev"]
    pd.testing.assert_frame_equal(one.frame, other.frame)
    assert list(one.frame["tags"]) == [("x", "y"), (), ("x",)]
    assert list(one.groups) == [0, 0, 1]
    assert one.meta == ["meta.hour"]


def test_the_loss_of_classes_follows_from_the_answers():
    made = prediction_table.validate(
        pd.DataFrame({"example_id": [1, 2], "y": ["cat", "dog"], "y_hat": ["cat", "cat"]}), "dev"
    )
    assert list(made.loss) == [0, 1]
    assert list(made.is_error) == [False, True]
    assert made.error == 0.5


def test_weights_weigh():
    assert prediction_table.validate(frame(weight=[1, 1, 2]), "dev").error == pytest.approx(0.5)


BAD = {
    "a column missing": (
        frame().drop(columns="example_id"),
        "Add one that names each example",
    ),
    "no loss": (frame().drop(columns="loss"), "needs 'loss', or 'y' and 'y_hat'"),
    "a negative loss": (frame(loss=[0, -1, 1]), "column 'loss', row 2: -1 is below 0"),
    "a missing loss": (frame(loss=[0, 1, np.nan]), "column 'loss', row 3: nan is missing"),
    "an endless loss": (frame(loss=[0, 1, np.inf]), "column 'loss', row 3: inf is missing"),
    "words for losses": (frame(loss=["0", "one", "1"]), "column 'loss', row 2: 'one' is no number"),
    "an id twice": (frame(example_id=["a", "b", "a"]), "row 3: 'a' stands here a second time"),
    "an id missing": (frame(example_id=["a", None, "c"]), "column 'example_id', row 2 is missing"),
    "a weight of nothing": (frame(weight=[1, 0, 1]), "column 'weight', row 2: 0 is not above 0"),
    "a probability of two": (frame(proba_x=[0, 0, 2]), "column 'proba_x', row 3: 2 is above 1"),
    "a group missing": (frame(group_id=["g", None, "g"]), "column 'group_id', row 2 is missing"),
    "another split's rows": (frame(split=["dev", "dev", "test"]), "row 3: 'test' is not 'dev'"),
    "an unknown audit": (frame(label_audit=["ok", "bad", None]), "row 2: 'bad' is none of ok"),
    "a flag that is none": (frame(is_error=["yes", "no", "no"]), "row 1: 'yes' is neither true"),
    "no rows": (frame().iloc[:0], "no rows"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_table_is_refused_by_file_column_and_row(folder, case):
    content, words = BAD[case]
    with pytest.raises(FoursplitError) as refused:
        read_prediction_tables.read_folder(folder(dev=content))
    assert words in str(refused.value)
    assert "dev.parquet" in str(refused.value)
    assert "np." not in str(refused.value)


def test_quantities_need_a_loss_of_their_own():
    with pytest.raises(FoursplitError, match="holds quantities.* give 'loss'"):
        prediction_table.validate(
            pd.DataFrame({"example_id": [1, 2], "y": [0.5, 1.5], "y_hat": [0.5, 1.0]}), "dev"
        )


def test_an_unknown_split_is_answered_with_the_known_ones(folder):
    with pytest.raises(FoursplitError, match="unknown split 'holdouts'.*Valid: dev, test, train"):
        read_prediction_tables.read_folder(folder(holdouts=frame()))


def test_what_is_no_table_is_said_to_be_none(folder, tmp_path):
    (tmp_path / "dev.csv").write_bytes(bytes(range(128, 256)))
    with pytest.raises(FoursplitError, match=r"dev\.csv: not readable as CSV"):
        read_prediction_tables.read_folder(tmp_path)
    (tmp_path / "dev.csv").rename(tmp_path / "dev.parquet")
    with pytest.raises(FoursplitError, match=r"dev\.parquet: not readable as Parquet"):
        read_prediction_tables.read_folder(tmp_path)
    (tmp_path / "dev.parquet").unlink()
    (tmp_path / "dev.csv").write_text("")
    with pytest.raises(FoursplitError, match=r"dev\.csv: not readable as CSV"):
        read_prediction_tables.read_folder(tmp_path)


def test_an_empty_folder_and_none_at_all_are_told_apart(tmp_path):
    with pytest.raises(
        FoursplitError, match="no table; it may have train.parquet or .csv, train_dev"
    ):
        read_prediction_tables.read_folder(tmp_path)
    with pytest.raises(FoursplitError, match="no such folder"):
        read_prediction_tables.read_folder(tmp_path / "none")


def test_an_example_in_two_splits_is_refused(folder):
    made = folder(train=frame(), dev=frame(example_id=["x", "b", "y"]))
    with pytest.raises(
        FoursplitError, match=r"row 2: 'b' is in 'train' too .*belongs to one split"
    ):
        read_prediction_tables.read_folder(made)


def test_one_split_in_two_files_is_refused(folder):
    made = folder(dev=frame())
    (made / "dev.csv").write_text("example_id,loss\n1,0\n")
    with pytest.raises(FoursplitError, match="split 'dev' is in dev.csv too"):
        read_prediction_tables.read_folder(made)


def test_ten_thousand_tags_are_read():
    many = ";".join(f"t{n}" for n in range(10_000))
    assert (
        len(prediction_table.validate(frame(tags=[many, "", ""]), "dev").frame["tags"][0]) == 10_000
    )


@pytest.mark.parametrize("column", ["loss", "weight", "human_loss", "score"])
def test_the_index_of_a_frame_is_no_row_number(column):
    made = frame(weight=[1.0, 1, 1], human_loss=[0.0, 0, 0], score=[0.0, 0, 0])
    made[column] = [1.0, np.nan, 1.0]
    made.index = [7, 8, 9]
    with pytest.raises(FoursplitError, match="row 2"):
        prediction_table.validate(made, "dev")
