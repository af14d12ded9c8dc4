"""No command runs another folder's code in a project that has code of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import foursplit
from foursplit.cli.group import WITHOUT_PROJECT
from foursplit.cli.main import main
from foursplit.cli.stages import STAGES
from foursplit.config import checkout, paths
from foursplit.core.errors import FoursplitError

CODE = Path(foursplit.__file__).parent

WORDS = {
    "repro": ["--dry"], "why": ["fetch@wine"], "gate": ["c2w3_wine"], "promote": ["c2w3_wine"],
    "serve": ["c2w3_wine"], "reproduce": ["c2w3_wine_softmax@HEAD"],
    "learning-curve": ["c2w3_wine_softmax"],
    "error-sheet": ["c2w3_wine_softmax"],
}  # fmt: skip


@pytest.fixture
def copied(project):
    """Give a project with code of its own, as a copy or a git worktree has."""
    own = project / "src" / "foursplit"
    own.mkdir(parents=True)
    (own / "__init__.py").write_text("")
    return project


def files(folder):
    return {path for path in folder.rglob("*") if path.is_file()}


def every():
    stages = {name: ["report"] if name == "report" else ["wine"] for name in STAGES}
    groups = ("new", "stage", "pipeline", *WITHOUT_PROJECT)
    alone = {name: [] for name in main.commands if name not in groups}
    stages |= {"code": [], "members": [], "report": []}
    inner = {f"stage {name}": ["stage", name, *words] for name, words in stages.items()}
    outer = {name: [name, *words] for name, words in {**alone, **WORDS}.items()}
    return {**outer, **inner, "pipeline write": ["pipeline", "write"]}


@pytest.mark.parametrize("words", every().values(), ids=every())
def test_every_command_that_reads_a_project_refuses_another_ones_code(copied, words):
    before = files(copied)
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 2, done.output
    assert f"{copied} has code of its own" in done.output
    assert str(CODE) in done.output
    assert "pip install -e" in done.output
    assert files(copied) == before


def test_new_refuses_it_too(copied):
    done = CliRunner().invoke(main, ["new", "model", "mine"])
    assert done.exit_code == 2
    assert "has code of its own" in done.output


@pytest.mark.parametrize("words", [["--help"], ["repro", "--help"], ["advise", "--example"]])
def test_help_and_what_reads_no_project_go_on(copied, words):
    assert CliRunner().invoke(main, words).exit_code == 0


def test_a_project_without_code_of_its_own_uses_what_is_installed(project):
    checkout.require_own_code()
    (project / "src" / "other").mkdir(parents=True)
    checkout.require_own_code()


def test_outside_of_a_project_nothing_is_asked(tmp_path, monkeypatch):
    monkeypatch.setenv("FOURSPLIT_ROOT", str(tmp_path))
    paths.root.cache_clear()
    checkout.require_own_code()


def test_a_link_to_the_same_code_is_the_same_code(project):
    (project / "src").mkdir()
    (project / "src" / "foursplit").symlink_to(CODE)
    checkout.require_own_code()


def test_an_environment_that_was_copied_along_is_to_be_made_again(copied):
    (copied / "Makefile").write_text("")
    with pytest.raises(FoursplitError, match="`make .venv/ready`"):
        checkout.require_own_code()
    (copied / ".venv").mkdir()
    with pytest.raises(FoursplitError, match="`make clean && make .venv/ready`"):
        checkout.require_own_code()


def test_the_name_of_the_folder_or_the_working_directory_decides_alike(copied, tmp_path_factory):
    """A stage that DVC starts has the pipeline's folder as its own."""
    inside = copied / "pipelines" / "data"
    inside.mkdir(parents=True)
    env = {**os.environ, "PYTHONPATH": str(CODE.parent)}
    for folder, root in ((inside, None), (tmp_path_factory.mktemp("elsewhere"), copied)):
        named = {**env, **({"FOURSPLIT_ROOT": str(root)} if root else {})}
        if root is None:
            named.pop("FOURSPLIT_ROOT", None)
        done = subprocess.run(
            [sys.executable, "-m", "foursplit", "stage", "fetch", "wine"],
            cwd=folder,
            env=named,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2
        assert "has code of its own" in done.stderr
