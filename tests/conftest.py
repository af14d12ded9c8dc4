"""What every test stands on: a project folder of its own, and no analytics."""

import os
from pathlib import Path

import numpy as np
import pytest

from foursplit.core import environment, paths

os.environ.update(environment.QUIET)

PROJECT = Path(__file__).parent.parent


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Give an empty project folder that foursplit takes for its own."""
    (tmp_path / "params.yaml").write_text((PROJECT / "params.yaml").read_text())
    (tmp_path / "dvc.yaml").write_text("stages: {}\n")
    monkeypatch.setenv("FOURSPLIT_ROOT", str(tmp_path))
    paths.root.cache_clear()
    yield tmp_path
    paths.root.cache_clear()
