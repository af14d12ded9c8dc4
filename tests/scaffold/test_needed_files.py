"""A plan of the files that targets need has the same stages as one of all files."""

import shutil
from pathlib import Path

import pytest

from foursplit.config import paths
from foursplit.config.load import load
from foursplit.config.pipelines import home as home_of
from foursplit.runner.dvc_adapter.graph import DvcPipeline
from foursplit.scaffold import needed_files as needed
from foursplit.scaffold.needed_files import needed_files

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def pipelines(project):
    """Give a project with its generated pipeline files."""
    shutil.copytree(PROJECT / "pipelines", project / "pipelines")
    shutil.copyfile(PROJECT / "dvc.yaml", project / "dvc.yaml")
    return project


SOME = ("members", "improving", "full/improving")

ALL = pytest.param(None, marks=pytest.mark.slow)  # half a minute


@pytest.mark.parametrize("homes", [SOME, ALL], ids=["some", "all"])
def test_a_plan_of_few_files_is_that_of_all(tmp_path, monkeypatch, homes):
    monkeypatch.chdir(PROJECT)
    params, whole = load(PROJECT / "params.yaml"), DvcPipeline(PROJECT, tmp_path)
    with_stages = [
        home_of(pipeline, course)
        for pipeline, section in params.sections().items()
        for course, block in section.experiments.items()
        if block
    ]
    homes = homes or ["code", "members", "data", "full/data", *with_stages]
    for address in (f"pipelines/{home}/dvc.yaml" for home in homes):
        files = needed_files(params, [address])
        assert 0 < len(files) < 5
        assert DvcPipeline(PROJECT, tmp_path).plan([address], files) == whole.plan([address])


ADDRESS = "pipelines/improving/dvc.yaml:evaluate@c2w3_wine_softmax"


def names(files):
    return {path.relative_to(paths.root()).parent.name for path in files}


def test_a_course_needs_its_data_and_what_the_project_has(pipelines):
    address = "pipelines/improving/dvc.yaml:evaluate@c2w3_wine_softmax"
    assert names(needed_files(load(), [address])) == {"improving", "data", "code", "members"}


def test_a_course_needs_those_whose_weights_it_starts_from(pipelines, monkeypatch):
    sources = {
        "c2w3_wine_softmax": "c4w2_digits_lenet", "c4w2_digits_lenet": "c3w2_phone_first"
    }  # fmt: skip
    params = load()
    of = {id(params.experiment(key)): source for key, source in sources.items()}
    monkeypatch.setattr(needed, "source_of", lambda experiment: of.get(id(experiment), ""))
    chain = {"improving", "convolutional", "structuring"}
    assert names(needed_files(params, [ADDRESS])) == {*chain, "data", "code", "members"}


OTHERS = ["dvc.yaml:report", "report", "pipelines/mine/dvc.yaml:x", "pipelines/own/dvc.yaml", ""]


@pytest.mark.parametrize("target", OTHERS)
def test_reports_and_unknown_files_need_all(pipelines, target):
    assert needed_files(load(), [target] if target else []) == []


@pytest.mark.parametrize(
    "name", ["pipelines/mine/dvc.yaml", "data/own/table.csv.dvc", "notes/dvc.yaml"]
)
def test_a_file_of_a_persons_own_may_write_any_input(pipelines, name):
    (pipelines / name).parent.mkdir(parents=True, exist_ok=True)
    (pipelines / name).write_text("stages: {}\n")
    assert needed_files(load(), [ADDRESS]) == []


def test_an_edited_file_needs_all(pipelines):
    path = pipelines / "pipelines" / "data" / "dvc.yaml"
    path.write_text(path.read_text() + "# mine\n")
    assert needed_files(load(), [ADDRESS]) == []


@pytest.mark.parametrize("origin", ["data/predictions/a/b.csv", "./reports/x", "data/full/raw/x"])
def test_raw_data_that_a_stage_writes_needs_all(pipelines, origin):
    path = pipelines / "params.yaml"
    before = next(line for line in path.read_text().splitlines() if "origin: " in line)
    old = before.partition("origin: ")[2].split(",")[0].rstrip("} ")
    path.write_text(path.read_text().replace(f"origin: {old}", f"origin: {origin}", 1))
    assert needed_files(load(), [ADDRESS]) == []
