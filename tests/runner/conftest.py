"""A project of a few small stages, run by the real command and by the real DVC."""

import atexit
import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from tests import forked

from foursplit.cli.commands.verify import locks
from foursplit.core import reproducible_env

PROJECT = Path(__file__).parent.parent.parent

COURSE, GROUP, KEY, DATASET = "improving", "c2w3_wine", "c2w3_wine_softmax", "wine"


class Small:
    """A folder with one pipeline file of the test's own; parameters are the project's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {
            **os.environ,
            **reproducible_env.QUIET,
            "PYTHONPATH": str(PROJECT / "src"),
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "FOURSPLIT_ROOT": str(folder),
            "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db",
            "COLUMNS": "120",
        }

    def write(self, stages: str) -> "Small":
        (self.folder / "dvc.yaml").write_text(f"stages:\n{stages}")
        return self

    def start(self, *command: str, **rest) -> subprocess.Popen:
        given = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, **rest}
        return subprocess.Popen(
            command, cwd=self.folder, env=self.env, start_new_session=True, **given
        )

    def run(self, *command: str, code: int = 0) -> str:
        if command[0] in ("foursplit", "dvc", sys.executable):
            done = forked.run(command, cwd=self.folder, env=self.env)
            output, result = done.stdout, done.returncode
        else:
            process = self.start(*command)
            output, result = process.communicate(timeout=120)[0], process.returncode
        assert result == code, output
        assert "Traceback" not in output, output
        return output

    def repro(self, *arguments: str, code: int = 0) -> str:
        return self.run("foursplit", "repro", *arguments, code=code)

    def locks(self):
        return locks(self.folder)

    def forget(self) -> None:
        """Go back to where nothing ever ran."""
        for name in (".dvc/cache", ".foursplit"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        for path in [*self.folder.rglob("dvc.lock"), *self.folder.glob("*.out")]:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


@cache
def empty_repository() -> Path:
    """Make a folder of git and DVC, once: DVC's command alone takes a second."""
    folder = Path(tempfile.mkdtemp(prefix="foursplit-repository-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for command in (["git", "init", "-q"], ["dvc", "init", "-q"]):
        environment = Small(folder).env
        subprocess.run(command, cwd=folder, env=environment, check=True)
    return folder


@cache
def parameters() -> str:
    """Give the project's parameters with one experiment: of all, YAML alone takes half a second."""
    yaml = YAML(typ="safe")
    yaml.default_flow_style = False
    tree = yaml.load((PROJECT / "params.yaml").read_text())
    few = {name: tree[name] for name in ("run", "diagnosis")}
    few["datasets"] = {DATASET: tree["datasets"][DATASET]}
    for block, name in (("groups", GROUP), ("experiments", KEY)):
        few[block] = {COURSE: {name: tree[block][COURSE][name]}}
    text = io.StringIO()
    yaml.dump(few, text)
    return text.getvalue()


@pytest.fixture
def small(tmp_path) -> Small:
    project = Small(tmp_path / "small")
    shutil.copytree(empty_repository(), project.folder)
    for home in ("data", COURSE):
        (project.folder / "pipelines" / home).mkdir(parents=True)
        (project.folder / "pipelines" / home / "dvc.yaml").write_text("stages: {}\n")
    (project.folder / "params.yaml").write_text(parameters())
    (project.folder / "start.txt").write_text("start\n")
    (project.folder / ".gitignore").write_text("/*.out\n/.foursplit/\n/mlflow.db*\n")
    return project


@pytest.fixture
def wait_for():
    """Give a function that waits until something is so."""

    def wait(condition, seconds=30.0):
        end = time.monotonic() + seconds
        while not condition() and time.monotonic() < end:
            time.sleep(0.02)
        assert condition()

    return wait
