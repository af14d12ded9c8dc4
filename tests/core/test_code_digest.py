"""An edit counts where it changes what a program does, and reaches what imports it."""

import ast
import shutil
import subprocess
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foursplit.core import code_digest

SOURCE = '''
"""What this file is for."""

import json


class Box:
    """Holds one value."""

    size: int = 3

    def grow(self, by: float = 1.5) -> float:
        """Return the new size."""
        # A comment.
        return self.size * by + len(f"{by:>{self.size}} {'a'!r}") + json.loads("1")


async def wait():
    """Wait for nothing."""
    return "\\ud800"
'''

SAME = {
    "a docstring": ("Return the new size.", "Compute what the size is after it has grown."),
    "no docstring": ('    """Holds one value."""\n', ""),
    "a comment": ("        # A comment.\n", ""),
    "blank lines": ("\n\n\nclass", "\n\n\n\n\nclass"),
    "a line break": (
        "(self, by: float = 1.5)",
        "(\n        self,\n        by: float = 1.5,\n    )",
    ),
    "quotes": ('json.loads("1")', "json.loads('1')"),
}

OTHER = {
    "a number": ("= 3", "= 4"),
    "a default": ("1.5", "1.25"),
    "an operator": ("* by", "/ by"),
    "a name": ("grow", "swell"),
    "an annotation": ("size: int", "size: float"),  # dataclasses and pydantic read them
    "a text": ('"1"', '"2"'),
    "a format": (":>{self.size}}", ":<{self.size}}"),
    "a type": ("= 3", "= 3.0"),
    "async": ("async def", "def"),
}


def digest(folder, text):
    path = folder / "module.py"
    path.write_text(text)
    return code_digest._syntax_digest.__wrapped__(path, (0, 0))


@pytest.mark.parametrize("edit", SAME)
def test_what_changes_no_program_changes_no_digest(tmp_path, edit):
    before, after = SAME[edit]
    assert before in SOURCE
    assert digest(tmp_path, SOURCE) == digest(tmp_path, SOURCE.replace(before, after))


@pytest.mark.parametrize("edit", OTHER)
def test_every_other_edit_changes_the_digest(tmp_path, edit):
    before, after = OTHER[edit]
    assert before in SOURCE
    assert digest(tmp_path, SOURCE) != digest(tmp_path, SOURCE.replace(before, after))


@given(a=st.integers() | st.floats() | st.text() | st.binary() | st.booleans(), b=st.text())
def test_two_constants_are_alike_only_if_python_takes_them_for_the_same(tmp_path_factory, a, b):
    folder = tmp_path_factory.mktemp("code")
    first, second = (digest(folder, f"x = {ast.unparse(ast.Constant(v))}\n") for v in (a, b))
    assert (first == second) == (type(a) is type(b) and a == b)


def test_other_versions_of_python_give_the_same_digest(tmp_path):
    runs = [name for name in ("python3.11", "python3.12", "python3.13") if works(name)]
    if len(runs) < 2:
        pytest.skip("only one version of Python is installed here")
    path = tmp_path / "module.py"
    path.write_text(SOURCE)
    found = {name: digest_by(name, path) for name in runs}
    assert len(set(found.values())) == 1, found


def works(name):
    """Tell whether a version is here; a name that leads to none fails when it is called."""
    return shutil.which(name) and subprocess.run([name, "-c", ""], check=False).returncode == 0


def digest_by(name, path):
    code = (
        "import code_digest as c, pathlib, sys\nprint(c.syntax_digest(pathlib.Path(sys.argv[1])))"
    )
    folder = Path(code_digest.__file__).parent
    command = [name, "-c", code, str(path)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def package(tmp_path):
    """Make a package: `top` imports `middle` in a function, `middle` imports `deep.low`."""
    folder = tmp_path / "parcel"
    files = {
        "__init__.py": "",
        "top.py": "import numpy\n\ndef run():\n    from parcel import middle\n    return middle\n",
        "middle.py": "from parcel.deep.low import value\n",
        "deep/__init__.py": "from parcel import beside\n",
        "deep/low.py": "value = 1\n",
        "beside.py": "",
        "alone.py": "import parcel.middle\n",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(textwrap.dedent(text))
    return folder


def names(module, package):
    return set(code_digest.closure([module], {"parcel": package}))


def test_a_closure_holds_all_that_is_imported_through_others(package):
    # The folder's own file runs on the way to `low`, and imports as well; empty ones count not.
    reached = {"middle.py", "deep/low.py", "deep/__init__.py", "beside.py"}
    assert names("parcel.top", package) == {f"parcel/{name}" for name in {"top.py", *reached}}
    assert names("parcel.alone", package) == {f"parcel/{name}" for name in {"alone.py", *reached}}
    assert names("parcel.beside", package) == {"parcel/beside.py"}


def test_a_file_that_nobody_imports_changes_no_closure(package):
    before = code_digest.closure(["parcel.top"], {"parcel": package})
    (package / "new.py").write_text("print('new')\n")
    assert code_digest.closure(["parcel.top"], {"parcel": package}) == before


def test_an_edit_changes_the_fingerprint_of_what_imports_it(package):
    def fingerprints():
        packages = {"parcel": package}
        return {m: code_digest.fingerprint(f"parcel.{m}", packages) for m in ("top", "beside")}

    before = fingerprints()
    (package / "deep" / "low.py").write_text("value = 11\n")
    after = fingerprints()
    assert before["top"] != after["top"]
    assert before["beside"] == after["beside"]
