"""What the last run printed is printed again only if no file has changed."""

import hashlib
import os
import shutil
import subprocess
import sys
import time

import pytest

from foursplit.config import paths
from foursplit.runner import unchanged
from foursplit.runner.unchanged import RunWatch, recorded_text

OLD = time.time() - 60


@pytest.fixture
def world(project, monkeypatch):
    """Give a project with an input, an output and a file outside of the usual folders."""
    for name in ("src/code.py", "data/raw/table.csv", "data/models/one/weights", "notes/extra.txt"):
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("content")
    paths.state().mkdir()
    monkeypatch.setattr(unchanged, "RACY_NS", 20_000_000)  # a few ticks of Linux's clock
    settle(project)
    return project


def settle(root):
    """Make all files old: a young one could change within the resolution of its times."""
    for path in root.rglob("*"):
        if path.is_file():
            os.utime(path, (OLD, OLD))
    time.sleep(0.03)  # nobody can set the time of the last change of state


def watched(world):
    watch = RunWatch()
    watch.add([str(world / "notes" / "extra.txt"), str(world / "data" / "models")])
    return watch


def test_a_run_that_changed_nothing_is_recognized_again_and_again(world):
    watched(world).record("the table\n")
    assert [recorded_text(), recorded_text()] == ["the table\n"] * 2


def edit(path):
    path.write_text("longer content")


def same_size(path):
    path.write_text("CONTENT")


def replaced(path):
    other = path.with_name("other")
    other.write_text("content")
    os.utime(other, (OLD, OLD))
    other.rename(path)


def delete(path):
    path.unlink()


def add(path):
    path.with_name("new").write_text("")


CHANGES = (edit, same_size, replaced, delete, add)
WATCHED = ("params.yaml", "src/code.py", "data/raw/table.csv", "data/models/one/weights")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        (name, change)
        for name in WATCHED
        for change in CHANGES
        # What lies beside the parameters is no input.
        if (name, change) != ("params.yaml", add)
    ],
)
def test_any_change_of_any_file_is_seen(world, name, change):
    watched(world).record("the table\n")
    change(world / name)
    assert recorded_text() is None


def test_a_file_that_a_pipeline_names_elsewhere_is_watched(world):
    watched(world).record("the table\n")
    edit(world / "notes" / "extra.txt")
    assert recorded_text() is None


def test_the_target_of_a_link_is_watched(world, tmp_path_factory):
    target = tmp_path_factory.mktemp("elsewhere") / "table.csv"
    target.write_text("content")
    os.utime(target, (OLD, OLD))
    (world / "data" / "raw" / "link.csv").symlink_to(target)
    os.utime(world / "data" / "raw" / "link.csv", (OLD, OLD), follow_symlinks=False)
    watched(world).record("the table\n")
    assert recorded_text() is not None
    edit(target)
    assert recorded_text() is None


@pytest.mark.parametrize("change", CHANGES)
def test_an_edit_during_the_run_is_not_taken_for_what_ran(world, change):
    watch = watched(world)
    path = world / "src" / "code.py"
    change(path)
    for file in path.parent.iterdir():
        os.utime(file, (OLD, OLD))
    watch.record("the table\n")
    assert recorded_text() is None


def test_what_the_run_wrote_itself_is_known(world):
    watch = watched(world)
    folder = world / "data" / "models" / "one"
    (folder / "weights").unlink()
    (folder / "others").write_text("new")
    md5 = hashlib.md5(b"new", usedforsecurity=False).hexdigest()
    watch.commit({str(folder): {str(folder / "others"): md5}})
    watch.record("the table\n")
    assert recorded_text() == "the table\n"


def test_an_output_that_somebody_edits_after_its_stage_is_not(world):
    watch = watched(world)
    folder = world / "data" / "models" / "one"
    watch.commit({str(folder): {}})
    edit(folder / "weights")
    os.utime(folder / "weights", (OLD, OLD))
    watch.record("the table\n")
    assert recorded_text() is None


def commit_young(watch, table, content):
    """Write an output and commit it at once, as a stage does that ends in the same tick."""
    table.write_text(content)
    md5 = hashlib.md5(content.encode(), usedforsecurity=False).hexdigest()
    watch.commit({str(table): {str(table): md5}})


def within_one_tick(monkeypatch):
    """Let the file system's clock stand: an edit of the same size leaves all four numbers."""
    status = unchanged._stamp
    monkeypatch.setattr(unchanged, "_stamp", lambda found: (1, 1, *status(found)[2:]))
    monkeypatch.setattr(unchanged, "_file_system_time", lambda: 1)


def test_an_edit_of_the_same_size_in_the_tick_of_the_commit_is_seen(world, monkeypatch):
    table = world / "data" / "raw" / "table.csv"
    watch = watched(world)
    with monkeypatch.context() as stopped:
        within_one_tick(stopped)
        commit_young(watch, table, "first!!")
        table.write_text("second!")
    watch.committed[str(table)] = unchanged.stamps([str(table)])[str(table)]  # the same numbers
    watch.record("the table\n")
    assert recorded_text() is None


def test_an_output_committed_in_the_tick_of_its_writing_is_known_by_its_hash(world):
    watch = watched(world)
    commit_young(watch, world / "data" / "raw" / "table.csv", "written")
    watch.record("the table\n")
    assert recorded_text() == "the table\n"


def stop_at(monkeypatch, path):
    """Let the file system's clock stand where it stood when a file was written."""
    now = path.stat().st_ctime_ns
    monkeypatch.setattr(unchanged, "_file_system_time", lambda: now)


def test_a_young_output_without_a_hash_is_not_trusted(world, monkeypatch):
    watch = watched(world)
    table = world / "data" / "raw" / "table.csv"
    table.touch()
    with monkeypatch.context() as stopped:
        stop_at(stopped, table)
        watch.commit({str(table): {}})
    time.sleep(0.03)
    watch.record("the table\n")
    assert recorded_text() is None


def test_a_file_that_stays_young_is_not_trusted(world, monkeypatch):
    watch = watched(world)
    within_one_tick(monkeypatch)
    watch.record("the table\n")
    assert recorded_text() is None


def test_a_young_file_that_a_pipeline_names_elsewhere_is_not_trusted(world, monkeypatch):
    edit(world / "notes" / "extra.txt")
    with monkeypatch.context() as stopped:
        stop_at(stopped, world / "notes" / "extra.txt")
        watch = watched(world)
    time.sleep(0.03)
    watch.record("the table\n")
    assert recorded_text() is None


def test_a_copy_of_the_project_has_no_record(world, monkeypatch, tmp_path_factory):
    watched(world).record("the table\n")
    copy = tmp_path_factory.mktemp("elsewhere") / "copy"
    shutil.copytree(world, copy)
    edit(copy / "params.yaml")
    monkeypatch.setenv("FOURSPLIT_ROOT", str(world))
    assert recorded_text() is not None
    monkeypatch.setenv("FOURSPLIT_ROOT", str(copy))
    paths.root.cache_clear()
    assert recorded_text() is None


def test_an_installed_or_upgraded_package_is_seen(world, monkeypatch):
    site = world / ".venv" / "lib" / "site-packages"
    (site / "torch-1.0.dist-info").mkdir(parents=True)
    monkeypatch.syspath_prepend(str(site))
    watched(world).record("the table\n")
    assert recorded_text() is not None
    (site / "torch-1.0.dist-info").rename(site / "torch-1.1.dist-info")
    assert recorded_text() is None


def test_another_version_of_python_is_seen(world, monkeypatch):
    watched(world).record("the table\n")
    monkeypatch.setattr(sys, "version", "3.99")
    assert recorded_text() is None


def test_an_object_removed_from_the_cache_is_seen(world):
    stored = world / ".dvc" / "cache" / "files" / "md5" / "ab" / "cdef"
    stored.parent.mkdir(parents=True)
    stored.write_text("content")
    watch = watched(world)
    watch.add([], cache=str(stored.parent.parent))
    watch.record("the table\n")
    assert recorded_text() is not None
    stored.unlink()
    assert recorded_text() is None
    stored.write_text("content")
    shutil.rmtree(stored.parent.parent)
    assert recorded_text() is None


def test_other_targets_have_a_record_of_their_own(world):
    watched(world).record("the table\n")
    assert recorded_text(["wine"]) is None
    watch = RunWatch(["wine"])
    watch.record("wine alone\n")
    assert (recorded_text(["wine"]), recorded_text()) == ("wine alone\n", "the table\n")
    edit(world / "params.yaml")
    assert (recorded_text(["wine"]), recorded_text()) == (None, None)


def test_a_stage_that_always_runs_runs(world):
    watch = watched(world)
    watch.repeatable = False
    watch.record("the table\n")
    assert recorded_text() is None


def test_another_environment_is_another_run(world, monkeypatch):
    watched(world).record("the table\n")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    assert recorded_text() is None


def test_a_lost_store_and_a_killed_run_are_seen(world):
    (world / "mlflow.db").touch()
    watched(world).record("the table\n")
    (world / "mlflow.db").unlink()
    assert recorded_text() is None
    watched(world).record("the table\n")
    (paths.state() / "workers.json").write_text("{}")
    assert recorded_text() is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "null", '{"files": 3}'])
def test_a_record_cut_short_is_none(world, text):
    watched(world).record("the table\n")
    record = paths.state() / "unchanged" / "all.json"
    assert record.is_file()
    record.write_text(text)
    assert recorded_text() is None


def test_a_folder_behind_a_link_is_not_searched_and_never_trusted(world, tmp_path_factory):
    disk = tmp_path_factory.mktemp("disk")
    (disk / "large.bin").write_text("content")
    (world / "data" / "raw" / "disk").symlink_to(disk)
    (world / "data" / "raw" / "loop").symlink_to(world)
    watch = watched(world)
    assert not [path for path in watch.before if path.endswith("large.bin")]
    watch.record("the table\n")
    assert recorded_text() is None


def test_the_comparison_imports_no_library_of_a_run():
    code = (
        "import sys, foursplit.cli.main, foursplit.runner.unchanged\n"
        "heavy = {'torch', 'mlflow', 'pandas', 'numpy', 'dvc', 'pydantic', 'ruamel'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_two_thousand_files_are_looked_at_one_by_one(world):
    folder = world / "data" / "many"
    folder.mkdir()
    for number in range(2000):
        (folder / f"{number}").touch()
    assert len(unchanged.stamps([str(folder)])) == 2000


def test_a_run_says_that_nothing_is_to_do_until_an_output_is_gone(small):
    small.write(
        "  first:\n    cmd: cp start.txt first.out\n    deps: [start.txt]\n    outs: [first.out]\n"
    )
    assert "1 ran" in small.repro()
    assert small.repro().startswith("Nothing to do: no file has changed since the last run.\n")
    (small.folder / "first.out").unlink()
    assert "1 restored" in small.repro()
    assert (small.folder / "first.out").read_text() == "start\n"
    assert "Nothing to do" in small.repro()
    shutil.rmtree(small.folder / ".dvc" / "cache" / "files")
    assert "Nothing to do" not in small.repro()


def test_pages_that_a_run_with_targets_writes_at_its_end_are_known(world):
    pages = world / "reports" / "latest"
    watch = RunWatch(["wine"])
    pages.mkdir(parents=True)
    (pages / "index.html").write_text("page")
    watch.commit_folder(pages)
    watch.record("the table\n")
    assert recorded_text(["wine"]) == "the table\n"
    (pages / "index.html").write_text("edited")
    assert recorded_text(["wine"]) is None
