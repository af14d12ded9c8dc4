"""Lock files that cannot be read are named, with the way on."""

import pytest

from foursplit.core.errors import FoursplitError
from foursplit.tracking.runs.provenance import LockFiles

CONFLICT = """schema: '2.0'
stages:
<<<<<<< HEAD
  split@wine: {cmd: a}
=======
  split@wine: {cmd: b}
>>>>>>> other
"""


@pytest.mark.parametrize("text", [CONFLICT, "stages:\n  split@wine: {cmd: [", b"\xff\xfe\x00"])
def test_a_lock_that_cannot_be_read_is_named(project, text):
    path = project / "pipelines" / "data" / "dvc.lock"
    path.parent.mkdir(parents=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(FoursplitError, match=r"pipelines/data/dvc\.lock.*foursplit repro"):
        LockFiles().digests("wine")


def test_an_empty_lock_has_no_stages(project):
    path = project / "pipelines" / "data" / "dvc.lock"
    path.parent.mkdir(parents=True)
    path.write_text("")
    assert set(LockFiles().digests("wine").values()) == {"not in dvc.lock"}
