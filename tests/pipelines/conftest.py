"""The real graph, as DVC resolves it from the dvc.yaml files."""

from pathlib import Path

import pytest
from dvc.repo import Repo

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="session")
def repo():
    return Repo(str(ROOT))


@pytest.fixture(scope="session")
def stages(repo):
    """Give every stage by its short name, such as `train@c4w2_digits_lenet`."""
    return {stage.name: stage for stage in repo.index.stages if hasattr(stage, "name")}


def declared(stage):
    """List a stage's dependencies as paths from the root."""
    return [Path(dep.fs_path).relative_to(ROOT) for dep in stage.deps if dep.protocol == "local"]
