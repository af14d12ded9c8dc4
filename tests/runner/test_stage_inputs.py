"""A lock names what ran: what changes while a stage runs is never recorded as what it read."""

import json
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="stages side by side need Linux")

# It reads at its start, lets the test edit, and ends when told; `beside` and `after` look on.
STAGES = """
  a:
    cmd: [cat start.txt code/one.py > a.out, touch started, "until [ -e go ]; do sleep 0.02; done"]
    deps: [start.txt, code]
    params: [diagnosis.min_gap]
    outs: [a.out]
  after: {cmd: cp a.out after.out, deps: [a.out], outs: [after.out]}
  beside: {cmd: "until [ -e go ]; do sleep 0.02; done; echo 1 > beside.out", outs: [beside.out]}
"""


def rewrite(path, old, new):
    path.write_text(path.read_text().replace(old, new))


def edited_input(folder):
    rewrite(folder / "start.txt", "start", "other")


def edited_parameter(folder):
    rewrite(folder / "params.yaml", "min_gap: 0.005", "min_gap: 0.006")


def edited_code(folder):
    rewrite(folder / "code" / "one.py", "1", "2")


def new_file_of_code(folder):
    (folder / "code" / "two.py").write_text("2\n")


def deleted_input(folder):
    (folder / "start.txt").unlink()


def there_and_back(folder):
    """Switch to another commit and back, as `git checkout` does."""
    path = folder / "code" / "one.py"
    text = path.read_text()
    path.write_text("between\n")
    path.unlink()
    path.write_text(text)


EDITS = {
    edited_input: "start.txt",
    edited_parameter: "diagnosis.min_gap: 0.005 → 0.006",
    edited_code: "one.py changed",
    new_file_of_code: "two.py is new",
    deleted_input: "start.txt",
    there_and_back: "code/one.py",
}


@pytest.fixture
def project(small):
    (small.folder / "code").mkdir()
    (small.folder / "code" / "one.py").write_text("1\n")
    return small.write(STAGES)


def run(project, edit, wait_for, *arguments):
    for name in ("started", "go"):
        (project.folder / name).unlink(missing_ok=True)
    process = project.start("foursplit", "repro", "--jobs", "2", *arguments)
    wait_for((project.folder / "started").exists)
    edit(project.folder)
    (project.folder / "go").touch()
    output, _ = process.communicate(timeout=60)
    return process.returncode, output


def cached_runs(project):
    runs = project.folder / ".dvc" / "cache" / "runs"
    return [path.read_text() for path in runs.rglob("*") if path.is_file()]


CASES = [(edit, ()) for edit in EDITS] + [(edited_parameter, ("--force",))]


@pytest.mark.parametrize(("edit", "flags"), CASES, ids=lambda case: getattr(case, "__name__", None))
def test_what_changed_while_a_stage_ran_is_said_and_nothing_is_recorded(
    project, wait_for, edit, flags
):
    code, output = run(project, edit, wait_for, *flags)
    assert code == 2, output
    assert EDITS[edit] in output
    assert "3 stages: 1 ran, 1 failed, 1 skipped because of that" in output
    assert set(project.locks()) == {".:beside"}
    assert not [text for text in cached_runs(project) if "a.out" in text]
    if edit is deleted_input:
        (project.folder / "start.txt").write_text("start\n")
    assert "2 ran, 1 unchanged" in project.repro()
    read = [project.folder / "start.txt", project.folder / "code" / "one.py"]
    assert (project.folder / "a.out").read_text() == "".join(path.read_text() for path in read)
    assert "up to date" in project.run("dvc", "status")


def test_what_it_does_not_read_may_be_edited(project, wait_for):
    def edit(folder):
        rewrite(folder / "params.yaml", "threads: 1", "threads: 2")
        (folder / "note.txt").write_text("x")

    code, output = run(project, edit, wait_for)
    assert code == 0, output
    assert "3 stages: 3 ran" in output
    assert json.loads((project.folder / ".foursplit" / "last_run.json").read_text())["failed"] == {}


def test_dvcs_own_run_says_what_changed_meanwhile(project, wait_for):
    code, output = run(project, edited_parameter, wait_for, "--plain-dvc")
    assert code == 2, output
    assert "params.yaml changed during `dvc repro`" in output
