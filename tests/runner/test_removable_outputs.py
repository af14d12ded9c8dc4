"""A run replaces what it wrote itself and can give back, and nothing else."""

import contextlib
import json
import os
import shutil
import subprocess
import sys

import pytest
from tests.runner import outputs

from foursplit.config import paths
from foursplit.core.errors import FoursplitError
from foursplit.io import artifacts
from foursplit.runner import removable_outputs
from foursplit.runner.dvc_adapter.cache import DvcCache
from foursplit.runner.removable_outputs import StageOutput, prepare_outputs

linux = pytest.mark.skipif(sys.platform != "linux", reason="stages side by side need Linux")

FOLDER = """
  c:
    cmd: [mkdir -p c.out, cp start.txt c.out/one]
    deps: [start.txt]
    outs: [c.out]
  d: {cmd: cp c.out/one d.out, deps: [c.out], outs: [d.out]}
"""


def aside(folder):
    paths = folder / ".foursplit" / "backup"
    files = [path for path in paths.rglob("*") if path.is_file()]
    return sorted(("/".join(p.relative_to(paths).parts[1:]), p.read_text()) for p in files)


@linux
@pytest.mark.slow
def test_a_note_in_an_output_is_refused_by_every_way_to_run(small):
    small.write(FOLDER).repro()
    note = small.folder / "c.out" / "note.txt"
    note.write_text("mine")
    for more in ([], ["--force"], ["--plain-dvc"]):
        output = small.repro(*more, code=2)
        assert "c.out/note.txt" in output
        assert note.read_text() == "mine"
    small.repro("--dry")
    note.rename(small.folder / "note.txt")
    assert "c.out" not in small.repro()
    assert aside(small.folder) == []


@linux
@pytest.mark.slow
def test_an_edited_output_is_set_aside_and_said(small):
    small.write(FOLDER).repro()
    for more in ([], ["--plain-dvc"]):
        for name in ("d.out", "c.out/one"):
            path = small.folder / name
            path.unlink()
            path.write_text(f"edited {more}")
        output = small.repro(*more)
        assert "d.out: " in output
        assert "backup" in output
        assert (small.folder / "d.out").read_text() == "start\n"
    texts = ["edited ['--plain-dvc']", "edited []"]
    existing = [(name, text) for name in ("c.out/one", "d.out") for text in texts]
    assert aside(small.folder) == existing
    small.repro("--force")
    assert aside(small.folder) == existing


@linux
@pytest.mark.slow
def test_versions_come_and_go_without_a_copy(small):
    """As by `git checkout`: what lies there is of another commit, and in the cache."""
    small.write(FOLDER).repro()
    lock = (small.folder / "dvc.lock").read_text()
    (small.folder / "start.txt").write_text("other\n")
    small.repro()
    (small.folder / "dvc.lock").write_text(lock)
    (small.folder / "start.txt").write_text("start\n")
    small.repro()
    assert (small.folder / "d.out").read_text() == "start\n"
    shutil.rmtree(small.folder / ".dvc" / "cache")
    small.repro("--force")
    assert aside(small.folder) == []


PARTIAL = """
  p: {cmd: "echo half > p.out; test -f go && cp start.txt p.out", deps: [start.txt], outs: [p.out]}
"""


@linux
@pytest.mark.slow
def test_a_stage_that_failed_half_way_runs_again(small):
    small.write(PARTIAL).repro(code=2)
    (small.folder / "go").touch()
    assert "1 stages: 1 ran" in small.repro()
    assert aside(small.folder) == [("p.out", "half\n")]
    assert list((small.folder / ".foursplit" / "writing").iterdir()) == []


@linux
@pytest.mark.slow
@pytest.mark.parametrize("more", [[], ["--plain-dvc"]])
def test_a_link_in_place_of_an_output_stays(small, more):
    small.write(FOLDER).repro()
    other = small.folder.parent / "disk"
    shutil.move(small.folder / "c.out", other)
    (other / "theirs.txt").write_text("theirs")
    (small.folder / "c.out").symlink_to(other)
    (small.folder / "start.txt").write_text("other\n")
    assert "c.out" in small.repro(*more, code=2)
    assert (small.folder / "c.out").readlink() == other
    assert (other / "theirs.txt").read_text() == "theirs"


@pytest.fixture
def place(project, monkeypatch):
    monkeypatch.delenv(artifacts.OUTPUT_LOG_VARIABLE, raising=False)
    return project / "data" / "models" / "g" / "k"


def judged(place, md5=None, **rest):
    return prepare_outputs([StageOutput(path=place, md5=md5)], **rest)


def test_what_the_lock_names_may_be_replaced(place):
    outputs.fill(place, "x")
    md5 = outputs.commit(place)
    assert judged(place, md5) == []
    assert place.is_dir()
    (place / "seed_1" / "table.csv").unlink()
    assert judged(place, md5) == []


def test_what_no_lock_names_is_refused_and_left(place):
    outputs.fill(place, "x")
    with pytest.raises(FoursplitError, match=r"data/models/g/k/diagnosis.json"):
        judged(place)
    assert len(outputs.tree(place)) == 2


def test_an_edit_of_equal_size_and_time_is_seen(place):
    outputs.fill(place, "xy")
    md5 = outputs.commit(place)
    table = place / "seed_1" / "table.csv"
    before = table.stat()
    table.write_text("yx")
    os.utime(table, ns=(before.st_atime_ns, before.st_mtime_ns))
    (messages,) = judged(place, md5)
    assert not place.exists()
    folder = paths.root() / messages.rpartition(" ")[2]
    assert (folder / "seed_1" / "table.csv").read_text() == "yx"


@pytest.mark.parametrize("edited", [False, True])
def test_a_stage_by_hand_that_fails_leaves_what_was_there(place, edited):
    """It replaces its output once it is done: until then that lies in its place."""
    with removable_outputs.log_manual_writes("train@k"):
        outputs.fill(place, "x")
    md5 = None
    if edited:
        md5 = outputs.commit(place)
        (place / "diagnosis.json").write_text("edited")
    before = outputs.tree(place)
    for _ in range(2):
        with contextlib.suppress(OSError), removable_outputs.log_manual_writes("train@k"):
            assert len(judged(place, md5, copy=True)) == 1
            raise OSError
    (messages,) = judged(place, md5, copy=True)
    assert outputs.tree(place) == before
    folder = paths.root() / messages.rpartition(" ")[2]
    outputs.fill(place, "new")
    assert outputs.tree(folder) == before


def test_two_copies_of_a_second_do_not_meet(place):
    for text in ("a", "b", "c"):
        outputs.fill(place, "x")
        md5 = outputs.commit(place)
        (place / "diagnosis.json").write_text(text)
        judged(place, md5)
    folder = paths.root() / ".foursplit" / "backup"
    assert {path.read_text() for path in folder.rglob("diagnosis.json")} == {"a", "b", "c"}


@pytest.mark.parametrize("lost", ["object", "rotten object", "listing", "all"])
def test_what_the_cache_lost_is_given_to_it_first(place, lost):
    outputs.fill(place, "x")
    md5 = outputs.commit(place)
    cache, before = DvcCache(), outputs.tree(place)
    objects = paths.root() / ".dvc" / "cache" / "files" / "md5"
    path = next(p for p in objects.rglob("*") if p.is_file() and p.read_bytes() == b"x")
    if lost == "object":
        path.unlink()
    elif lost == "rotten object":
        path.write_bytes(b"")
    elif lost == "listing":
        (objects / md5[:2] / md5[2:]).unlink()
    else:
        shutil.rmtree(objects)
    assert judged(place, md5) == []
    assert place.is_dir()
    listing = cache.listing(md5)
    assert {
        name: cache.has_content(place / name, h) for name, h in listing.items()
    } == dict.fromkeys(before, True)


def test_what_a_run_was_writing_when_it_was_cut_off_is_its_own(place, monkeypatch):
    monkeypatch.setenv(
        artifacts.OUTPUT_LOG_VARIABLE, str(removable_outputs.open_write_log("train@k", "run"))
    )
    outputs.fill(place / "seed_1", "x")
    monkeypatch.delenv(artifacts.OUTPUT_LOG_VARIABLE)
    assert judged(place, partial=True) == []
    assert (place / "seed_1").is_dir()
    (place / "note.txt").write_text("mine")
    with pytest.raises(FoursplitError, match=r"note\.txt") as refused:
        judged(place, partial=True)
    assert "diagnosis" not in str(refused.value)
    removable_outputs.remove_write_log("train@k", "run")
    with pytest.raises(FoursplitError):
        judged(place)


def test_a_torn_book_is_read_as_far_as_it_goes(place, monkeypatch):
    book = removable_outputs.open_write_log("train@k", "run")
    monkeypatch.setenv(artifacts.OUTPUT_LOG_VARIABLE, str(book))
    outputs.fill(place, "x")
    monkeypatch.delenv(artifacts.OUTPUT_LOG_VARIABLE)
    book.write_text(book.read_text() + '["/x", 1\n7\n[1]\n\xff')
    assert judged(place) == []


def test_what_a_person_trained_by_hand_is_move_to_backup(place):
    with removable_outputs.log_manual_writes("train@k"):
        outputs.fill(place, "x")
    (messages,) = judged(place)
    assert (
        paths.root() / messages.rpartition(" ")[2] / "diagnosis.json"
    ).read_text() == json.dumps("x")
    outputs.fill(place, "x")
    md5 = outputs.commit(place)
    shutil.rmtree(place)
    with removable_outputs.log_manual_writes("train@k"):
        outputs.fill(place, "y")
        outputs.fill(place / "seed_2", "y")
    assert len(judged(place, md5)) == 1


def test_a_metric_that_git_keeps_is_replaced_and_an_edit_of_it_move_to_backup(project):
    path = project / "metrics.json"
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@localhost"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "start"]):
        path.write_text("1")
        subprocess.run([*git, *command], cwd=project, check=True)
    metric = StageOutput(path=path, md5=None, cached=False)
    assert prepare_outputs([metric]) == []
    assert path.is_file()
    path.write_text("2")
    assert len(prepare_outputs([metric])) == 1
    assert not path.exists()


def test_nothing_is_moved_where_one_file_is_refused(place):
    other = place.with_name("other")
    outputs.fill(place, "x")
    md5 = outputs.commit(place)
    (place / "diagnosis.json").write_text("edited")
    outputs.fill(other, "other")
    with pytest.raises(FoursplitError, match="other"):
        prepare_outputs([StageOutput(path=place, md5=md5), StageOutput(path=other, md5=None)])
    assert (place / "diagnosis.json").read_text() == "edited"


def test_what_was_edited_behind_a_link_is_refused_with_the_remedy(place, tmp_path):
    outputs.fill(place, "x")
    md5 = outputs.commit(place)
    disk = tmp_path / "disk"
    shutil.move(place.parent, disk)
    place.parent.symlink_to(disk)
    assert judged(place, md5) == []
    (disk / "k" / "diagnosis.json").write_text("edited")
    with pytest.raises(FoursplitError, match=r"link data/models/g"):
        judged(place, md5)
    assert (disk / "k" / "diagnosis.json").read_text() == "edited"


def test_links_into_dvcs_cache_are_dvcs(place):
    """`dvc config cache.type symlink` has outputs lie as links."""
    outputs.fill(place, "x")
    md5 = outputs.commit(place)
    listing = DvcCache().listing(md5)
    for name, one in listing.items():
        (place / name).unlink()
        there = paths.root() / ".dvc" / "cache" / "files" / "md5" / one[:2] / one[2:]
        (place / name).symlink_to(there)
    assert judged(place, md5) == []
    (place / "more").symlink_to(there)
    with pytest.raises(FoursplitError, match="more"):
        judged(place, md5)
