"""Copy and hash a file in one pass, so that verification needs no second read."""

import hashlib
from pathlib import Path

from foursplit.io import artifacts

CHUNK_BYTES = 1 << 20  # bytes; larger ones leave the processor's cache


def copy_and_hash(origin: Path, target: Path) -> str:
    """Copy `origin` to `target`; return the sha256."""
    digest = hashlib.sha256()
    buffer = memoryview(bytearray(CHUNK_BYTES))
    with origin.open("rb", buffering=0) as read, target.open("wb", buffering=0) as write:
        while n := read.readinto(buffer):
            digest.update(buffer[:n])
            written = 0
            while written < n:
                written += write.write(buffer[written:n])
    return digest.hexdigest()


def folder_digest(folder: Path) -> str:
    """Return the sha256 of the lines "<sha256>  <path>" of a folder's files, sorted by path."""
    files = {
        path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()
    }
    return digest_of_listing({name: artifacts.sha256_file(path) for name, path in files.items()})


def digest_of_listing(hashes: dict[str, str]) -> str:
    """Return the sha256 of such lines; `hashes` has the sha256 of each path."""
    ordered = sorted(hashes.items(), key=lambda item: item[0].encode())
    return artifacts.sha256_bytes("".join(f"{h}  {p}\n" for p, h in ordered).encode())
