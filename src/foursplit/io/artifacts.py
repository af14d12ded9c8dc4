"""Files as the pipeline writes them: aside and then renamed, no pickle, the same bytes again."""

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

PART = ".foursplit.part"
"""How the name of what is not complete ends; it begins with a dot."""

BOOK = "FOURSPLIT_BOOK"
"""Environment: the file in which a stage notes what it put in place, until DVC has it."""


def sha256_bytes(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def sha256_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint(value: Any) -> str:
    """Hash any JSON-like value; the order of keys does not matter."""
    return sha256_bytes(json.dumps(value, sort_keys=True, default=str).encode())


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a file beside `path` to write to; `path` changes only once it is complete."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise FoursplitError(f"{path}: a link, a folder or a device, where a file is to be written")
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=_prefix(path), suffix=PART, dir=path.parent)
    os.close(handle)
    part = Path(name)
    try:
        yield part
        os.chmod(part, 0o644)  # mkstemp makes it private  # noqa: PTH101
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    _note(path)


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder beside `path`; it takes the place of `path` once it is complete."""
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        raise FoursplitError(f"{path}: a link or a file, where a folder is to be written")
    path.parent.mkdir(parents=True, exist_ok=True)
    # Hidden and in the parent: the same disk, and never inside a folder that DVC hashes.
    part = Path(tempfile.mkdtemp(prefix=_prefix(path), suffix=PART, dir=path.parent))
    try:
        yield part
        part.chmod(0o755)
        # Moved aside and not deleted: an interruption between the two renames loses nothing.
        shutil.rmtree(_before(path), ignore_errors=True)
        if path.exists():
            path.replace(_before(path))
        part.replace(path)
    finally:
        shutil.rmtree(part, ignore_errors=True)
        recover(path)
    shutil.rmtree(_before(path), ignore_errors=True)
    _note(path)


def _before(path: Path) -> Path:
    return path.with_name(f".{path.name}.before{PART}")


def _prefix(path: Path) -> str:
    return f".{path.name}.{os.getpid()}."


def writer(part: str) -> int | None:
    """Give the process that writes a part, by the part's name."""
    number = part.removesuffix(PART).rpartition(".")[0].rpartition(".")[2]
    return int(number) if number.isdecimal() else None


def before(part: str) -> str | None:
    """Give the name of what a folder moved aside was; None for any other part."""
    end = f".before{PART}"
    return part[1 : -len(end)] if part.endswith(end) else None


def is_part(name: str) -> bool:
    """Tell by its name whether a file or folder is one that `replacing` had not completed."""
    return name.startswith(".") and name.endswith(PART)


def stamp(path: Path) -> list[int]:
    """Give what changes when a file is written: its size and its time."""
    found = path.lstat()
    return [found.st_size, found.st_mtime_ns]


def _note(path: Path) -> None:
    """Note what was put in place in the book of the stage that runs, if there is one."""
    book = os.environ.get(BOOK)
    path = path.absolute()
    if not book or any(is_part(name) or name == ".foursplit" for name in path.parts):
        return
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    lines = [json.dumps([str(file), *stamp(file)]) for file in files]
    with Path(book).open("a", encoding="utf-8") as out:
        out.write("".join(f"{line}\n" for line in lines))


def recover(path: Path) -> None:
    """Put a folder back whose replacement was cut off between its two renames."""
    if not path.exists() and _before(path).exists():
        _before(path).replace(path)


def write_text(path: Path, text: str) -> None:
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write sorted, indented JSON; NaN is refused, for it is no JSON and hides a missing number."""
    write_text(path, json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise FoursplitError(
            f"{path}: no such file; run the stage that writes it (`dvc repro`)."
        ) from error
    except json.JSONDecodeError as error:
        raise FoursplitError(
            f"{path}: not JSON ({error}). If a stage wrote it, `foursplit verify --here` says how "
            "it is mended."
        ) from error


def write_tensors(path: Path, tensors: Mapping[str, Any]) -> None:
    """Write named torch tensors as safetensors: no code in the file, the same bytes each time."""
    from safetensors.torch import save

    content = save({name: tensors[name].contiguous() for name in sorted(tensors)})
    with replacing(path) as part:
        part.write_bytes(content)  # by Python, whose error says that the disk is full


def read_tensors(path: Path) -> dict[str, Any]:
    """Read named torch tensors; a torn or foreign file is refused by name."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (FileNotFoundError, SafetensorError) as error:
        raise FoursplitError(f"{path}: no readable safetensors file ({error}).") from error
