"""A name that a shell or a path would read otherwise is refused before any command acts on it."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from foursplit.cli.main import main

ROOT = Path(__file__).resolve().parents[2]

COMMANDS = [
    ["repro"], ["repro", "--dry"], ["repro", "--plain-dvc"], ["repro", "--force", "c4w2_digits"],
    ["check"], ["why", "wine"], ["stage", "fetch", "wine"], ["stage", "validate", "wine"],
    ["stage", "split", "wine"], ["stage", "train", "k1; touch PWNED"],
    ["stage", "evaluate", "c4w2_digits_lenet"], ["stage", "learning_curve", "c4w2_digits_mlp"],
    ["stage", "select", "c4w2_digits"], ["stage", "final", "c4w2_digits"],
    ["stage", "lesson", "gradient_descent"], ["stage", "report"], ["stage", "code"],
    ["error-sheet", "c4w2_digits_mlp"], ["track"], ["summary"], ["retrain"],
    ["new", "model", "mine"],
    ["history"], ["pipeline", "write"],
]  # fmt: skip


@pytest.fixture
def here(project, monkeypatch):
    shutil.copytree(ROOT / "pipelines", project / "pipelines")
    monkeypatch.chdir(project)
    return project


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_key_with_a_command_in_it_is_refused_by_every_command(here, command, monkeypatch):
    path = here / "params.yaml"
    text = path.read_text()
    path.write_text(text.replace("\n    c4w2_digits_lenet:", '\n    "k1; touch PWNED":', 1))
    assert path.read_text() != text
    monkeypatch.setattr("subprocess.Popen", None)  # DVC, git and MLflow are processes
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 2, done.output
    assert "'k1; touch PWNED': use small letters" in done.output
    assert not list(here.rglob("PWNED"))


@pytest.mark.parametrize("name", ["/tmp/elsewhere", "..", "../own"])
@pytest.mark.parametrize("command", [["repro", "--dry"], ["repro"], ["check"]], ids=" ".join)
def test_a_group_that_is_a_path_empties_no_folder(here, tmp_path_factory, command, name):
    other = tmp_path_factory.mktemp("elsewhere")
    (other / "precious.txt").write_text("mine")
    name = name.replace("/tmp/elsewhere", str(other))
    (here / "data" / "models").mkdir(parents=True)
    (here / "data" / "own").mkdir()
    (here / "data" / "own" / "mine.csv").write_text("mine")
    path = here / "params.yaml"
    text = path.read_text()
    path.write_text(text.replace("\n    c4w2_digits:\n", f'\n    "{name}":\n', 1))
    assert path.read_text() != text
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 2, done.output
    assert (other / "precious.txt").read_text() == "mine"
    assert (here / "data" / "own" / "mine.csv").read_text() == "mine"
