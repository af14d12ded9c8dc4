"""A preview compares the code of today with the digests that a lock names."""

import hashlib
from types import SimpleNamespace

import pytest

from foursplit.config import paths
from foursplit.runner.dvc_adapter.integrity import folder_hash
from foursplit.runner.dvc_adapter.stage_inputs import code_changes
from foursplit.stages import code


def item(path, value):
    """Stand for DVC's dependency on a file or folder, with the hash in the lock."""
    return SimpleNamespace(fs_path=str(path), hash_info=SimpleNamespace(value=value))


def md5(text):
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@pytest.fixture
def lenet(project):
    return paths.code() / "models" / "lenet.json"


def test_code_that_is_as_the_lock_says_changes_nothing(lenet):
    (text,) = code.texts(lenet).values()
    assert code_changes(item(lenet, md5(text)), lambda _: {}) == []
    folder = lenet.parent
    hashes = {name: md5(text) for name, text in code.texts(folder).items()}
    assert code_changes(item(folder, folder_hash(hashes)), lambda _: {}) == []


def test_the_files_that_changed_are_named_where_those_of_before_are_known(lenet):
    before = {**code.present(lenet), "foursplit/layers/standardize.py": "another"}
    (change,) = code_changes(item(lenet, "of before"), {"of before": before}.get)
    assert "foursplit/layers/standardize.py" in change.sentence()
    (change,) = code_changes(item(lenet, "unknown"), lambda _: {})
    assert "lenet.json" in change.sentence()


def test_a_model_that_is_gone_is_a_change(project):
    gone = paths.code() / "models" / "gone.json"
    assert len(code_changes(item(gone, "of before"), lambda _: {})) == 1
