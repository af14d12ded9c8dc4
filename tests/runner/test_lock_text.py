"""Lock files are updated in part, to the text that writing them whole gives."""

from pathlib import Path

import pytest
from dvc.utils.serialize._yaml import parse_yaml
from hypothesis import given
from hypothesis import strategies as st

from foursplit.runner.dvc_adapter.lock_text import dump_lock, lock_text_with, updated_lock

NAMES = st.text("ab@-: #'é\"x", min_size=1, max_size=6).filter(lambda name: name.strip() == name)
ENTRIES = st.fixed_dictionaries(
    {
        "cmd": st.text(" ab\n#:'%", max_size=200),
        "deps": st.lists(
            st.fixed_dictionaries({"path": NAMES, "md5": st.text("0123e"), "size": st.integers()}),
            max_size=2,
        ),
        "params": st.dictionaries(NAMES, st.none() | st.floats(allow_nan=False), max_size=2),
    }
)
STAGES = st.dictionaries(NAMES, ENTRIES, min_size=1, max_size=4)


@given(STAGES, STAGES)
def test_a_part_is_written_as_the_whole_is(
    before: dict[str, object], entries: dict[str, object]
) -> None:
    text = dump_lock({"schema": "2.0", "stages": dict(before)})
    updated = updated_lock(text, entries)
    expected = dump_lock({"schema": "2.0", "stages": before | entries})
    assert updated in (expected, None)
    assert updated is not None or "\n\n" in text or "&" in text or "*" in text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "schema: '2.0'\n",
        "stages:\n  a:\n    cmd: b\nschema: '2.0'\n",
        "schema: '2.0'\nstages:\n  a: &x\n    cmd: b\n  c: *x\n",
        "schema: '2.0'\nstages:\n  a:\n    cmd: b\nmore: 1\n",
        "schema: '2.0'\nstages: {a: {cmd: b}}\n",
        "schema: '2.0'\nstages:\n  a:\n    cmd: b",
    ],
)
def test_another_text_is_read_as_a_whole(tmp_path: Path, text: str) -> None:
    path = tmp_path / "dvc.lock"
    path.write_text(text)
    updated = parse_yaml(lock_text_with(path, {"new": {"cmd": "d"}}), str(path))
    before = (parse_yaml(text, str(path)) or {}).get("stages", {})
    assert updated["stages"] == {**before, "new": {"cmd": "d"}}
