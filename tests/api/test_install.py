"""What `pip install foursplit` brings, and what it says of what it does not bring."""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from click.testing import CliRunner

from foursplit.api import example
from foursplit.cli import extras
from foursplit.cli.main import main
from foursplit.core.splits import SPLITS

ROOT = Path(__file__).parents[2]


def in_core(folder, *commands):
    """Run commands without the packages of the extras; return what was printed."""
    script = ROOT / "tests" / "api" / "core_only.py"
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [sys.executable, str(script), *commands],
        cwd=folder, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_commands_on_tables_need_ten_packages_and_others_say_what_they_need(tmp_path):
    (tmp_path / "curve.csv").write_text("n,dev_error\n100,0.3\n200,0.25\n400,0.2\n800,0.17\n")
    tables = "foursplit-example"
    commands = (
        "diagnose --example --html page.html --json found.json",
        f"compare {tables} {tables}",
        f"error-sheet {tables} --out sheet.csv",
        "learning-curve curve.csv --train-error 0.05",
        "advise --example",
    )
    said = in_core(tmp_path, *commands, "repro --dry")
    *tables_said, last = [line for line in said.splitlines() if line.strip()]
    assert [line.split()[0] for line in tables_said] == ["0"] * len(commands)
    assert last.startswith("2 ")
    assert "pip install 'foursplit[pipeline]'" in last
    assert (tmp_path / "page.html").is_file()


@pytest.mark.parametrize(
    ("module", "extra"),
    [
        ("torch.nn", "pipeline"), ("pytorch_lightning", "pipeline"), ("PIL.Image", "pipeline"),
        ("cleanlab", "labels"), ("xgboost", "courses"), ("numpy", ""), ("no_such", None),
    ],
)  # fmt: skip
def test_a_missing_module_is_found_in_its_extra(module, extra):
    requirements = [
        "numpy", "cleanlab>=2.9; extra == 'labels'", 'torch; extra == "pipeline"',
        "pytorch-lightning>=2.6.6; extra == 'pipeline'", "Pillow; extra == 'pipeline'",
        "xgboost-cpu; extra == 'courses'",
    ]  # fmt: skip
    assert extras.extra_with(module, requirements) == extra


def test_the_example_is_written_once_and_nothing_of_others_is_changed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first = CliRunner().invoke(main, ["diagnose", "--example"])
    again = CliRunner().invoke(main, ["diagnose", "--example"])
    assert first.exit_code == again.exit_code == 0
    assert first.output == again.output
    assert {p.name for p in (tmp_path / example.FOLDER).iterdir()} == {f"{s}.csv" for s in SPLITS}
    own = tmp_path / example.FOLDER / "dev.csv"
    own.write_text("mine")
    refused = CliRunner().invoke(main, ["diagnose", "--example"])
    assert refused.exit_code == 2
    assert "dev.csv" in refused.output
    assert own.read_text() == "mine"


@pytest.mark.parametrize("words", [["diagnose"], ["diagnose", "tables", "--example"]])
def test_tables_or_the_example_are_asked_for(words):
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 2
    assert "--example" in result.output


@pytest.mark.slow
def test_a_wheel_in_an_empty_environment_diagnoses_in_ci(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "src", source / "src", ignore=shutil.ignore_patterns("*.egg-info"))
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet"]
    subprocess.run([*build, "--wheel-dir", str(tmp_path), str(source)], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    venv.create(tmp_path / "empty", with_pip=True)
    python = tmp_path / "empty" / "bin" / "python"
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "FOURSPLIT"))}
    pins = ["-c", str(ROOT / "requirements-numeric.lock")]
    install = [str(python), "-m", "pip", "install", "--quiet", str(wheel), *pins]
    done = subprocess.run(install, env=env, capture_output=True, text=True, check=False)
    if "No matching distribution" in done.stderr or "connection" in done.stderr.lower():
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, done.stderr
    foursplit = tmp_path / "empty" / "bin" / "foursplit"
    work = tmp_path / "work"
    work.mkdir()
    shown = subprocess.run(
        [str(foursplit), "diagnose", "--example"],
        cwd=work, env=env, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "data mismatch" in shown
    size = sum(p.stat().st_size for p in (tmp_path / "empty").rglob("*") if p.is_file())
    assert size < 600e6, f"{size / 1e6:.0f} MB"
    found = subprocess.run(
        [str(python), "-m", "pip", "list", "--format=freeze"],
        env=env, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert not {"torch", "dvc", "mlflow"} & {line.partition("==")[0] for line in found.splitlines()}
