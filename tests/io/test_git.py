"""git's own reason is passed on, and what results rest on is told from what they are."""

import subprocess

import pytest

from foursplit.config import paths
from foursplit.core.errors import FoursplitError
from foursplit.io import git


@pytest.fixture
def repository(project, monkeypatch):
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, "/dev/null")
    for folder in ("src", "pipelines/data", "data/own"):
        (project / folder).mkdir(parents=True)
    (project / "src" / "code.py").write_text("1\n")
    (project / "pipelines" / "data" / "dvc.lock").write_text("1\n")
    (project / "metrics.json").write_text("{}\n")
    (project / "README.md").write_text("words\n")
    call("init", "-q")
    call("add", "-A")
    call("commit", "-qm", "start")
    return project


def call(*arguments):
    who = ("-c", "user.name=t", "-c", "user.email=t@localhost")
    subprocess.run(["git", *who, *arguments], cwd=paths.root(), check=True)


@pytest.fixture
def refused(repository, monkeypatch):
    """Have git take the folder for another user's, as in a container."""
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    if git.query("rev-parse", "HEAD") is not None:
        pytest.skip("this git does not know how to be tested for it")
    return repository


def test_a_folder_of_another_user_is_refused_in_gits_words(refused):
    with pytest.raises(git.GitError, match=r"git config --global --add safe\.directory"):
        git.require_readable()
    assert git.query("rev-parse", "HEAD") is None


def test_a_repository_whose_own_place_is_gone_is_no_missing_repository(project):
    (project / ".git").write_text("gitdir: /nowhere/worktrees/one\n")
    assert "/nowhere/worktrees/one" in git.unreadable_reason()


def test_without_a_repository_nothing_is_wrong(project, monkeypatch):
    git.require_readable()
    assert not git.is_repository()
    monkeypatch.setenv("PATH", "/nowhere")
    git.require_readable()
    (project / ".git").mkdir()
    with pytest.raises(FoursplitError, match="install git"):
        git.require_readable()


@pytest.mark.parametrize(
    ("file", "counts"),
    [
        ("params.yaml", True),
        ("src/code.py", True),
        ("src/new.py", True),  # which git does not know yet
        ("dvc.yaml", True),
        ("pipelines/data/dvc.yaml", True),
        ("pipelines/data/dvc.lock", False),
        ("metrics.json", False),
        ("README.md", False),
        ("notes.txt", False),
    ],
)
def test_what_results_rest_on_must_be_committed(repository, file, counts):
    assert git.changed_inputs() == []
    (repository / file).write_text("other\n")
    assert git.changed_inputs() == ([file] if counts else [])
    if counts:
        with pytest.raises(FoursplitError, match=rf"it: {file}: .*Commit"):
            git.require_committed("it")
    else:
        git.require_committed("it")


def test_a_dataset_that_is_deleted_or_staged_counts(repository):
    (repository / "src" / "code.py").unlink()
    (repository / "src" / "other.py").write_text("1\n")
    call("add", "src/other.py")
    assert git.changed_inputs() == ["src/code.py", "src/other.py"]


def test_many_are_counted(repository):
    for number in range(9):
        (repository / "src" / f"{number}.py").write_text("1\n")
    with pytest.raises(FoursplitError, match="and 4 more"):
        git.require_committed("it")


def test_a_hooks_variables_do_not_lead_back_from_another_folder(repository, monkeypatch):
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    assert git.check_output("rev-parse", "HEAD", folder=repository)


def test_a_password_in_a_remotes_address_is_not_shown(repository):
    with pytest.raises(git.GitError) as error:
        git.check_output("clone", "ftp-nonsense://ann:s3cret@localhost/x", str(repository / "to"))
    assert "s3cret" not in str(error.value)
