"""Rules of the house that a machine can see."""

import re
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
        "import sys, foursplit.cli.main\n"
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


HASHED = {"": ("-numeric", ""), "-dev": ("-dev",), "-team": ("-team",), "-team-dev": ("-team-dev",)}


@pytest.mark.parametrize("name", HASHED)
def test_each_pin_but_torch_has_the_hashes_of_its_files(name):
    locks = [(ROOT / f"requirements{lock}.lock").read_text() for lock in HASHED[name]]
    wanted = {normal(line) for text in locks for line in text.splitlines() if "==" in line}
    text = (ROOT / f"requirements{name}.hashes").read_text()
    entries = re.findall(r"^(\S+==\S+)((?: \\\n +--hash=sha256:[0-9a-f]{64})+)$", text, re.M)
    assert {normal(pin) for pin, _ in entries} == {p for p in wanted if not p.startswith("torch==")}
    left = re.sub(r"^\S+==\S+(?: \\\n +--hash=sha256:[0-9a-f]{64})+$|^#.*$", "", text, flags=re.M)
    assert not left.strip()


def normal(pin):
    name, _, version = pin.partition("==")
    return f"{re.sub(r'[-_.]+', '-', name).lower()}=={version}"


def test_make_installs_by_hash_what_has_hashes_and_pip_first():
    text = (ROOT / "Makefile").read_text()
    lines = re.findall(r"^\t\$\(PIP\) (.*)$", text, re.M)
    assert [line for line in lines if ".hashes" in line] == [
        "--require-hashes -r requirements-pip.hashes"
    ]
    hashed = re.findall(r"^\t\$\(call INSTALL_HASHED,(.*)\)$", text, re.M)
    assert {*hashed} == {"requirements.hashes", "requirements-$*.hashes"}
    (by_uv, by_pip) = re.findall(r"pip install.* -r \$\(1\)|\$\(PIP\).* -r \$\(1\)", text)
    assert all("--require-hashes --no-deps" in command for command in (by_uv, by_pip))
    assert (ROOT / "requirements-pip.hashes").read_text().count("==") == 1


def names(lock):
    lines = (ROOT / lock).read_text().splitlines()
    return {line.split("==")[0].lower() for line in lines if "==" in line}


def test_what_a_team_installs_moves_no_pin_of_the_others():
    for others in (("-dev",), ("-team", "-team-dev")):
        found = [names(f"requirements{name}.lock") for name in ("-numeric", "", *others)]
        assert sum(map(len, found)) == len(set().union(*found))


def test_a_package_in_two_locks_has_one_version():
    pins = [line for p in ROOT.glob("requirements*.lock") for line in p.read_text().splitlines()]
    versions = {normal(pin) for pin in pins if "==" in pin}
    assert len({pin.partition("==")[0] for pin in versions}) == len(versions)


def test_the_main_job_installs_no_test_tools():
    main = names("requirements.lock") | names("requirements-numeric.lock")
    assert not main & {"pytest", "ruff", "mypy", "hypothesis", "statsmodels", "import-linter"}
    text = (ROOT / "Makefile").read_text()
    needs = dict(
        re.findall(r"^(repro|repro-full|check|test|test-slow): \$\(VENV\)/(\w+)$", text, re.M)
    )
    assert needs["repro"] == needs["repro-full"] == "ready"
    assert needs["check"] == needs["test"] == needs["test-slow"] == "dev"
