"""Two clones are compared entry by entry."""

from foursplit.cli.commands.verify import compare, locks

ENTRY = {"cmd": "x", "outs": [{"path": "data/a", "md5": "1"}, {"path": "data/b", "md5": "2"}]}


def test_equal_entries_pass_in_any_order():
    assert compare({"a": ENTRY, "b": ENTRY}, {"b": ENTRY, "a": ENTRY}) == []


def test_a_differing_output_is_named():
    other = {**ENTRY, "outs": [ENTRY["outs"][0], {"path": "data/b", "md5": "3"}]}
    assert compare({"a": ENTRY}, {"a": other}) == ["a: outs data/b"]


def test_a_stage_in_one_alone_is_named():
    assert compare({"a": ENTRY}, {}) == ["a: only in one"]


def test_locks_are_read_from_every_pipeline(tmp_path):
    (tmp_path / "pipelines" / "x").mkdir(parents=True)
    text = "schema: '2.0'\nstages:\n  s@k:\n    cmd: c\n"
    (tmp_path / "pipelines" / "x" / "dvc.lock").write_text(text)
    (tmp_path / "dvc.lock").write_text(text)
    assert set(locks(tmp_path)) == {"pipelines/x:s@k", ".:s@k"}
