"""The record of params.yaml's content, which spares each stage the parsing of YAML."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foursplit.config import load as loading
from foursplit.config import pipelines
from foursplit.core.recorded_content import is_same

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3) | st.integers() | st.booleans(), inner, max_size=3)
    ),
    max_leaves=8,
)


def _file(folder: Path, text: str) -> Path:
    (folder / ".foursplit").mkdir(exist_ok=True)
    path = folder / "params.yaml"
    path.write_text(text)
    return path


def _record(path: Path) -> Path:
    return path.parent / ".foursplit" / f"{path.name}.json"


@given(VALUES)
def test_only_a_value_that_json_returns_as_it_was_is_recorded(value: object) -> None:
    if is_same(json.loads(json.dumps(value)), value):
        assert repr(json.loads(json.dumps(value))) == repr(value)


def test_a_record_gives_what_the_file_does(tmp_path: Path) -> None:
    text = "a: {b: [1, 1.0e-3, true, null, '1']}\nc: 0x10\n"
    path = _file(tmp_path, text)
    first = pipelines.tree(path)
    assert _record(path).is_file()
    pipelines._parsed.cache_clear()
    assert repr(pipelines.tree(path)) == repr(first)


def test_another_text_is_read_again_even_with_the_old_times(tmp_path: Path) -> None:
    path = _file(tmp_path, "a: 1\n")
    status = path.stat()
    assert pipelines.tree(path) == {"a": 1}
    path.write_text("a: 2\n")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    pipelines._parsed.cache_clear()
    assert pipelines.tree(path) == {"a": 2}


@pytest.mark.parametrize("text", ["1: a\n", "a: 2020-01-01\n", "true: a\n"])
def test_what_json_cannot_hold_is_not_recorded(tmp_path: Path, text: str) -> None:
    path = _file(tmp_path, text)
    pipelines.tree(path)
    assert not _record(path).exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"state": null, "tree": {"a": 3}}'])
def test_a_record_that_is_cut_short_or_of_another_text_does_not_count(
    tmp_path: Path, text: str
) -> None:
    path = _file(tmp_path, "a: 1\n")
    _record(path).write_text(text)
    assert pipelines.tree(path) == {"a": 1}


def test_a_project_that_was_never_run_gets_no_folder(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text("a: 1\n")
    assert pipelines.tree(path) == {"a": 1}
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize(
    "text",
    [
        'class Args:\n    """One.\n\nTwo at the margin.\n"""\n    a: int = 1\n\nx = 1\n',
        "@dataclass\nclass Args:\n    a: int = 1\nclass Other:\n    b: int\n",
        "class Arguments:\n    b: int\n\n\nclass Args(\n    Base,\n):\n    # text\n\n    a: int\n",
        "class Args:\n    a: int",
        'x = """\nclass Args:\n    b: (\n"""\n\nclass Args:\n    a: int\n',
    ],
)
def test_arguments_are_found_in_part_of_a_text_as_in_all_of_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "model.py"
    path.write_text(text)
    assert loading._declared_args(path, pipelines.version(path)) == ["a"]
