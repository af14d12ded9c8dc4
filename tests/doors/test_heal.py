"""What a killed run leaves torn is mended before the next."""

import pytest

from foursplit.doors.heal import heal


@pytest.mark.parametrize("home", ["data", "real/data"])
def test_a_torn_lock_is_set_aside(project, home):
    folder = project / "pipelines" / home
    folder.mkdir(parents=True)
    (folder / "dvc.lock").write_text("schema: '2.0'\nstages:\n  fetch@wine:\n    cmd: [unfin")
    assert heal() == [f"set aside pipelines/{home}/dvc.lock: torn"]
    assert not (folder / "dvc.lock").exists()
    assert (project / ".foursplit" / "torn" / "pipelines" / home / "dvc.lock").is_file()


def test_a_lock_cut_off_at_the_end_of_a_line_is_torn(project):
    (project / "dvc.lock").write_text("schema: '2.0'\nstages:\n  report:\n")
    assert heal() == ["set aside dvc.lock: torn"]


def test_an_empty_lock_is_torn(project):
    (project / "dvc.lock").write_text("")
    assert heal() == ["set aside dvc.lock: torn"]


def test_a_whole_lock_stays(project):
    (project / "dvc.lock").write_text("schema: '2.0'\nstages: {}\n")
    assert heal() == []
    assert (project / "dvc.lock").is_file()


def test_a_torn_rwlock_is_removed_and_a_whole_one_stays(project):
    folder = project / ".dvc" / "tmp"
    folder.mkdir(parents=True)
    (folder / "rwlock").write_text('{"a": [')
    assert heal() == ["removed .dvc/tmp/rwlock: a killed process left it torn"]
    (folder / "rwlock").write_text("{}")
    assert heal() == []
    assert (folder / "rwlock").is_file()
