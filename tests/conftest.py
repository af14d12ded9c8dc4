"""What every test stands on: a project folder of its own, and no analytics."""

import os

# Several tests run at once: threads of one that wait for another's core take its time.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from foursplit.config import paths
from foursplit.core import reproducible_env

os.environ.update(reproducible_env.QUIET)

# A first import, or another process on the same core, is no failure of a law.
settings.register_profile("patient", deadline=None)
# A landing must not depend on luck: it tries the same examples each time, other runs new ones.
settings.register_profile("same_examples", settings.get_profile("patient"), derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "patient"))

PROJECT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def _next_test_starts_anew(monkeypatch):
    """Let no test leave its project's folder, or the store it chose in MLflow, to the next."""
    paths.root.cache_clear()
    yield
    paths.root.cache_clear()
    if "mlflow" in sys.modules:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", "")  # MLflow unsets it: monkeypatch gives it back
        sys.modules["mlflow"].set_tracking_uri(None)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Give an empty project folder that foursplit takes for its own."""
    (tmp_path / "params.yaml").write_text((PROJECT / "params.yaml").read_text())
    (tmp_path / "dvc.yaml").write_text("stages: {}\n")
    (tmp_path / "pyproject.toml").write_text('[tool.foursplit]\npackage = "own_package"\n')
    (tmp_path / "own_package").mkdir()
    monkeypatch.setenv("FOURSPLIT_ROOT", str(tmp_path))
    paths.root.cache_clear()
    yield tmp_path
    paths.root.cache_clear()
    sys.path[:] = [folder for folder in sys.path if folder != str(tmp_path)]
    for name in [name for name in sys.modules if name.partition(".")[0] == "own_package"]:
        del sys.modules[name]


@pytest.fixture
def clone(tmp_path):
    """Give a copy of the project's files as they are now, as a git repository of its own."""
    return make_clone(tmp_path / "clone")


def make_clone(folder: Path) -> "Clone":
    """Copy the project's files as they are now into a folder, and commit them there."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    for name in filter(None, listed):
        if (PROJECT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, folder / name)
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@localhost"]
    subprocess.run([*git, "init", "-q"], cwd=folder, check=True)
    subprocess.run([*git, "add", "-A"], cwd=folder, check=True)
    subprocess.run([*git, "commit", "-qm", "start"], cwd=folder, check=True)
    return Clone(folder)


class Clone:
    """A copy of the project in which commands run with the copy's own code."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {
            **os.environ,
            "PYTHONPATH": str(folder / "src"),
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "FOURSPLIT_ROOT": str(folder),
            "FOURSPLIT_ACCELERATOR": "cpu",
            "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db",
        }

    def start(self, *command: str, **env: str) -> subprocess.Popen:
        """Start a command in a session of its own, so that all of it can be killed."""
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env={**self.env, **env},
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *command: str, code: int = 0, **env: str) -> str:
        """Run a command to its end, and hold its exit code against what is expected."""
        process = self.start(*command, **env)
        output, _ = process.communicate(timeout=2400)  # the whole pipeline, beside another test
        assert process.returncode == code, output
        return output

    def git_status(self) -> set[str]:
        listed = self.run("git", "status", "--porcelain", "--untracked-files=all")
        return {line[3:] for line in listed.splitlines()}
