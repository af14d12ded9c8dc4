"""A stage that fails stops what depends on it, and nothing else."""

import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="stages side by side need Linux")

FAILING = """
  bad: {cmd: "echo so far so good; exit 3", deps: [start.txt], outs: [bad.out]}
  after: {cmd: cp bad.out after.out, deps: [bad.out], outs: [after.out]}
  last: {cmd: cp after.out last.out, deps: [after.out], outs: [last.out]}
  other: {cmd: "sleep 0.5; cp start.txt other.out", deps: [start.txt], outs: [other.out]}
  lazy: {cmd: "true", deps: [start.txt], outs: [lazy.out]}
"""


LACKING = """
  a: {cmd: cp start.txt a.out, deps: [start.txt], outs: [a.out]}
  b: {cmd: cp a.out b.out, deps: [a.out, gone.txt], outs: [b.out]}
  c: {cmd: cp a.out c.out, deps: [a.out], outs: [c.out]}
"""


def test_a_missing_file_stops_the_stage_that_reads_it_and_nothing_else(small):
    text = small.write(LACKING).repro(code=2)
    assert "3 stages: 2 ran, 1 failed" in text
    assert "b: dependency 'gone.txt' does not exist" in text
    assert set(small.locks()) == {".:a", ".:c"}


def test_a_failure_stops_what_depends_on_it_and_nothing_else(small):
    text = small.write(FAILING).repro(code=2)
    assert "5 stages: 1 ran, 2 failed, 2 skipped because of that" in text
    assert "so far so good" in text
    end = text[text.index("2 stage(s) failed") :]
    assert f"bad: exit code 3; log: {small.folder}/.foursplit/logs/bad.log" in end
    assert "skipped because of it: after, last" in end
    assert "lazy: output 'lazy.out' does not exist" in end
    assert (small.folder / "other.out").exists()
    assert set(small.locks()) == {".:other"}
    assert "bad will run" in small.run("foursplit", "why", "bad")
    small.write(FAILING.replace("exit 3", "cp start.txt bad.out").replace('"true"', "cp start.txt lazy.out"))  # fmt: skip  # noqa: E501
    assert "5 stages: 4 ran, 1 unchanged" in small.repro()
