"""What a killed run leaves torn is mended before the next."""

import subprocess

import pytest

from foursplit.core.errors import FoursplitError
from foursplit.runner.repair_dvc_locks import repair_locks


@pytest.mark.parametrize("home", ["data", "full/data"])
def test_a_torn_lock_is_set_aside(project, home):
    folder = project / "pipelines" / home
    folder.mkdir(parents=True)
    (folder / "dvc.lock").write_text("schema: '2.0'\nstages:\n  fetch@wine:\n    cmd: [unfin")
    assert repair_locks() == [f"moved aside pipelines/{home}/dvc.lock: torn"]
    assert not (folder / "dvc.lock").exists()
    assert (project / ".foursplit" / "torn" / "pipelines" / home / "dvc.lock").is_file()


def test_a_lock_cut_off_at_the_end_of_a_line_is_torn(project):
    (project / "dvc.lock").write_text("schema: '2.0'\nstages:\n  report:\n")
    assert repair_locks() == ["moved aside dvc.lock: torn"]


def test_an_empty_lock_is_torn(project):
    (project / "dvc.lock").write_text("")
    assert repair_locks() == ["moved aside dvc.lock: torn"]


def test_a_whole_lock_stays(project):
    (project / "dvc.lock").write_text("schema: '2.0'\nstages: {}\n")
    assert repair_locks() == []
    assert (project / "dvc.lock").is_file()


CONFLICT = """schema: '2.0'
stages:
  report:
<<<<<<< HEAD
    cmd: one
=======
    cmd: two
>>>>>>> other
"""


def test_a_merge_conflict_is_said_and_left_as_it_is(project):
    lock = project / "dvc.lock"
    lock.write_text(CONFLICT)
    torn = project / "pipelines" / "data" / "dvc.lock"
    torn.parent.mkdir(parents=True)
    torn.write_text("")
    with pytest.raises(
        FoursplitError, match=r"dvc\.lock: has merge conflict markers.*git checkout COMMIT --"
    ):
        repair_locks()
    assert lock.read_text() == CONFLICT
    assert torn.exists()


def test_the_way_out_of_a_merge_conflict_works(project):
    def git(*arguments, check=True):
        who = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(["git", *who, *arguments], cwd=project, check=check, capture_output=True)

    lock = project / "dvc.lock"

    def commit(command):
        lock.write_text(f"schema: '2.0'\nstages:\n  report:\n    cmd: {command}\n")
        git("add", "dvc.lock")
        git("commit", "-qm", command)

    git("init", "-q", "-b", "main")
    commit("first")
    git("checkout", "-qb", "other")
    commit("theirs")
    git("checkout", "-q", "main")
    commit("ours")
    git("merge", "other", check=False)
    with pytest.raises(FoursplitError) as refused:
        repair_locks()
    (way,) = [part for part in str(refused.value).split("`") if part.startswith("git checkout")]
    git(*way.split()[1:])
    assert repair_locks() == []
    assert "ours" in lock.read_text()
