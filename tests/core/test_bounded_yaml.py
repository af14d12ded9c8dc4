"""YAML that would fill the memory is refused before anything of it is built."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from foursplit.config import load
from foursplit.core import bounded_yaml
from foursplit.core.errors import FoursplitError

PARAMS = Path(__file__).parent.parent.parent / "params.yaml"

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
MERGES = "a0: &a0 {x: 1}\n" + "".join(
    f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 12)
)


@pytest.mark.parametrize(
    "text",
    [
        LAUGHS,
        MERGES,
        "a: &a [*a]\n",
        "a: &a {b: *a}\n",
        "[" * 3000,
        "[" * 100 + "]" * 100,
        "{a: " * 3000,
        "- " * 200 + "x",
        "a: " + "x" * bounded_yaml.MOST_BYTES,
    ],
    ids=range(9),
)
def test_what_has_no_bound_is_refused_by_place(tmp_path, text):
    path = tmp_path / "params.yaml"
    path.write_text(text)
    with pytest.raises(FoursplitError, match=r"params\.yaml"):
        load.load(path)


def test_a_bomb_takes_no_memory(project):
    """Half a gigabyte holds Python and its libraries, and no bomb."""
    path = project / "params.yaml"
    path.write_text(f"{path.read_text()}\nextra:\n  " + LAUGHS.replace("\n", "\n  "))
    done = subprocess.run(
        [Path(sys.executable).parent / "foursplit", "check"],
        cwd=project,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 29, 1 << 29)),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2, done.stderr
    assert "aliases" in done.stderr


VALUES = st.recursive(
    st.integers() | st.text("abc *&", max_size=4) | st.none(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(VALUES)
def test_what_is_small_is_read_as_before(tmp_path_factory, value):
    path = tmp_path_factory.mktemp("yaml") / "a.yaml"
    with path.open("w") as file:
        YAML(typ="safe").dump({"a": value, "b": [value, value]}, file)
    assert bounded_yaml.load(path) == {"a": value, "b": [value, value]}


def test_aliases_and_merges_that_people_write_are_read(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("a: &a {x: 1}\nb: {<<: *a, y: 2}\nc: [*a, *a]\n")
    assert bounded_yaml.load(path) == {"a": {"x": 1}, "b": {"x": 1, "y": 2}, "c": [{"x": 1}] * 2}
    assert bounded_yaml.load(PARAMS) == YAML(typ="safe").load(PARAMS.read_text())
