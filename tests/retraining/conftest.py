"""The team's set-up, made of the project's files as they are now."""

import pytest
from tests.retraining.world import World


@pytest.fixture
def world(clone, tmp_path):
    folder = tmp_path / "world"
    folder.mkdir()
    return World(folder, clone.folder)
