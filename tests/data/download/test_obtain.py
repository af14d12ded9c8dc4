"""Files are fetched from a mirror, else from their URL, and verified."""

import hashlib
import shutil
import tarfile

import pytest
from tests.data.download import server as http
from tests.data.download.server import Server

from foursplit.core.dataset_spec import DatasetSpec, RemoteFiles
from foursplit.core.errors import FoursplitError
from foursplit.data import fetch, verify_checksums
from foursplit.data.download import catalogue, licences
from foursplit.data.download.retry import RetryPolicy
from foursplit.io import hashing_copy

CONTENT = b"published bytes" * 1000
QUICK = RetryPolicy(attempts=2, connect_timeout_s=1, read_timeout_s=1, initial_backoff_s=0.001)

BASE = {"title": "t", "provenance": "p", "target": "y"}
SPEC = DatasetSpec(**BASE, files=(RemoteFiles(entry="letters"),))


@pytest.fixture
def server():
    running = Server(CONTENT, http.whole)
    yield running
    running.stop()


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    folder = tmp_path / "mirror"
    (folder / "letters").mkdir(parents=True)
    (folder / "letters" / "one.bin").write_bytes(CONTENT)
    with tarfile.open(folder / "letters" / "many.tar.gz", "w:gz") as tar:
        for name in ("a", "b"):
            (tmp_path / name).write_text(name)
            tar.add(tmp_path / name, f"in/{name}")
    monkeypatch.setenv("FOURSPLIT_MIRROR", str(folder))
    return folder


def write_entry(path, server_url, packed=None, only_in_mirrors="it was made"):
    lines = [
        "letters:",
        "  about: letters",
        "  licence: not stated",
        "  terms: ask",
        "  why: no licence",
        "  cite: nobody",
        "  home: nowhere",
        "  files:",
        "    - path: letters/one.bin",
        f"      url: {server_url}",
        f"      sha256: {hashlib.sha256(CONTENT).hexdigest()}",
        f"      bytes: {len(CONTENT)}",
    ]
    if packed is not None:
        digest = hashing_copy.digest_of_listing(
            {f"in/{n}": hashlib.sha256(n.encode()).hexdigest() for n in "ab"}
        )
        lines += [
            "  packed:",
            "    path: letters/many.tar.gz",
            f"    sha256: {hashlib.sha256(packed.read_bytes()).hexdigest()}",
            f"    bytes: {packed.stat().st_size}",
            "    members: 2",
            "    unpacked_bytes: 2",
            f"    digest: {digest}",
            f"    only_in_mirrors: {only_in_mirrors}",
        ]
    path.write_text("\n".join(lines) + "\n")


@pytest.fixture
def entry(project, server, tmp_path, monkeypatch):
    path = tmp_path / "catalogue.yaml"
    write_entry(path, server.url)
    monkeypatch.setattr(catalogue, "catalogue_files", lambda: [path])
    monkeypatch.delenv("FOURSPLIT_MIRROR", raising=False)
    return path


def test_the_network_serves_where_there_is_no_mirror(entry, server, project):
    fetch.fetch(SPEC, project / "raw", QUICK)
    verify_checksums.check(SPEC, project / "raw")
    assert (project / "raw" / "letters" / "one.bin").read_bytes() == CONTENT
    # A second dataset that reads the same file asks nobody.
    fetch.fetch(SPEC, project / "again", QUICK)
    assert server.asked == [""]


def test_a_mirror_comes_before_the_network(entry, mirror, server, project):
    write_entry(entry, server.url, mirror / "letters" / "many.tar.gz")
    fetched = fetch.fetch(SPEC, project / "raw", QUICK)
    verify_checksums.check(SPEC, project / "raw")
    names = {p.relative_to(project / "raw").as_posix() for p in (project / "raw").rglob("*.*")}
    names |= {p.name for p in (project / "raw/letters/unpacked/in").iterdir()}
    assert names == {"letters/one.bin", "a", "b"}
    assert (fetched.n, fetched.bytes) == (3, len(CONTENT) + 2)
    assert server.asked == []


def test_a_file_that_the_mirror_lacks_is_fetched(entry, mirror, server, project):
    (mirror / "letters" / "one.bin").unlink()
    fetch.fetch(SPEC, project / "raw", QUICK)
    assert server.asked == [""]


def test_a_wrong_file_in_a_mirror_raises(entry, mirror, server, project):
    (mirror / "letters" / "one.bin").write_bytes(b"other")
    with pytest.raises(FoursplitError, match=r"one.bin: wrong bytes: expected sha256 .* found"):
        fetch.fetch(SPEC, project / "raw", QUICK)
    assert not (project / "raw").exists()
    assert server.asked == []


def test_a_mirror_that_is_not_a_folder_raises(entry, project, monkeypatch):
    monkeypatch.setenv("FOURSPLIT_MIRROR", str(project / "none"))
    with pytest.raises(FoursplitError, match="FOURSPLIT_MIRROR: .*none' is not a folder"):
        fetch.fetch(SPEC, project / "raw", QUICK)


def test_an_unavailable_file_is_named_with_url_mirror_and_remedy(entry, server, project):
    server.script[:] = [http.status(404)]
    with pytest.raises(FoursplitError) as raised:
        fetch.fetch(SPEC, project / "raw", QUICK)
    text = str(raised.value)
    for part in ("'letters'", server.url, "no mirror is set", "404", "<folder>/letters/one.bin"):
        assert part in text


def test_the_error_says_that_only_mirrors_have_a_file(entry, mirror, server, project):
    write_entry(entry, server.url, mirror / "letters" / "many.tar.gz", "a copy made smaller")
    (mirror / "letters" / "many.tar.gz").unlink()
    with pytest.raises(
        FoursplitError, match=r"has no letters/many.tar.gz, and a copy made smaller"
    ):
        fetch.fetch(SPEC, project / "raw", QUICK)


def test_an_archive_that_unpacks_to_other_files_is_refused(entry, mirror, server, project):
    write_entry(entry, server.url, mirror / "letters" / "many.tar.gz")
    entry.write_text(entry.read_text().replace("digest: ", "digest: 0"))
    with pytest.raises(FoursplitError, match="wrong files: expected digest 0"):
        fetch.fetch(SPEC, project / "raw", QUICK)
    assert not (project / "raw").exists()


@pytest.mark.parametrize("change", ["change", "remove", "add"])
def test_changed_raw_files_raise(entry, mirror, server, project, change):
    write_entry(entry, server.url, mirror / "letters" / "many.tar.gz")
    fetch.fetch(SPEC, project / "raw", QUICK)
    path = project / "raw" / "letters" / "unpacked" / "in" / "a"
    match change:
        case "change":
            path.write_text("x")
        case "remove":
            shutil.rmtree(path.parent)
        case "add":
            path.with_name("c").write_text("c")
    with pytest.raises(FoursplitError, match="corrupted"):
        verify_checksums.check(SPEC, project / "raw")


def test_only_the_declared_files_are_fetched(entry, mirror, server, project):
    write_entry(entry, server.url, mirror / "letters" / "many.tar.gz")
    one = DatasetSpec(**BASE, files=(RemoteFiles(entry="letters", only=("one.bin",)),))
    assert fetch.fetch(one, project / "raw", QUICK).n == 1
    assert [p.name for p in (project / "raw" / "letters").iterdir()] == ["one.bin"]
    wrong = DatasetSpec(**BASE, files=(RemoteFiles(entry="letters", only=("two.bin",)),))
    with pytest.raises(FoursplitError, match=r"unknown file 'two.bin'.* Valid: one.bin"):
        fetch.fetch(wrong, project / "raw", QUICK)


def test_a_licence_that_must_be_accepted_stops_the_dataset_with_the_words_to_say(
    entry, monkeypatch
):
    monkeypatch.delenv(licences.ACCEPT, raising=False)
    with pytest.raises(FoursplitError, match="not stated") as raised:
        licences.require_accepted("mine", SPEC, licences.accepted_entries(()))
    assert "FOURSPLIT_ACCEPT=letters" in str(raised.value)
    assert "run.accept_licences: [letters]" in str(raised.value)
    licences.require_accepted("mine", SPEC, licences.accepted_entries(("letters",)))
    monkeypatch.setenv(licences.ACCEPT, "letters, ")
    licences.require_accepted("mine", SPEC, licences.accepted_entries(()))
    monkeypatch.setenv(licences.ACCEPT, "leters")
    with pytest.raises(
        FoursplitError, match="FOURSPLIT_ACCEPT: unknown data set 'leters'. Did you mean"
    ):
        licences.accepted_entries(())
