"""Bad data raises an error with column and row, and earlier outputs stay as they were."""

import numpy as np
import pandas as pd
import pytest

from foursplit import plugins
from foursplit.config import paths
from foursplit.core.dataset_spec import BundledFile, DatasetSpec, LocalFile
from foursplit.core.errors import FoursplitError
from foursplit.core.examples import Examples
from foursplit.data import fetch, load_splits, load_test, run_expectations, store, to_examples
from foursplit.io import artifacts
from foursplit.stages import fetch as fetch_stage
from foursplit.stages import split as split_stage
from foursplit.stages import validate as validate_stage

BASE = {"title": "Flowers", "provenance": "", "licence": "", "cite": ""}


def flowers(**fields):
    declared = {
        "files": (),
        "target": "kind",
        "classes": ("a", "b"),
        "features": ("width",),
        **fields,
    }
    return DatasetSpec(**BASE, **declared)


def frame(**columns):
    rows = {"width": [1.0, 2.0, 3.0], "kind": [0, 1, 0], **columns}
    return pd.DataFrame({name: values for name, values in rows.items() if values is not None})


@pytest.mark.parametrize(
    ("columns", "declared", "message"),
    [
        ({"width": None}, {}, r"Flowers: unknown column 'width'.*Valid: kind"),
        ({"kind": [0, np.nan, 1]}, {}, r"'kind', row 2: .*missing"),
        ({"kind": [0, 1, 2]}, {}, r"'kind', row 3: .*2.*not a class.*valid: a, b"),
        ({"kind": [0, 1, 0.5]}, {}, r"'kind', row 3: .*0.5.*not a class"),
        ({"kind": [0, 1, 1e300]}, {}, r"'kind', row 3: .*1e\+300.*not a class"),
        ({"kind": [0, 1, np.inf]}, {}, r"'kind', row 3: .*inf.*not a class"),
        ({"kind": ["a", "b", "c"]}, {}, r"'kind', row 3: 'c' is not a class.*valid: a, b"),
        ({"kind": [1.5, np.inf, 2]}, {"classes": ()}, r"'kind', row 2: .*infinite"),
        ({"kind": ["1", "2", "x"]}, {"classes": ()}, r"'kind', row 3: 'x' is not a number"),
        ({"width": [1, np.inf, 2]}, {}, r"1 inputs are missing.*'width' of row 2"),
        ({"width": [1, np.nan, 2]}, {}, r"1 inputs are missing.*'width' of row 2"),
        ({"width": [1, 2, 1e39]}, {}, r"1 inputs are missing.*too large.*'width' of row 3"),
        ({"width": [1, "wide", 2]}, {}, r"'width', row 2: 'wide' is not a number"),
        ({"width": [1, None, "2"]}, {}, r"'width', row 2: .*missing"),
        ({"patient": ["p", None, "q"]}, {"group": "patient"}, r"'patient', row 2: .*missing"),
        ({"patient": [4.0, 5.0, np.nan]}, {"group": "patient"}, r"'patient', row 3: .*missing"),
        ({"domain": ["all", None, "all"]}, {}, r"'domain', row 2: .*missing"),
        ({"official_split": ["train", "dev", None]}, {}, r"'official_split', row 3: .*missing"),
        ({"domain": ["x", "x", "y"]}, {"domains": {"x": "source"}}, r"unknown domain 'y'"),
        ({}, {"group": "patient"}, r"unknown column 'patient'"),
        ({}, {"slices": ("colour",)}, r"unknown column 'colour'"),
    ],
)
def test_an_invalid_table_raises_with_column_and_row(columns, declared, message):
    with pytest.raises(FoursplitError, match=message):
        to_examples.to_examples(frame(**columns), flowers(**declared))


def test_a_repeated_column_raises():
    twice = pd.concat([frame(), frame()[["width"]]], axis=1)
    with pytest.raises(FoursplitError, match="'width' twice"):
        to_examples.to_examples(twice, flowers())


def test_a_table_without_rows_raises():
    with pytest.raises(FoursplitError, match="no rows"):
        to_examples.to_examples(frame().iloc[:0], flowers())


def test_class_names_and_class_numbers_are_equivalent():
    by_name = to_examples.to_examples(frame(kind=["a", "b", "a"]), flowers())
    assert by_name.y.tolist() == to_examples.to_examples(frame(), flowers()).y.tolist() == [0, 1, 0]


def test_equal_rows_get_different_ids_and_one_group():
    examples = to_examples.to_examples(frame(width=[1.0, 1.0, 2.0]), flowers())
    ids = examples.metadata["example_id"].tolist()
    assert len(set(ids)) == 3
    assert ids[1] == f"{ids[0]}-2"
    assert examples.metadata["group_id"].tolist()[0] == examples.metadata["group_id"].tolist()[1]


def test_a_corrupted_raw_file_is_named_and_earlier_outputs_stay(project):
    fetch_stage.run("wine")
    validate_stage.run("wine")
    before = artifacts.sha256_file(paths.valid("wine") / "examples.npy")
    raw = paths.raw("wine") / "wine_data.csv"
    raw.write_bytes(raw.read_bytes()[:-40] + b"0" * 40)
    with pytest.raises(FoursplitError, match=r"wine_data.csv: corrupted: sha256 is"):
        validate_stage.run("wine")
    assert artifacts.sha256_file(paths.valid("wine") / "examples.npy") == before


def test_a_missing_raw_file_is_named(project):
    with pytest.raises(FoursplitError, match=r"wine_data.csv: missing"):
        validate_stage.run("wine")


def test_fetch_writes_nothing_if_a_checksum_is_wrong(project):
    wrong = DatasetSpec(
        **BASE,
        target="y",
        files=(
            BundledFile(package="sklearn", path="datasets/data/wine_data.csv", sha256="0" * 64),
        ),
    )
    with pytest.raises(FoursplitError, match="corrupted"):
        fetch.fetch(wrong, project / "raw")
    assert not (project / "raw").exists()


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (BundledFile(package="no_such", path="x", sha256=""), "'no_such'.* is not installed"),
        (BundledFile(package="sklearn", path="x.csv", sha256=""), "no such file in this version"),
        (LocalFile(path="data/own/x.csv"), "x.csv: no such file"),
    ],
)
def test_a_missing_source_file_is_named(project, file, message):
    with pytest.raises(FoursplitError, match=message):
        fetch.fetch(DatasetSpec(**BASE, target="y", files=(file,)), project / "raw")


def test_every_failed_expectation_is_named_with_column_and_rows():
    import great_expectations.expectations as gxe

    table = pd.DataFrame({"age": [20, 30, 999, -4], "kind": ["a", "b", "a", "a"]})
    suite = [
        gxe.ExpectColumnValuesToBeBetween(column="age", min_value=0, max_value=120),
        gxe.ExpectColumnValuesToBeInSet(column="kind", value_set=["a", "b"]),
        gxe.ExpectColumnToExist(column="height"),
        gxe.ExpectColumnValuesToNotBeNull(column="weight"),
        gxe.ExpectTableRowCountToBeBetween(min_value=10),
    ]
    result = run_expectations.run_expectations(table, suite, "people")
    lines = run_expectations.failure_messages(result)
    assert not result["success"]
    assert len(lines) == 4
    by_column = {line.split(":")[0]: line for line in lines}
    assert "row 3: 999" in by_column["age"]
    assert "row 4: -4" in by_column["age"]
    assert "expect_column_to_exist" in by_column["height"]
    assert "weight" in by_column["weight"]
    assert "found 4" in by_column["(table)"]


def test_the_result_is_reproducible_to_the_byte():
    import great_expectations.expectations as gxe

    table = pd.DataFrame({"age": [20.0, None, 999.0]})

    def result():
        suite = [gxe.ExpectColumnValuesToBeBetween(column="age", max_value=120)]
        return artifacts.fingerprint(run_expectations.run_expectations(table, suite, "people"))

    assert result() == result()


def test_a_failed_expectation_stops_the_stage_and_leaves_result_and_page(project, monkeypatch):
    import great_expectations.expectations as gxe

    fetch_stage.run("wine")
    module = plugins.dataset("wine")
    strict = [gxe.ExpectColumnValuesToBeBetween(column="alcohol", max_value=13)]
    monkeypatch.setattr(module, "suite", lambda: strict)
    with pytest.raises(
        FoursplitError, match=r"1 of 1 expectations failed:\n  - alcohol: .*row 1: 14.23"
    ):
        validate_stage.run("wine")
    assert artifacts.read_json(paths.validation("wine") / "result.json")["success"] is False
    assert "fails" in (paths.validation("wine") / "index.html").read_text()
    assert not paths.valid("wine").exists()


@pytest.mark.parametrize("stage", [fetch_stage, validate_stage, split_stage])
def test_an_unknown_dataset_is_named_with_the_valid_ones(project, stage):
    with pytest.raises(FoursplitError, match=r"unknown dataset 'wines'. Did you mean 'wine'"):
        stage.run("wines")


def test_the_four_splits_can_be_loaded_and_hold_every_example_once(project):
    fetch_stage.run("wine")
    validate_stage.run("wine")
    split_stage.run("wine")
    everything = store.load(paths.valid("wine"), "examples")
    splits = [load_splits.load("wine", name) for name in ("train", "train_dev", "dev")]
    splits.append(load_test.load("wine"))
    ids = [name for split in splits for name in split.metadata["example_id"]]
    assert sorted(ids) == sorted(everything.metadata["example_id"])
    with pytest.raises(
        FoursplitError, match="unknown split 'test'. .*Valid: dev, train, train_dev"
    ):
        load_splits.load("wine", "test")


def test_a_truncated_file_is_named(project):
    folder = project / "x"
    folder.mkdir()
    rows = pd.DataFrame({"y": [0.0, 1.0]})
    store.save(folder, "examples", Examples(x=np.zeros((2, 1), np.float32), metadata=rows))
    path = folder / "examples.npy"
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(FoursplitError, match=r"examples: not readable"):
        store.load(folder, "examples")
