"""Miniature projects to report on."""

import pytest
from tests.reporting.miniature import make_project

from foursplit.config import paths
from foursplit.config.load import load
from foursplit.evaluation.results import collect
from foursplit.stages import report


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Give a function that makes a miniature project and enters it."""

    def made(name, **changes):
        root = tmp_path / name
        monkeypatch.setenv("FOURSPLIT_ROOT", str(root))
        make_project(root, **changes)
        return root

    yield made
    paths.root.cache_clear()


@pytest.fixture(scope="session")
def reported(tmp_path_factory):
    """Give the root of a miniature project with its report; tests read it and change nothing."""
    root = tmp_path_factory.mktemp("reported") / "small"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FOURSPLIT_ROOT", str(root))
        make_project(root)
        report.run()
    paths.root.cache_clear()
    return root


@pytest.fixture(scope="session")
def entries(reported):
    """Give what was collected for that report."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FOURSPLIT_ROOT", str(reported))
        paths.root.cache_clear()
        found = collect(load())
    paths.root.cache_clear()
    return found
