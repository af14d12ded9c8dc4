"""Unpack a tar archive that nobody has to trust: plain files, inside the folder, of a known size.

Source: Python's documentation of tarfile, "Extraction filters" (PEP 706), whose `data` filter is
applied as well where Python has it (from 3.11.4 on, and Debian 12 has 3.11.2); links and devices,
which it lets pass in part, are refused altogether.
"""

import gzip
import hashlib
import lzma
import tarfile
from pathlib import Path, PurePosixPath
from typing import IO, Any

from foursplit.core.errors import FoursplitError
from foursplit.io import hashing_copy

MAX_HEADER_BLOCKS = (
    4  # blocks of 512 bytes a member may take beside its content; a long name takes three
)
BLOCK_BYTES = 512
MAX_PADDING_BYTES = 64 * 1024  # bytes of padding at an archive's end
CHUNK_BYTES = 1 << 20


class BoundedStream:
    """A stream that ends in an error beyond `limit` bytes, whatever the headers promise."""

    def __init__(self, stream: IO[bytes], limit: int, name: str) -> None:
        self.stream, self.left, self.name = stream, limit, name

    def read(self, n: int = -1) -> bytes:
        # One byte more than allowed is asked for at most: a bomb is not taken into memory.
        part = self.stream.read(min(n, self.left + 1) if n >= 0 else self.left + 1)
        self.left -= len(part)
        if self.left < 0:
            raise FoursplitError(
                f"{self.name}: unpacks to more than its entry says: refused as a bomb"
            )
        return part


def unpack(archive: Path, into: Path, *, members: int, unpacked_bytes: int) -> str:
    """Write the archive's files below the empty folder `into`; give the digest of what they are.

    More members or bytes than the two bounds, a link, a device, a path that leads outside, or a
    name that comes twice: refused, and what was written so far is of no use.
    """
    limit = unpacked_bytes + members * BLOCK_BYTES * (MAX_HEADER_BLOCKS + 1) + MAX_PADDING_BYTES
    hashes: dict[str, str] = {}
    made = {into}
    left = unpacked_bytes
    try:
        with _stream(archive) as stream:
            bounded: Any = BoundedStream(stream, limit, str(archive))
            with tarfile.open(fileobj=bounded, mode="r|") as tar:
                for n, member in enumerate(tar, start=1):
                    name = _checked(member, archive, into)
                    _bound(n <= members, archive, f"more than {members} members")
                    left -= member.size
                    _bound(left >= 0, archive, f"more than {unpacked_bytes} bytes")
                    if member.isdir():
                        (into / name).mkdir(parents=True, exist_ok=True)
                        continue
                    _bound(name not in hashes, archive, f"{name!r} twice")
                    hashes[name] = _write(tar, member, _placed(into / name, made))
    except (tarfile.TarError, lzma.LZMAError, EOFError, gzip.BadGzipFile) as error:
        raise FoursplitError(f"{archive}: not a readable tar archive ({error})") from error
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise FoursplitError(
            f"{archive}: a file and a folder of one name ({error.filename})"
        ) from error
    return hashing_copy.digest_of_listing(hashes)


def _stream(archive: Path) -> IO[bytes]:
    """Open by content, not by name; an archive that is not compressed is read as it is."""
    with archive.open("rb") as file:
        start = file.read(6)
    if start.startswith(b"\x1f\x8b"):
        return gzip.open(archive, "rb")  # type: ignore[return-value]
    if start == b"\xfd7zXZ\x00":
        return lzma.open(archive, "rb")
    return archive.open("rb")


def _checked(member: tarfile.TarInfo, archive: Path, into: Path) -> str:
    """Give a member's path below the folder; refuse what is no plain file or folder in it."""
    path = PurePosixPath(member.name)
    plain = member.isdir() or (member.isreg() and not member.issparse())
    _bound(plain, archive, f"{member.name!r}, which is a link, a device or a sparse file")
    inside = not path.is_absolute() and path.parts and ".." not in path.parts
    odd = any(sign in member.name for sign in ("\\", "\0", ":"))
    _bound(bool(inside) and not odd, archive, f"{member.name!r}, which leads outside its folder")
    if hasattr(tarfile, "data_filter"):
        tarfile.data_filter(member, str(into))
    return path.as_posix()


def _bound(holds: bool, archive: Path, what: str) -> None:
    if not holds:
        raise FoursplitError(f"{archive}: refused: it holds {what}")


def _placed(target: Path, made: set[Path]) -> Path:
    """See to a file's folder, once."""
    if target.parent not in made:
        target.parent.mkdir(parents=True, exist_ok=True)
        made.add(target.parent)
    return target


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> str:
    """Write one file, never through a link and never over another; give its sha256."""
    content, digest = tar.extractfile(member), hashlib.sha256()
    assert content is not None
    with target.open("xb") as file:
        while part := content.read(CHUNK_BYTES):
            digest.update(part)
            file.write(part)
    return digest.hexdigest()
