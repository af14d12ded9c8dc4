"""A packed data set and its git repository at the commit give the same files."""

import subprocess
import tarfile
from dataclasses import replace

import pytest

from foursplit.core.errors import FoursplitError
from foursplit.data.download.archive import unpack
from foursplit.data.download.catalogue import FileSelection, Repository
from foursplit.data.download.repository import export_files
from foursplit.data.download.retry import RetryPolicy
from foursplit.io import hashing_copy

QUICK = RetryPolicy(attempts=2, initial_backoff_s=0.001)

FILES = {
    "data/cats/1.jpg": b"\x00\xff one",
    "data/cats/2.jpg": b"two",
    "data/cats/3.jpg": b"three",
    "data/dogs/1.jpg": b"four",
    "data/dogs/big.jpg": bytes(5000),
    "data/dogs/1.txt": b"words",
    "data/deep/er/1.jpg": b"six",
    "README.md": b"no data",
    "data/lines.txt": b"a\r\nb\n",
    "data/\xfcml\xe4ut.txt": b"name",
}


def git(folder, *arguments):
    user = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    done = subprocess.run(
        ["git", "-C", str(folder), *user, *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path):
    """Make a repository whose data changed after the commit that an entry names."""
    folder = tmp_path / "repository"
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    # What a checkout would obey: line ends turned, files left out, links followed.
    (folder / ".gitattributes").write_text("*.txt text eol=crlf\ndogs export-ignore\n")
    (folder / "data/cats/link.jpg").symlink_to("/etc/passwd")
    git(tmp_path, "init", "-q", str(folder))
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "as it was")
    commit = git(folder, "rev-parse", "HEAD")
    (folder / "data/cats/1.jpg").write_bytes(b"changed since")
    git(folder, "commit", "-qam", "as it is")
    return Repository(
        url=folder.as_uri(),
        commit=commit,
        take=(FileSelection(glob="data/*/*.jpg"),),
        strip="data/",
    )


def taken(repository, tmp_path, limit=100_000):
    into = tmp_path / f"out{len(list(tmp_path.iterdir()))}"
    into.mkdir()
    export_files(repository, into, QUICK, unpacked_bytes=limit)
    return into


def listing(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def test_the_repository_and_the_archive_give_the_same_files(repository, tmp_path):
    out = taken(repository, tmp_path)
    archive = tmp_path / "packed.tar.xz"
    chosen = [name for name in FILES if name.endswith(".jpg") and name.count("/") == 2]
    # Packed from the commit's own files, in the order of their names.
    git(tmp_path / "repository", "checkout", "-q", repository.commit)
    with tarfile.open(archive, "w:xz") as tar:
        for name in sorted(chosen):
            tar.add(tmp_path / "repository" / name, name.removeprefix("data/"))
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    digest = unpack(archive, unpacked, members=len(chosen), unpacked_bytes=10_000)
    assert listing(out) == listing(unpacked)
    assert hashing_copy.folder_digest(out) == digest
    assert listing(out)["cats/1.jpg"] == b"\x00\xff one"


def test_bytes_are_gits_own_whatever_its_attributes_ask_of_a_checkout(repository, tmp_path):
    words = replace(
        repository, take=(FileSelection(glob="data/*.txt"), FileSelection(glob="data/dogs/**"))
    )
    found = listing(taken(words, tmp_path))
    # `eol=crlf` normalises on the way in: git holds one kind of line end, a checkout another.
    assert found["lines.txt"] == b"a\nb\n"
    assert found["dogs/1.txt"] == b"words"
    assert found["\xfcml\xe4ut.txt"] == b"name"


def test_links_of_a_repository_are_no_files(repository, tmp_path):
    assert not [name for name in listing(taken(repository, tmp_path)) if "link" in name]


def test_the_first_files_of_each_folder_and_those_left_out(repository, tmp_path):
    few = replace(
        repository,
        take=(FileSelection(glob="data/*/*.jpg", first=1),),
        leave_out=("data/cats/1.jpg",),
    )
    assert set(listing(taken(few, tmp_path))) == {"cats/2.jpg", "dogs/1.jpg"}


def test_a_star_stays_within_a_folder(repository, tmp_path):
    assert "deep/er/1.jpg" not in listing(taken(repository, tmp_path))
    deep = replace(repository, take=(FileSelection(glob="data/deep/**"),))
    assert set(listing(taken(deep, tmp_path))) == {"deep/er/1.jpg"}


def test_more_bytes_than_declared_are_refused(repository, tmp_path):
    with pytest.raises(FoursplitError, match="more than 4000 bytes"):
        taken(repository, tmp_path, limit=4000)


def test_a_commit_that_is_not_there_is_named(repository, tmp_path):
    wrong = replace(repository, commit="0" * 40)
    with pytest.raises(FoursplitError, match=r"repository at 0{40}: git fetch: "):
        taken(wrong, tmp_path)


def test_a_repository_whose_object_was_tampered_with_is_refused(repository, tmp_path):
    folder = tmp_path / "repository"
    name = git(folder, "rev-parse", f"{repository.commit}:data/cats/2.jpg")
    other = git(folder, "rev-parse", f"{repository.commit}:data/dogs/1.jpg")
    path = folder / ".git" / "objects" / name[:2] / name[2:]
    path.chmod(0o644)
    path.write_bytes((folder / ".git" / "objects" / other[:2] / other[2:]).read_bytes())
    with pytest.raises(FoursplitError, match="failed"):
        taken(repository, tmp_path)
