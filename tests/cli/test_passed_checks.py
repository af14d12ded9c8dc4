"""A check that passed is left out only where all that decides it is the same."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from foursplit import plugins
from foursplit.cli import passed_checks
from foursplit.cli.passed_checks import PassedChecks
from foursplit.config import paths
from foursplit.core.errors import FoursplitError
from foursplit.runner import unchanged

PROJECT = Path(__file__).resolve().parents[2]

PROGRAM = """
import sys
from click.testing import CliRunner
from foursplit.cli.main import main
done = CliRunner().invoke(main, ["check"])
print(done.output, done.exit_code, "torch" in sys.modules)
"""


def command(*_):
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    return done.stdout


def test_the_command_imports_torch_for_what_never_passed(project):
    shutil.copytree(PROJECT / "pipelines", project / "pipelines")
    shutil.copyfile(PROJECT / "dvc.yaml", project / "dvc.yaml")
    assert command().endswith("0 True\n")
    assert command().endswith("0 False\n")
    path = project / "params.yaml"
    path.write_text(path.read_text().replace("dropout: 0.0}", "dropout: 1.5}", 1))
    for _ in range(2):  # a failure is not kept
        assert "dropout: 1.5 must be from 0 to below 1" in command()


MODEL = """from dataclasses import dataclass
from own_package import limits

@dataclass(frozen=True)
class Args:
    units: int = 1

    def __post_init__(self):
        if self.units > limits.MOST:
            raise ValueError("too many")
"""


@pytest.fixture
def own(project):
    """Give the package of a project with one model, whose check reads another file."""
    folder = project / "own_package"
    for name, text in {"models/mine.py": MODEL, "limits.py": "MOST = 3\n"}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder


def runs(inputs=7):
    """Return how often the check of the model runs in a new command."""
    calls = []
    with PassedChecks() as passed:
        for _ in range(2):
            passed.check("models", "mine", inputs, lambda: calls.append("run"))
    return len(calls)


def test_it_runs_once_for_the_same_inputs(own):
    assert [runs(), runs(), runs(8), runs(8), runs()] == [1, 0, 1, 0, 0]


def test_an_edit_of_what_the_file_imports_runs_it_again(own):
    assert [runs(), runs()] == [1, 0]
    (own / "limits.py").write_text("MOST = 10\n")
    assert [runs(), runs()] == [1, 0]
    (own / "limits.py").write_text("# The largest.\nMOST = 10\n")
    assert runs() == 0


def test_another_python_or_package_runs_it_again(own, monkeypatch):
    assert [runs(), runs()] == [1, 0]
    monkeypatch.setattr(sys, "version", "3.99")
    assert [runs(), runs()] == [1, 0]
    monkeypatch.setattr(unchanged, "installed", lambda: {"site-packages": [1]})
    assert runs() == 1


def test_other_code_of_the_check_itself_runs_it_again(own, monkeypatch):
    assert [runs(), runs()] == [1, 0]
    monkeypatch.setattr(passed_checks, "CHECKS", ("foursplit.core.errors",))
    assert runs() == 1


def test_a_failure_is_never_recorded(own):
    def fail():
        raise FoursplitError("too many")

    for _ in range(2):
        with pytest.raises(FoursplitError), PassedChecks() as passed:
            passed.check("models", "mine", 7, fail)
    assert runs() == 1


@pytest.mark.parametrize("text", ["", "{", "{}", "3", "[3]", "null"])
def test_a_damaged_record_is_none(own, text):
    assert runs() == 1
    (paths.state() / "checked.json").write_text(text)
    assert [runs(), runs()] == [1, 0]


def test_a_file_that_is_gone_is_refused_with_the_names(own):
    assert runs() == 1
    (own / "models" / "mine.py").unlink()
    with pytest.raises(FoursplitError, match="unknown model 'mine'"):
        runs()
    assert "mine" not in plugins.names("models")
