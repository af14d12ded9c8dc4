"""The commands: help, and actionable error messages."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests import forked

from foursplit.runner.workers.preload import EXPECTATIONS, LIGHTNING, TORCH

ROOT = Path(__file__).resolve().parents[2]

LIBRARIES = {"validate": EXPECTATIONS, "train": (*TORCH, *LIGHTNING), "evaluate": TORCH}


def run(project, *arguments, code, **rest):
    done = forked.run(
        ["foursplit", *arguments],
        cwd=project,
        env={**os.environ, "FOURSPLIT_ROOT": str(project)},
        libraries=LIBRARIES.get(arguments[1], ()) if len(arguments) > 1 else (),
        **rest,
    )
    assert done.returncode == code, done.stdout
    assert "Traceback" not in done.stdout
    return done.stdout


def test_help_lists_every_command_under_a_heading(project):
    text = run(project, "--help", code=0)
    for command in (
        "repro",
        "check",
        "summary",
        "ui",
        "new",
        "verify",
        "pipeline",
        "stage",
    ):
        assert f"  {command} " in text
    assert "Promote and serve:" in text
    assert "Other commands" not in text
    stages = run(project, "stage", "--help", code=0)
    assert all(
        f"  {name} " in stages for name in ("code", "fetch", "train", "learning_curve", "report")
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["stage", "fetch", "wines"],
            "unknown dataset 'wines'. Did you mean 'wine'? Valid: wine",
        ),
        (["stage", "train", "lenet"], "unknown experiment 'lenet'"),
        (["stage", "evaluate", "lenet"], "c4w2_digits_lenet, c4w2_fashion_lenet"),
        (
            ["stage", "learning_curve", "c2w3_wine_softmax"],
            "unknown learning curve 'c2w3_wine_softmax'. Valid: c4w2",
        ),
        (["stage", "learning_curve", "c4w2_digits_mlp"], "no such file. Run `dvc repro`"),
        (["new", "learning-curve", "c4w2_digits_mlp"], "c4w2_digits_mlp is already in params.yaml"),
        (["new", "learning-curve", "lenet"], "unknown experiment 'lenet'"),
        (
            ["learning-curve", "c4w2_digits_mlp"],
            "Run `foursplit repro learning_curve@c4w2_digits_mlp`",
        ),
        (["learning-curve", "c4w2_digits_lenet"], "neither a CSV file nor an experiment with one"),
        (["stage", "select", "digits"], "unknown group 'digits'. Did you mean 'c4w2_digits'?"),
        (["stage", "final", "digits"], "c3w2_many_digits"),
        (["stage", "trian", "x"], "No such command 'trian'"),
        (["stage", "train"], "Missing argument 'EXPERIMENT'"),
        (["new", "model", "My Model"], "use small letters"),
        (["new", "model", "lenet"], "name 'lenet' is taken"),
        (["new", "dataset", "wine", "--csv", "x.csv", "--target", "y"], "name 'wine' is taken"),
        (["new", "dataset", "mine", "--csv", "x.csv", "--target", "y"], "x.csv"),
        (["stage", "train", "c4w2_digits_lenet"], "no such file. Run `dvc repro`"),
    ],
)
def test_a_wrong_word_is_answered_with_the_right_ones(project, arguments, message):
    assert message in run(project, *arguments, code=2)


def test_a_project_without_a_package_of_its_own_is_told_how_to_name_one(project):
    (project / "pyproject.toml").unlink()
    new = ["new", "dataset", "mine", "--csv", "x.csv", "--target", "y"]
    assert "[tool.foursplit]" in run(project, *new, code=2)


def test_a_learning_curve_is_asked_for_by_one_block(project):
    before = (project / "params.yaml").read_text().splitlines()
    text = run(project, "new", "learning-curve", "c2w3_wine_softmax", code=0)
    assert "added curves.improving.c2w3_wine_softmax" in text
    after = (project / "params.yaml").read_text().splitlines()
    assert [line for line in before if line not in after] == ["  improving: {}"]
    assert "already in params.yaml" in run(
        project, "new", "learning-curve", "c2w3_wine_softmax", code=2
    )


@pytest.fixture
def pipelines(project):
    """Give the project the generated pipeline files."""
    shutil.copytree(ROOT / "pipelines", project / "pipelines", dirs_exist_ok=True)
    shutil.copyfile(ROOT / "dvc.yaml", project / "dvc.yaml")
    return project / "pipelines"


@pytest.mark.parametrize(
    ("before", "after", "file"),
    [
        ("\n  improving: {}\n", "\n", "pipelines/improving/dvc.yaml"),
        (
            "lessons:\n  supervised:",
            "lessons:\n  supervised: {}\n  own:",
            "own/dvc",
        ),
        ("lessons:\n  supervised:", "lessons:\n  own:", "supervised/dvc.yaml, "),
    ],
)
def test_what_params_yaml_asks_for_is_written_by_one_command(
    project, pipelines, before, after, file
):
    path = project / "params.yaml"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))
    said = run(project, "repro", "--dry", code=2)
    assert file in said
    assert "foursplit pipeline write" in said
    assert "wrote pipelines/" in run(project, "pipeline", "write", code=0)
    assert run(project, "pipeline", "write", "--check", code=0)


def test_an_impossible_argument_of_a_lesson_is_refused_by_name(project):
    path = project / "params.yaml"
    path.write_text(path.read_text().replace("too_large: 0.8", "too_large: 0.5"))
    shutil.copytree(ROOT / "pipelines", project / "pipelines", dirs_exist_ok=True)
    said = run(project, "check", code=2)
    assert "gradient_descent.args: learning_rate_too_large: 0.5 must be above" in said


def test_a_wrong_parameter_stops_every_stage(project):
    path = project / "params.yaml"
    path.write_text(path.read_text().replace("learning_rate: 0.05", "learning_rate: -0.05"))
    output = run(project, "stage", "fetch", "wine", code=2)
    assert "learning_rate: -0.05 must be greater than 0" in output
    assert not (project / "data").exists()


def test_outside_a_project_it_says_so(tmp_path):
    assert "not inside a Foursplit project" in run(tmp_path, "stage", "fetch", "wine", code=2)


SMALL = 20_000
"""What a full disk does, where and when a test wants it: no file grows beyond 20 kB."""


def test_a_full_disk_is_named_and_leaves_nothing_half_written(project):
    text = run(project, "stage", "fetch", "digits", code=3, max_file_bytes=SMALL)
    assert "File too large" in text
    assert not (project / "data" / "raw" / "digits").exists()
    run(project, "stage", "fetch", "digits", code=0)


def test_a_full_disk_leaves_the_models_and_splits_of_before(project):
    for stage in ("fetch", "validate", "split"):
        run(project, "stage", stage, "digits", code=0)
    path = project / "params.yaml"
    path.write_text(path.read_text().replace("64, max_epochs: 60", "64, max_epochs: 1"))
    run(project, "stage", "train", "c4w2_digits_mlp", code=0)
    files = {
        path: path.read_bytes()
        for folder in ("split", "models")
        for path in sorted((project / "data" / folder).rglob("*.*"))
        if path.is_file()
    }
    assert len(files) > 8
    text = run(project, "stage", "split", "digits", code=3, max_file_bytes=SMALL)
    assert "Free space there, and run again." in text
    assert "harmed" not in text
    text = run(project, "stage", "train", "c4w2_digits_mlp", code=3, max_file_bytes=SMALL)
    assert "File too large" in text
    assert {path: path.read_bytes() for path in files} == files


def test_who_reads_the_first_line_alone_ends_it_quietly(project):
    made = subprocess.run(
        f"{sys.executable} -m foursplit advise --example | head -1",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.stdout.count("\n") == 1
    assert made.stderr == ""
