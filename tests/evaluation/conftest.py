"""A project with a history."""

import pytest
from tests.evaluation.miniature import History


@pytest.fixture
def history(project):
    return History(project)
