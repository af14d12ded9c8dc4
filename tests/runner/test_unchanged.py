"""What the last run printed is printed again only if no file has changed."""

import os
import subprocess
import sys
import time

import pytest

from foursplit.config import paths
from foursplit.runner import unchanged
from foursplit.runner.unchanged import RunWatch, recorded_text

OLD = time.time() - 60


@pytest.fixture
def world(project):
    """Give a project with an input, an output and a file outside of the usual folders."""
    for name in ("src/code.py", "data/raw/table.csv", "data/models/one/weights", "notes/extra.txt"):
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("content")
    age(project)
    paths.state().mkdir()
    return project


def age(root):
    """Make all files old: a young one could change within the resolution of its time."""
    for path in root.rglob("*"):
        if path.is_file():
            os.utime(path, (OLD, OLD))


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
    os.utime(folder / "others", (OLD, OLD))
    watch.commit([str(folder)])
    watch.record("the table\n")
    assert recorded_text() == "the table\n"


def test_an_output_that_somebody_edits_after_its_stage_is_not(world):
    watch = watched(world)
    folder = world / "data" / "models" / "one"
    watch.commit([str(folder)])
    edit(folder / "weights")
    os.utime(folder / "weights", (OLD, OLD))
    watch.record("the table\n")
    assert recorded_text() is None


def test_a_file_so_young_that_its_time_could_stay_is_not_trusted(world):
    watch = watched(world)
    (world / "data" / "raw" / "table.csv").touch()
    watch.commit([str(world / "data" / "raw" / "table.csv")])
    watch.record("the table\n")
    assert recorded_text() is None


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
    (paths.state() / "unchanged.json").write_text(text)
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
