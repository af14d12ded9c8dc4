"""Unpack an untrusted tar archive: plain files only, inside the folder, of a bounded size.

Source: Python's documentation of tarfile, "Extraction filters" (PEP 706), whose `data` filter is
applied too if Python has it (from 3.11.4 on; Debian 12 has 3.11.2).  Links and devices, which it
partly allows, are rejected.
"""

import gzip
import hashlib
import lzma
import tarfile
from pathlib import Path, PurePosixPath
from typing import IO, Any

from foursplit.core.errors import FoursplitError
from foursplit.io import hashing_copy

MAX_HEADER_BLOCKS = 4  # per member, beside its content; a long name takes three
BLOCK_BYTES = 512
MAX_PADDING_BYTES = 64 * 1024  # bytes of padding at an archive's end
CHUNK_BYTES = 1 << 20


class BoundedStream:
    """A stream that raises beyond `limit` bytes, whatever the headers claim."""

    def __init__(self, stream: IO[bytes], limit: int, name: str) -> None:
        self.stream, self.left, self.name = stream, limit, name

    def read(self, n: int = -1) -> bytes:
        # Reads at most one byte more than allowed, so that a bomb does not fill the memory.
        chunk = self.stream.read(min(n, self.left + 1) if n >= 0 else self.left + 1)
        self.left -= len(chunk)
        if self.left < 0:
            raise FoursplitError(
                f"{self.name}: unpacks to more bytes than its entry declares: refused as a bomb"
            )
        return chunk


def unpack(archive: Path, into: Path, *, members: int, unpacked_bytes: int) -> str:
    """Write the archive's files below the empty folder `into`; return their digest.

    Raises for more members or bytes than the two bounds, a link, a device, a path outside the
    folder, or a repeated name; files written so far are then incomplete.
    """
    limit = unpacked_bytes + members * BLOCK_BYTES * (MAX_HEADER_BLOCKS + 1) + MAX_PADDING_BYTES
    hashes: dict[str, str] = {}
    folders = {into}
    left = unpacked_bytes
    try:
        with _stream(archive) as stream:
            bounded: Any = BoundedStream(stream, limit, str(archive))
            with tarfile.open(fileobj=bounded, mode="r|") as tar:
                for n, member in enumerate(tar, start=1):
                    name = _safe_path(member, archive, into)
                    _require(n <= members, archive, f"more than {members} members")
                    left -= member.size
                    _require(left >= 0, archive, f"more than {unpacked_bytes} bytes")
                    if member.isdir():
                        (into / name).mkdir(parents=True, exist_ok=True)
                        continue
                    _require(name not in hashes, archive, f"{name!r} twice")
                    hashes[name] = _write(tar, member, _with_folder(into / name, folders))
    except (tarfile.TarError, lzma.LZMAError, EOFError, gzip.BadGzipFile) as error:
        raise FoursplitError(f"{archive}: not a readable tar archive ({error})") from error
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise FoursplitError(
            f"{archive}: a file and a folder have the same name ({error.filename})"
        ) from error
    return hashing_copy.digest_of_listing(hashes)


def _stream(archive: Path) -> IO[bytes]:
    """Open by content, not by name; an uncompressed archive is read as it is."""
    with archive.open("rb") as file:
        start = file.read(6)
    if start.startswith(b"\x1f\x8b"):
        return gzip.open(archive, "rb")  # type: ignore[return-value]
    if start == b"\xfd7zXZ\x00":
        return lzma.open(archive, "rb")
    return archive.open("rb")


def _safe_path(member: tarfile.TarInfo, archive: Path, into: Path) -> str:
    """Return a member's path below the folder; raise unless it is a plain file or folder."""
    path = PurePosixPath(member.name)
    is_plain = member.isdir() or (member.isreg() and not member.issparse())
    _require(is_plain, archive, f"{member.name!r}, which is a link, a device or a sparse file")
    is_inside = not path.is_absolute() and path.parts and ".." not in path.parts
    is_odd = any(character in member.name for character in ("\\", "\0", ":"))
    is_safe = bool(is_inside) and not is_odd
    _require(is_safe, archive, f"{member.name!r}, which leads outside its folder")
    if hasattr(tarfile, "data_filter"):
        tarfile.data_filter(member, str(into))
    return path.as_posix()


def _require(condition: bool, archive: Path, content: str) -> None:
    if not condition:
        raise FoursplitError(f"{archive}: refused: it contains {content}")


def _with_folder(target: Path, folders: set[Path]) -> Path:
    """Create a file's folder unless it is in `folders`; return the file."""
    if target.parent not in folders:
        target.parent.mkdir(parents=True, exist_ok=True)
        folders.add(target.parent)
    return target


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> str:
    """Write one new file, never through a link; return its sha256."""
    content, digest = tar.extractfile(member), hashlib.sha256()
    assert content is not None
    with target.open("xb") as file:
        while chunk := content.read(CHUNK_BYTES):
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()
