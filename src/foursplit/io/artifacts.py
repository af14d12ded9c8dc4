"""Write files and folders atomically: to a temporary name, then renamed; no pickle."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from foursplit.core.errors import FoursplitError

PARTIAL_SUFFIX = ".foursplit.part"
"""Suffix of an incomplete file or folder; its name begins with a dot."""

OUTPUT_LOG_VARIABLE = "FOURSPLIT_BOOK"
"""Environment: the file in which a stage records its outputs until DVC has them."""


def sha256_bytes(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def sha256_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint(value: Any) -> str:
    """Return the sha256 of a JSON-like value; the order of keys does not matter."""
    return sha256_bytes(json.dumps(value, sort_keys=True, default=str).encode())


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary file next to `path`; it replaces `path` if the block succeeds."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise FoursplitError(
            f"{path}: cannot write a file here, because it is a link, a folder or a device"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=_prefix(path), suffix=PARTIAL_SUFFIX, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        os.chmod(temporary, 0o644)  # mkstemp makes it private  # noqa: PTH101
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    _record(path)


@contextmanager
def atomic_directory(path: Path) -> Iterator[Path]:
    """Yield an empty folder next to `path`; it replaces `path` if the block succeeds."""
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        raise FoursplitError(f"{path}: cannot write a folder here, because it is a link or a file")
    path.parent.mkdir(parents=True, exist_ok=True)
    # Hidden and in the parent: the same disk, and never inside a folder that DVC hashes.
    temporary = Path(tempfile.mkdtemp(prefix=_prefix(path), suffix=PARTIAL_SUFFIX, dir=path.parent))
    try:
        yield temporary
        temporary.chmod(0o755)
        # Renamed and not deleted: an interruption between the two renames loses nothing.
        shutil.rmtree(_backup(path), ignore_errors=True)
        if path.exists():
            path.replace(_backup(path))
        temporary.replace(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        recover_directory(path)
    shutil.rmtree(_backup(path), ignore_errors=True)
    _record(path)


def _backup(path: Path) -> Path:
    return path.with_name(f".{path.name}.before{PARTIAL_SUFFIX}")


def _prefix(path: Path) -> str:
    return f".{path.name}.{os.getpid()}."


def writer_pid(name: str) -> int | None:
    """Return the id of the process that writes the incomplete file or folder `name`."""
    number = name.removesuffix(PARTIAL_SUFFIX).rpartition(".")[0].rpartition(".")[2]
    return int(number) if number.isdecimal() else None


def backed_up_name(name: str) -> str | None:
    """Return the original name of a backup folder; None for another name."""
    end = f".before{PARTIAL_SUFFIX}"
    return name[1 : -len(end)] if name.endswith(end) else None


def is_partial(name: str) -> bool:
    """Check whether a name is that of an incomplete file or folder."""
    return name.startswith(".") and name.endswith(PARTIAL_SUFFIX)


def size_and_mtime(path: Path) -> list[int]:
    """Return the size and modification time of a file."""
    stat = path.lstat()
    return [stat.st_size, stat.st_mtime_ns]


def _record(path: Path) -> None:
    """Append the written files to the output log of the running stage, if there is one."""
    log = os.environ.get(OUTPUT_LOG_VARIABLE)
    path = path.absolute()
    if not log or any(is_partial(name) or name == ".foursplit" for name in path.parts):
        return
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    lines = [json.dumps([str(file), *size_and_mtime(file)]) for file in files]
    with Path(log).open("a", encoding="utf-8") as out:
        out.write("".join(f"{line}\n" for line in lines))


def recover_directory(path: Path) -> None:
    """Restore a folder whose replacement was interrupted between its two renames."""
    if not path.exists() and _backup(path).exists():
        _backup(path).replace(path)


def write_text(path: Path, text: str) -> None:
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write sorted, indented JSON; raise for NaN, which is not JSON."""
    write_text(path, json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise FoursplitError(
            f"{path}: no such file. Run the stage that writes it (`dvc repro`)."
        ) from error
    except json.JSONDecodeError as error:
        raise FoursplitError(
            f"{path}: not JSON ({error}). If a stage wrote it, `foursplit verify --here` says how "
            "to repair it."
        ) from error


def write_tensors(path: Path, tensors: Mapping[str, Any]) -> None:
    """Write named torch tensors as safetensors: no code in the file, reproducible bytes."""
    from safetensors.torch import save

    content = save({name: tensors[name].contiguous() for name in sorted(tensors)})
    with atomic_write(path) as temporary:
        temporary.write_bytes(content)  # by Python, whose error names a full disk


def read_tensors(path: Path) -> dict[str, Any]:
    """Read named torch tensors; raise for a truncated or foreign file."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (FileNotFoundError, SafetensorError) as error:
        raise FoursplitError(f"{path}: not a readable safetensors file ({error}).") from error
