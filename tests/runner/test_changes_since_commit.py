"""What changed since a commit: files, parameters and final tables, from git alone."""

import subprocess

import pytest

from foursplit.core.errors import FoursplitError
from foursplit.runner import changes_since_commit

LOCK = """\
schema: '2.0'
stages:
  final@wines:
    cmd: foursplit stage final wines
    outs:
    - path: data/final/wines
      md5: {md5}.dir
"""


@pytest.fixture
def repository(project):
    (project / "pipelines/supervised").mkdir(parents=True)
    (project / "pipelines/supervised/dvc.yaml").write_text("stages: {}\n")
    write(project, "aa", "run: {threads: 1}\n")
    git(project, "init", "-q", "-b", "main")
    commit(project)
    write(project, "bb", "run: {threads: 2, new: [1]}\n")
    commit(project)
    return project


def write(root, md5, params):
    (root / "pipelines/supervised/dvc.lock").write_text(LOCK.format(md5=md5))
    (root / "params.yaml").write_text(params)
    (root / "metrics.json").write_text(
        f'{{"supervised": {{"wines_tree": {{"dev": 0.{len(params)}}}}}}}'
    )


def git(root, *arguments):
    who = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    subprocess.run(["git", *who, *arguments], cwd=root, check=True, capture_output=True)


def commit(root):
    git(root, "add", "-A")
    git(root, "commit", "-qm", "step")


def test_the_commit_before_is_what_things_are_compared_with_by_default(repository):
    past = changes_since_commit.find_past_commit(None)
    assert past.finals("supervised") == {"wines": "aa.dir"}
    assert past.metrics("") == {"wines_tree": {"dev": 0.18}}
    assert past.files() == ["metrics.json", "params.yaml", "pipelines/supervised/dvc.lock"]
    changes = {change.name: (change.before, change.after) for change in past.parameters()}
    assert changes == {"run.threads": (1, 2), "run.new": (None, [1])}


def test_what_is_not_committed_has_changed_too(repository):
    past = changes_since_commit.find_past_commit("HEAD")
    assert past.files() == []
    write(repository, "cc", "run: {threads: 3}\n")
    assert "params.yaml" in past.files()
    assert past.finals("supervised") == {"wines": "bb.dir"}


def test_the_first_push_of_a_branch_has_nothing_before_it(repository):
    past = changes_since_commit.find_past_commit("0" * 40)
    assert past.commit is None
    assert past.files() == []
    assert past.metrics("") == {}
    assert past.finals("supervised") == {}


def test_a_first_commit_has_nothing_before_it(project):
    git(project, "init", "-q", "-b", "main")
    commit(project)
    assert changes_since_commit.find_past_commit(None).commit is None


def test_a_commit_that_was_rewritten_gives_way_to_the_one_before(repository, capsys):
    past = changes_since_commit.find_past_commit("a" * 40)
    assert past.commit == changes_since_commit.find_past_commit(None).commit
    assert "comparing with the previous one" in capsys.readouterr().out


def test_a_commit_that_is_not_here_is_refused(repository):
    with pytest.raises(FoursplitError, match="git fetch --unshallow"):
        changes_since_commit.find_past_commit("abcdef1")
