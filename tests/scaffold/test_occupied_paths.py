"""A new dataset, model or curve must not overwrite existing files."""

import pytest
from click.testing import CliRunner
from tests.runner import outputs

from foursplit.cli.main import main

CSV = "a,b,left\n1,2,0\n2,1,1\n3,5,0\n4,4,1\n" * 10


@pytest.fixture
def here(project, monkeypatch):
    monkeypatch.chdir(project)
    (project / "data" / "own").mkdir(parents=True)
    (project / "data" / "own" / "churn.csv").write_text(CSV)
    return project


def files(folder):
    """Return what a person's command must leave as it is: not the state of ours."""
    return {
        path: content
        for path, content in outputs.tree(folder).items()
        if not path.startswith(".foursplit/")
    }


def call(*command, code=2):
    result = CliRunner().invoke(main, ["new", *command])
    assert result.exit_code == code, result.output
    return result.output


def dataset(csv="data/own/churn.csv", code=2):
    return call("dataset", "churn", "--csv", csv, "--target", "left", code=code)


@pytest.mark.parametrize(
    "csv", ["data/raw/churn/churn.csv", "data/raw/churn.csv", "data/churn.csv", "reports/x.csv"]
)
def test_a_file_where_runs_write_is_refused(here, csv):
    (here / csv).parent.mkdir(parents=True, exist_ok=True)
    (here / csv).write_text(CSV)
    before = files(here)
    assert "data/own/" in dataset(csv)
    assert files(here) == before


@pytest.mark.parametrize(
    "path",
    [
        "data/raw/churn/a.csv",
        "data/split/churn/x",
        "data/models/churn/x",
        "data/final/churn/x",
        "data/selected/churn.json",
    ],
)
def test_a_dataset_whose_path_is_taken_is_refused(here, path):
    (here / path).parent.mkdir(parents=True, exist_ok=True)
    (here / path).write_text("mine")
    before = files(here)
    assert "exists already" in dataset()
    assert files(here) == before
    (here / path).unlink()
    dataset(code=0)


def test_what_a_dataset_of_this_name_left_before_is_no_hindrance(here):
    path = here / "data" / "raw" / "churn"
    outputs.fill(path, "x")
    outputs.commit(path)
    dataset(code=0)


def test_a_sheet_that_is_there_stays(here):
    path = here / "data" / "tags" / "churn.csv"
    path.parent.mkdir()
    path.write_text("example_id,tags\n1,blurred\n")
    dataset(code=0)
    assert path.read_text() == "example_id,tags\n1,blurred\n"


@pytest.mark.parametrize(
    ("command", "path"),
    [
        (["model", "mine"], "data/models/c4w2_digits/c4w2_digits_mine/seed_1/w"),
        (["model", "mine"], "data/predictions/c4w2_digits/c4w2_digits_mine/x"),
        (["learning-curve", "c2w3_wine_softmax"], "data/curves/c2w3_wine/c2w3_wine_softmax.csv"),
    ],
)
def test_a_model_or_curve_whose_path_is_taken_is_refused(here, command, path):
    (here / path).parent.mkdir(parents=True)
    (here / path).write_text("mine")
    before = files(here)
    assert "exists already" in call(*command)
    assert files(here) == before


def test_a_name_that_is_taken_is_refused_with_a_free_one_and_no_list_of_all(here, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    (here / "own_package" / "datasets").mkdir()
    (here / "own_package" / "datasets" / "churn.py").write_text("")
    before = files(here)
    said = dataset()
    assert "'churn' is taken" in said
    assert "churn_2" in said
    assert "c2w3_wine" not in said  # another's
    assert len(said) < 200
    assert files(here) == before
