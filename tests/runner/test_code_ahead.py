"""A preview compares the code of today with the digests that a lock names."""

import hashlib
from dataclasses import replace
from types import SimpleNamespace

import pytest

from foursplit.config import paths
from foursplit.config.load import load
from foursplit.runner.dvc_adapter.integrity import folder_hash
from foursplit.runner.dvc_adapter.stage_inputs import changes_ahead
from foursplit.stages import code, members


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
    assert changes_ahead(item(lenet, md5(text)), lambda _: {}) == []
    folder = lenet.parent
    hashes = {name: md5(text) for name, text in code.texts(folder).items()}
    assert changes_ahead(item(folder, folder_hash(hashes)), lambda _: {}) == []


def test_the_files_that_changed_are_named_where_those_of_before_are_known(lenet):
    before = {**code.present(lenet), "foursplit/layers/standardize.py": "another"}
    (change,) = changes_ahead(item(lenet, "of before"), {"of before": before}.get)
    assert "foursplit/layers/standardize.py" in change.describe()
    (change,) = changes_ahead(item(lenet, "unknown"), lambda _: {})
    assert "lenet.json" in change.describe()


def test_one_more_experiment_changes_the_list_of_its_group_alone(project, monkeypatch):
    params = load()
    before = {name: members.text(members.file(name)) for name in members.groups(params)}
    (course, name), *_ = ((c, g) for c, block in params.groups.items() for g in block)
    block = params.experiments[course]
    added = next(experiment for experiment in block.values() if experiment.group == name)
    more = {**params.experiments, course: {**block, "one_more": added}}
    monkeypatch.setattr(members, "load", lambda: replace(params, experiments=more))
    changed = {
        group
        for group, text in before.items()
        if changes_ahead(item(members.file(group), md5(text)), lambda _: {})
    }
    assert changed == {name}


def test_a_model_that_is_gone_is_a_change(project):
    gone = paths.code() / "models" / "gone.json"
    assert len(changes_ahead(item(gone, "of before"), lambda _: {})) == 1
