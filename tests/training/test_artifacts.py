"""Files change whole or not at all, and hold no code."""

from pathlib import Path

import pytest
import torch

from foursplit.core.errors import FoursplitError
from foursplit.io import artifacts
from foursplit.training import sklearn_estimator


def test_a_file_that_fails_half_way_stays_what_it_was(tmp_path):
    path = tmp_path / "a.json"
    artifacts.write_json(path, {"a": 1})
    with pytest.raises(RuntimeError), artifacts.atomic_write(path) as part:
        part.write_text("half")
        raise RuntimeError
    assert artifacts.read_json(path) == {"a": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_fails_half_way_stays_what_it_was(tmp_path):
    with artifacts.atomic_directory(tmp_path / "f") as part:
        (part / "x").write_text("whole")
    with pytest.raises(RuntimeError), artifacts.atomic_directory(tmp_path / "f") as part:
        (part / "x").write_text("half")
        raise RuntimeError
    assert (tmp_path / "f" / "x").read_text() == "whole"
    assert [p.name for p in tmp_path.iterdir()] == ["f"]


def test_an_interruption_between_the_two_renames_loses_nothing(tmp_path, monkeypatch):
    path = tmp_path / "f"
    with artifacts.atomic_directory(path) as part:
        (part / "x").write_text("old")
    rename = Path.replace

    def cut(self, target):
        if Path(target) == path and "before" not in self.name:
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", cut)
    with pytest.raises(KeyboardInterrupt), artifacts.atomic_directory(path) as part:
        (part / "x").write_text("new")
    assert (path / "x").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["f"]


def test_a_kill_between_the_two_renames_is_undone(tmp_path):
    # What a kill -9 leaves there: the old folder aside, and nothing in its place.
    before = tmp_path / f".f.before{artifacts.PARTIAL_SUFFIX}"
    before.mkdir()
    (before / "x").write_text("old")
    artifacts.recover_directory(tmp_path / "f")
    assert (tmp_path / "f" / "x").read_text() == "old"


def test_a_missing_number_is_refused(tmp_path):
    with pytest.raises(ValueError, match="Out of range float"):
        artifacts.write_json(tmp_path / "a.json", {"error": float("nan")})


def test_tensors_come_back_the_same_and_a_torn_file_is_named(tmp_path):
    path = tmp_path / "w.safetensors"
    artifacts.write_tensors(path, {"b": torch.ones(2, 3), "a": torch.zeros(1)})
    found = artifacts.read_tensors(path)
    assert torch.equal(found["b"], torch.ones(2, 3))
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(FoursplitError, match=r"w.safetensors: not a readable safetensors"):
        artifacts.read_tensors(path)


def test_an_estimator_with_a_type_of_its_own_is_refused(tmp_path):
    from sklearn.preprocessing import FunctionTransformer

    sklearn_estimator.save(
        tmp_path / "m.skops", FunctionTransformer(func=test_a_missing_number_is_refused)
    )
    with pytest.raises(FoursplitError, match="untrusted types"):
        sklearn_estimator.load(tmp_path / "m.skops")


def test_a_torn_estimator_is_named(tmp_path):
    (tmp_path / "m.skops").write_bytes(b"PK half")
    with pytest.raises(FoursplitError, match="no readable skops file"):
        sklearn_estimator.load(tmp_path / "m.skops")
