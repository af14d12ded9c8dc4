"""Results go to a branch of their own; nothing of the person's work moves."""

import subprocess

import pytest
from click.testing import CliRunner

from foursplit.cli.main import main
from foursplit.core.errors import FoursplitError
from foursplit.io import push_branch


@pytest.fixture
def repository(project, tmp_path_factory):
    """Give a clone of a bare repository, with a lock file committed."""
    origin = tmp_path_factory.mktemp("origin")
    git(origin, "init", "-q", "--bare")
    git(project, "init", "-q", "-b", "main")
    git(project, "remote", "add", "origin", str(origin))
    git(project, "config", "user.email", "test@localhost")
    git(project, "config", "user.name", "test")
    (project / "dvc.lock").write_text("schema: '2.0'\n")
    (project / "README.md").write_text("words\n")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "start")
    return project, origin


def git(root, *arguments):
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_only_locks_and_metrics_are_committed_and_the_working_tree_stays(repository):
    project, origin = repository
    (project / "dvc.lock").write_text("schema: '2.0'\nstages: {}\n")
    (project / "metrics.json").write_text("{}\n")
    (project / "README.md").write_text("edited\n")
    (project / "notes.txt").write_text("mine\n")
    git(project, "add", "notes.txt")
    before = (git(project, "status", "--porcelain"), git(project, "rev-parse", "HEAD"))
    commit = push_branch.push("foursplit/retrained", "Retrain: wines")
    assert (git(project, "status", "--porcelain"), git(project, "rev-parse", "HEAD")) == before
    assert git(origin, "rev-parse", "foursplit/retrained") == commit
    assert git(origin, "diff", "--name-only", f"{commit}~1", commit).split() == [
        "dvc.lock",
        "metrics.json",
    ]
    assert git(origin, "show", f"{commit}:dvc.lock").endswith("stages: {}")


def test_the_branch_is_overwritten_by_the_next_results(repository):
    project, origin = repository
    for number in (1, 2):
        (project / "dvc.lock").write_text(f"schema: '{number}'\n")
        commit = push_branch.push("foursplit/retrained", "Retrain")
    assert git(origin, "rev-parse", "foursplit/retrained") == commit
    assert git(origin, "rev-list", "--count", "foursplit/retrained") == "2"


def test_nothing_new_is_no_commit(repository):
    _, origin = repository
    assert push_branch.push("foursplit/retrained", "Retrain") is None
    assert git(origin, "branch", "--list") == ""


@pytest.mark.parametrize(
    "name", ["main", "foursplit/", "feature/x", "foursplit/a b", "foursplit/.."]
)
def test_a_branch_that_somebody_may_work_on_is_refused(repository, name):
    with pytest.raises(FoursplitError, match="--branch"):
        push_branch.require_pushable(name)


def test_a_push_that_fails_is_told_in_gits_words(repository):
    project, _ = repository
    (project / "dvc.lock").write_text("schema: '3'\n")
    git(project, "remote", "set-url", "origin", str(project / "nowhere"))
    with pytest.raises(FoursplitError, match="git push"):
        push_branch.push("foursplit/retrained", "Retrain")


@pytest.mark.parametrize("name", ["params.yaml", "src/model.py", "data/own/orders.csv"])
def test_results_of_sources_that_the_branch_will_not_hold_are_not_published(repository, name):
    project, origin = repository
    for file in ("src/model.py", "data/own/orders.csv"):
        (project / file).parent.mkdir(parents=True, exist_ok=True)
        (project / file).write_text("1\n")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "more")
    (project / "dvc.lock").write_text("schema: '3'\n")
    push_branch.require_pushable("foursplit/retrained")
    (project / name).write_text("edited: 1\n")
    for refused in (push_branch.require_pushable, lambda to: push_branch.push(to, "Retrain")):
        with pytest.raises(FoursplitError, match=rf"{name}: .*Commit") as error:
            refused("foursplit/retrained")
        assert "or stash" in str(error.value)
    assert git(origin, "branch", "--list") == ""
    git(project, "commit", "-qam", "as it is")
    assert (
        push_branch.push("foursplit/retrained", "Retrain") is None
    )  # the lock is committed with it


def test_in_a_folder_that_git_refuses_its_reason_is_given(repository, monkeypatch):
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(FoursplitError, match=r"safe\.directory"):
        push_branch.require_pushable("foursplit/retrained")


@pytest.mark.parametrize("flags", [["--branch", "foursplit/retrained"], ["--promote"]])
def test_retrain_refuses_before_anything_runs(repository, flags):
    project, _ = repository
    with (project / "params.yaml").open("a") as file:
        file.write("\n")
    done = CliRunner().invoke(main, ["retrain", *flags])
    assert done.exit_code == 2
    assert "params.yaml: not as in the commit" in done.output
    assert not (project / ".foursplit").exists()
