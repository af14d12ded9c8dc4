"""Fixtures of a project with a history."""

import pytest
from tests.history.miniature import History


@pytest.fixture
def history(project):
    return History(project)
