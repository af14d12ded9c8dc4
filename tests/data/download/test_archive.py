"""An archive unpacks to plain files inside its folder; malicious ones raise."""

import gzip
import hashlib
import io
import lzma
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foursplit.core.errors import FoursplitError
from foursplit.data.download.archive import unpack
from foursplit.io import hashing_copy

FILES = {"a/one.txt": b"1", "a/b/two.bin": bytes(3000), "three": b""}


def member(name, content=b"", **fields):
    """Return a member and its content; `fields` overrides header fields."""
    header = tarfile.TarInfo(name)
    header.size = len(content)
    for field, value in fields.items():
        setattr(header, field, value)
    return header, content


def pack(path, *members, mode="w"):
    with tarfile.open(path, mode) as tar:
        for header, content in members:
            tar.addfile(header, io.BytesIO(content))
    return path


def packed(path, files=FILES, mode="w"):
    return pack(path, *(member(name, content) for name, content in files.items()), mode=mode)


def unpack_to(path, into, members=10, unpacked_bytes=10_000):
    into.mkdir()
    return unpack(path, into, members=members, unpacked_bytes=unpacked_bytes)


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz"])
def test_unpacking_returns_the_packed_files(tmp_path, mode):
    digest = unpack_to(packed(tmp_path / "p", mode=mode), tmp_path / "out")
    unpacked = {
        p.relative_to(tmp_path / "out").as_posix(): p.read_bytes()
        for p in (tmp_path / "out").rglob("*")
        if p.is_file()
    }
    assert unpacked == FILES
    assert digest == hashing_copy.folder_digest(tmp_path / "out")


def test_the_digest_is_that_of_a_sorted_listing_of_sha256(tmp_path):
    # What `sha256sum` prints for each file, sorted by name, and then hashed.
    listing = "".join(
        f"{hashlib.sha256(FILES[name]).hexdigest()}  {name}\n"
        for name in ("a/b/two.bin", "a/one.txt", "three")
    )
    digest = unpack_to(packed(tmp_path / "p"), tmp_path / "out")
    assert digest == hashlib.sha256(listing.encode()).hexdigest()


@given(order=st.permutations(list(FILES)))
def test_the_order_of_members_does_not_matter(order, tmp_path_factory):
    folder = tmp_path_factory.mktemp("p")
    shuffled = {name: FILES[name] for name in order}
    one = unpack_to(packed(folder / "one"), folder / "1")
    assert unpack_to(packed(folder / "other", shuffled), folder / "2") == one


MALICIOUS = {
    "climbs": member("../malicious", b"x"),
    "climbs within": member("a/../../malicious", b"x"),
    "absolute": member("/tmp/foursplit_malicious", b"x"),
    "a drive": member("C:malicious", b"x"),
    "a backslash": member("..\\malicious", b"x"),
    "a symbolic link": member("link", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
    "a link inside": member("link", type=tarfile.SYMTYPE, linkname="a/one.txt"),
    "a hard link": member("link", type=tarfile.LNKTYPE, linkname="a/one.txt"),
    "a character device": member("null", type=tarfile.CHRTYPE, devmajor=1, devminor=3),
    "a block device": member("disk", type=tarfile.BLKTYPE, devmajor=8, devminor=0),
    "a pipe": member("pipe", type=tarfile.FIFOTYPE),
    "no name": member(".", b"x"),
    "a name twice": member("a/one.txt", b"2"),
}


@pytest.mark.parametrize("python", ["3.11.4 and newer", "3.11.2, as Debian 12 has it"])
@pytest.mark.parametrize("malicious", MALICIOUS.values(), ids=MALICIOUS)
def test_an_malicious_member_is_refused(tmp_path, malicious, python, monkeypatch):
    if python.startswith("3.11.2"):  # without a filter of Python's own
        monkeypatch.delattr(tarfile, "data_filter", raising=False)
    path = pack(tmp_path / "p", member("a/one.txt", b"1"), malicious)
    with pytest.raises(FoursplitError, match="refused: it contains"):
        unpack_to(path, tmp_path / "out")
    assert not (tmp_path / "malicious").exists()
    # Nothing but what came before it, and nothing that is no plain file.
    assert [p for p in (tmp_path / "out").rglob("*") if p.is_symlink() or not p.exists()] == []
    assert (tmp_path / "out" / "a" / "one.txt").read_bytes() == b"1"


def test_a_file_and_a_folder_of_the_same_name_raise(tmp_path):
    path = pack(tmp_path / "p", member("a/one", b"1"), member("a", b"2"))
    with pytest.raises(FoursplitError, match="a file and a folder have the same name"):
        unpack_to(path, tmp_path / "out")
    path = pack(tmp_path / "q", member("a", b"2"), member("a/one", b"1"))
    with pytest.raises(FoursplitError, match="a file and a folder have the same name"):
        unpack_to(path, tmp_path / "other")


def test_more_bytes_than_declared_are_refused_before_they_are_written(tmp_path):
    path = pack(tmp_path / "p", member("small", b"1"), member("big", bytes(20_000)), mode="w:gz")
    with pytest.raises(FoursplitError, match="more than 10000 bytes"):
        unpack_to(path, tmp_path / "out")
    assert not (tmp_path / "out" / "big").exists()


def test_more_members_than_declared_are_refused(tmp_path):
    path = packed(tmp_path / "p", {f"f{n}": b"" for n in range(50)})
    with pytest.raises(FoursplitError, match="more than 10 members"):
        unpack_to(path, tmp_path / "out")
    assert len(list((tmp_path / "out").iterdir())) == 10


def test_more_bytes_than_the_headers_say_are_refused_as_a_bomb(tmp_path):
    """A long name of 100 MB in a file of 100 kB: no member's size tells of it."""
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 100_000_000
    path = tmp_path / "p"
    with gzip.open(path, "wb") as file:
        file.write(header.tobuf(tarfile.GNU_FORMAT))
        for _ in range(100):
            file.write(b"a" * 1_000_000)
    with pytest.raises(FoursplitError, match="refused as a bomb"):
        unpack_to(path, tmp_path / "out")


def test_a_sparse_file_is_refused(tmp_path):
    """A map of holes: a kilobyte of archive that says it is a file of a gigabyte."""
    header, content = member("holes", b"1")
    header.pax_headers = {"GNU.sparse.map": "0,1", "GNU.sparse.size": "1000000000"}
    path = tmp_path / "p"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        tar.addfile(header, io.BytesIO(content))
    with pytest.raises(FoursplitError, match="sparse"):
        unpack_to(path, tmp_path / "out")


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz"])
def test_a_truncated_archive_raises(tmp_path, mode):
    path = packed(tmp_path / "p", {"a": bytes(range(256)) * 30}, mode)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FoursplitError, match="not a readable tar archive"):
        unpack_to(path, tmp_path / "out")


def test_a_file_that_is_not_an_archive_raises(tmp_path):
    path = tmp_path / "p"
    path.write_bytes(lzma.compress(b"words" * 1000))
    with pytest.raises(FoursplitError, match="not a readable tar archive"):
        unpack_to(path, tmp_path / "out")
