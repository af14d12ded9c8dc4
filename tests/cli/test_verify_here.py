"""All that lies here is checked by its bytes, and what is advised mends it."""

import os
import shlex
import sys

import pytest
from tests.runner.conftest import small  # noqa: F401, a fixture

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="stages side by side need Linux")

STAGES = """
  a: {cmd: cp start.txt a.out, deps: [start.txt], outs: [a.out]}
  c: {cmd: [mkdir -p c.out, "echo 2 > c.out/two"], deps: [a.out], outs: [c.out]}
"""


@pytest.fixture
def project(small):  # noqa: F811
    small.write(STAGES).run("dvc", "repro", "--quiet")
    return small


def spoil(path):
    """Change a byte, and neither size nor time, as a bad disk does."""
    found = path.stat()
    path.chmod(0o644)
    path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:])
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


def cached(project):
    files = (project.folder / ".dvc" / "cache" / "files" / "md5").rglob("*")
    return sorted(path for path in files if path.is_file())


def check(project, code=0):
    return project.run("foursplit", "verify", "--here", code=code)


def follow(project, said):
    """Type in what is advised."""
    for line in said.splitlines():
        if line.startswith(("  rm ", "  foursplit repro")):
            project.run(*shlex.split(line))


def test_what_is_as_it_was_written_passes(project):
    assert "2 outputs and 3 objects" in check(project)
    (project.folder / "a.out").unlink()
    said = check(project)
    assert "1 outputs and 3 objects" in said
    assert "1 outputs of the locks are missing" in said


def test_every_bad_object_is_named_and_the_advice_mends_it(project):
    for path in cached(project):
        spoil(path)
    said = check(project, code=2)
    for path in cached(project):
        assert f"{path.relative_to(project.folder)}: damaged" in said
    follow(project, said)
    assert "2 outputs and 3 objects" in check(project)


def test_an_output_that_was_changed_in_place_is_named_and_the_advice_mends_it(project):
    """DVC trusts its size and time."""
    spoil(project.folder / "c.out" / "two")
    (project.folder / "c.out" / "mine").write_text("x")
    spoil(project.folder / "a.out")
    said = check(project, code=2)
    assert "c.out differs from the output of c: mine is new, two changed" in said
    assert "a.out differs from the output of a" in said
    follow(project, said)
    assert "2 outputs and 3 objects" in check(project)


def test_both_bad_at_once_are_mended_too(project):
    spoil(project.folder / "a.out")
    for path in cached(project):
        spoil(path)
    follow(project, check(project, code=2))
    check(project)
    assert (project.folder / "a.out").read_text() == "start\n"


def test_an_object_that_no_lock_names_can_go(project):
    (project.folder / "start.txt").write_text("other\n")
    project.run("dvc", "repro", "--quiet")
    (old,) = [path for path in cached(project) if path.read_text() == "start\n"]
    spoil(old)
    said = check(project, code=2)
    assert "no lock file refers to it" in said
    follow(project, said)
    assert "2 outputs and 3 objects" in check(project)


def test_what_a_person_added_is_never_advised_to_be_removed(project):
    own = project.folder / "own.csv"
    own.write_text("1\n")
    project.run("dvc", "add", "--quiet", "own.csv")
    own.write_text("2\n")
    said = check(project, code=2)
    assert "own.csv was added" in said
    assert "rm" not in said.split()


def test_a_merge_conflict_is_said(project):
    (project.folder / "dvc.lock").write_text("<<<<<<< HEAD\n=======\n>>>>>>> x\n")
    assert "merge conflict markers" in check(project, code=2)
