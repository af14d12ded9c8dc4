"""Rules of the house that a machine can see."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
FILES = sorted(
    path
    for folder in ("src", "tests", "benchmarks", "docs")
    for path in (ROOT / folder).rglob("*.py")
    if path.name != "__init__.py"
)
BANNED = {"utils", "helpers", "common", "misc"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_short_and_its_first_line_says_what_it_is(path):
    lines = path.read_text().splitlines()
    assert len(lines) <= 400
    assert lines[0].startswith(('"""', 'r"""'))
    assert not BANNED & {path.stem, *path.relative_to(ROOT).parts}


def test_the_command_starts_without_heavy_libraries():
    code = (
        "import sys, foursplit.cli\n"
        "heavy = {'torch', 'mlflow', 'pytorch_lightning', 'sklearn', 'pandas', 'numpy', "
        "'great_expectations', 'matplotlib', 'dvc', 'pydantic'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_every_requirement_is_pinned():
    for path in ROOT.glob("requirements*.lock"):
        for line in path.read_text().splitlines():
            assert line.startswith(("#", "-r ")) or "==" in line, (path.name, line)


def names(lock):
    lines = (ROOT / lock).read_text().splitlines()
    return {line.split("==")[0].lower() for line in lines if "==" in line}


def test_what_a_team_installs_moves_no_pin_of_the_others():
    locks = ("-numeric", "", "-team", "-team-dev")
    found = [names(f"requirements{name}.lock") for name in locks]
    assert sum(map(len, found)) == len(set().union(*found))
