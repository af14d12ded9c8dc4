"""A wrong name is refused before a library is imported, and never because of an old record."""

import json
import subprocess
import sys

import pytest

from foursplit.cli import known_names
from foursplit.config import paths
from foursplit.config.load import load
from foursplit.core.errors import FoursplitError
from foursplit.runner.targets import resolve_target

WRONG = [
    "stage fetch no_such", "stage validate no_such", "stage split no_such", "stage train no_such",
    "stage evaluate no_such", "stage learning_curve no_such", "stage lesson no_such",
    "stage search no_such", "search no_such", "stage select no_such", "stage final no_such",
    "repro no_such", "repro wine no_such@wine", "why no_such", "gate no_such", "promote no_such",
    "history no_such", "rescore no_such", "error-sheet no_such", "learning-curve no_such",
    "new learning-curve no_such", "new model mine --group no_such",
]  # fmt: skip

HEAVY = "{'torch', 'pytorch_lightning', 'sklearn', 'skops', 'mlflow', 'dvc', 'pandas', 'numpy'}"

PROGRAM = f"""
import sys
from click.testing import CliRunner
from foursplit.cli.main import main
for command in {WRONG!r}:
    done = CliRunner().invoke(main, command.split())
    assert done.exit_code == 2, (command, done.output)
    assert "unknown " in done.output, (command, done.output)
    assert "no_such" in done.output and "Valid: " in done.output, (command, done.output)
    assert not {HEAVY} & set(sys.modules), command
print("pydantic" in sys.modules, "ruamel.yaml" in sys.modules)
"""


def test_no_wrong_name_imports_a_library(project):
    for imports_schema in ("True True", "False False"):  # without a record, and with one
        done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
        assert done.stdout.strip() == imports_schema, done.stderr
        known_names.require("group", "c4w2_digits")
        assert (paths.state() / "names.json").is_file()


def test_a_stage_writes_no_record(project):
    known_names.require_stage_argument("train", "no_such")  # the stage finds out by itself
    assert not paths.state().exists()


LOOK_UP = {
    "dataset": lambda params, name: params.dataset(name),
    "experiment": lambda params, name: params.experiment(name),
    "group": lambda params, name: params.group(name),
    "learning curve": lambda params, name: params.curve(name),
    "lesson": lambda params, name: params.lesson(name),
    "search": lambda params, name: params.search(name),
    "target": resolve_target,
    known_names.ADDRESSED: resolve_target,
}


def test_the_names_are_those_that_params_yaml_gives(project):
    params = load()
    for kind, names in known_names._read().items():
        if kind == known_names.WORDS or not names:
            continue
        for name in names[:: 40 if "target" in kind else 1]:  # a target reads pipeline files
            LOOK_UP[kind](params, name)
        with pytest.raises(FoursplitError) as error:
            LOOK_UP[kind](params, "no@such" if kind == known_names.ADDRESSED else "no_such")
        text, _, total = str(error.value).partition(" Valid: ")[2].rstrip(".").partition(", … ")
        valid = set(names) | (set(known_names._read()["target"]) if "@" in kind else set())
        if total:
            assert set(text.split(", ")) < valid, kind
            assert f"{len(valid)})" in total, kind
        else:
            assert set(text.split(", ")) == valid, kind


def test_each_refuses_with_the_words_of_the_other(project):
    for target in ("no_such", "train@no_such", "wime"):
        with pytest.raises(FoursplitError) as mine:
            known_names.require_targets([target])
        with pytest.raises(FoursplitError) as theirs:
            resolve_target(load(), target)
        assert str(mine.value) == str(theirs.value)


def test_a_new_name_is_known_at_once(project):
    known_names.require("group", "c4w2_digits")
    path = project / "params.yaml"
    path.write_text(path.read_text().replace("c4w2_digits", "c9w9_digits"))
    known_names.require("group", "c9w9_digits")
    with pytest.raises(FoursplitError, match="unknown group 'c4w2_digits'"):
        known_names.require("group", "c4w2_digits")


def test_a_stage_of_a_new_dvc_yaml_is_known_at_once(project):
    known_names.require_targets(["wine"])
    with pytest.raises(FoursplitError, match="unknown target 'mine'"):
        known_names.require_targets(["mine"])
    (project / "dvc.yaml").write_text("stages:\n  mine:\n    cmd: echo 1\n")
    known_names.require_targets(["mine"])


@pytest.mark.parametrize("target", ["pipelines/a/dvc.yaml:train", "pipelines/a/dvc.yaml", "x.dvc"])
def test_a_target_in_the_form_of_dvc_is_left_to_dvc(project, target):
    known_names.require_targets([target])


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"state": 3}', '{"state": {}, "names": {}}']
)
def test_a_damaged_record_is_none(project, text):
    known_names.require("group", "c4w2_digits")
    file = paths.state() / "names.json"
    state = json.loads(file.read_text())["state"]
    file.write_text(text)
    known_names.require("group", "c4w2_digits")
    assert json.loads(file.read_text())["state"] == state


def test_a_params_yaml_that_is_wrong_is_what_is_said_first(project):
    path = project / "params.yaml"
    path.write_text(path.read_text().replace("learning_rate: 0.05", "learning_rate: -0.05"))
    with pytest.raises(FoursplitError, match=r"learning_rate: -0\.05 must be greater than 0"):
        known_names.require("group", "no_such")
