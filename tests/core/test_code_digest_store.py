"""What an earlier process parsed is used again, and never for another text."""

import json
import shutil

import pytest

from foursplit.core import code_digest


@pytest.fixture
def package(project, monkeypatch):
    """Make a package of three files in a project, as a new process would find it."""
    folder = project / "parcel"
    folder.mkdir()
    texts = {"__init__": "", "top": "from parcel import low, other\n", "low": "value = 1\n"}
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text)
    (folder / "other.py").write_text('"""Documented."""\n')
    forget()
    yield folder
    forget()


def forget():
    """Forget what this process knows, as a new process does."""
    for function in (code_digest._known, code_digest._facts, code_digest._imported):
        function.cache_clear()
    code_digest._new.clear()


def closure(package):
    forget()
    return code_digest.closure(["parcel.top"], {"parcel": package})


@pytest.fixture
def parsed(monkeypatch):
    """List the paths that are parsed."""
    found, parse = [], code_digest.ast.parse
    monkeypatch.setattr(
        code_digest.ast,
        "parse",
        lambda text, path: found.append(path.rpartition("/")[2]) or parse(text, path),
    )
    return found


def without_store(package, monkeypatch):
    with monkeypatch.context() as alone:
        alone.setattr(code_digest, "_store", lambda: None)
        return closure(package)


def test_an_edit_of_one_file_parses_one_file(package, parsed):
    first = closure(package)
    assert sorted(parsed) == ["low.py", "other.py", "top.py"]
    parsed.clear()
    assert closure(package) == first
    assert parsed == []
    (package / "low.py").write_text("value = 2\n")
    second = closure(package)
    assert parsed == ["low.py"]
    assert {path for path in first if first[path] != second[path]} == {"parcel/low.py"}


def test_what_is_kept_gives_the_same_as_parsing(package, monkeypatch):
    closure(package)
    (package / "low.py").write_text("from parcel import late\n")
    assert closure(package) == without_store(package, monkeypatch)
    (package / "late.py").write_text("value = 3\n")  # a module where there was none: a name before
    assert "parcel/late.py" in closure(package)
    assert closure(package) == without_store(package, monkeypatch)
    (package / "late.py").unlink()
    assert closure(package) == without_store(package, monkeypatch)


def test_a_moved_file_is_not_parsed_again(package, parsed):
    closure(package)
    parsed.clear()
    moved = shutil.move(package, package.with_name("elsewhere"))
    forget()
    assert code_digest.closure(["parcel.top"], {"parcel": moved})
    assert parsed == []


@pytest.mark.parametrize("damage", ["cut", "garbage", "binary", "empty", "other"])
def test_a_damaged_store_is_parsed_again(package, damage, monkeypatch):
    right = closure(package)
    (store,) = (package.parent / ".foursplit" / "code").iterdir()
    content = store.read_bytes()
    lines = {
        "cut": content[: len(content) // 2],
        "garbage": content.replace(b"[", b"{"),
        "binary": b"\xff\xfe" + content,
        "empty": b"",
        "other": b'3\n"text"\n[1, 2]\n[[1], 2, 3]\n',
    }
    store.write_bytes(lines[damage])
    assert closure(package) == right
    assert closure(package) == right  # what was added behind the damage counts


def test_a_line_is_whole_or_does_not_count(package):
    right = closure(package)
    (store,) = (package.parent / ".foursplit" / "code").iterdir()
    content = store.read_bytes()
    for length in range(0, len(content), 7):
        store.write_bytes(content[:length])
        assert closure(package) == right


def test_a_large_store_begins_again(package, monkeypatch):
    closure(package)
    (store,) = (package.parent / ".foursplit" / "code").iterdir()
    monkeypatch.setattr(code_digest, "MOST_KEPT", 0)
    (package / "low.py").write_text("value = 2\n")
    closure(package)
    keys = {json.loads(line)[0] for line in store.read_text().splitlines() if line}
    assert len(keys) == 3


def test_a_folder_that_cannot_be_written_costs_time_alone(package):
    (package.parent / ".foursplit").write_text("a file in the way")
    assert closure(package) == closure(package)


def test_other_code_and_another_python_keep_their_own(package, monkeypatch, parsed):
    closure(package)
    parsed.clear()
    monkeypatch.setattr(code_digest.sys, "version", "3.99")
    code_digest._version.cache_clear()
    try:
        closure(package)
    finally:
        code_digest._version.cache_clear()
    assert sorted(parsed) == ["low.py", "other.py", "top.py"]
