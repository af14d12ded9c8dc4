"""The content of a YAML file, from a record of the same text in JSON.

Each stage of a run is a process that reads params.yaml, and each run reads the pipeline files: as
YAML in tenths of a second, as JSON in a thousandth.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any


def recorded_content(record: Path, text: bytes, parse: Callable[[], Any]) -> Any:
    """Return what `parse` makes of `text`, from `record` if that holds it; write it otherwise."""
    state = [hashlib.sha256(text).hexdigest(), version("ruamel.yaml")]
    with suppress(OSError, ValueError, KeyError, TypeError):  # there is none, or it was cut short
        content = json.loads(record.read_text(encoding="utf-8"))
        if content["state"] == state:
            return content["tree"]
    tree = parse()
    _write(record, {"state": state, "tree": tree})
    return tree


def _write(record: Path, content: Mapping[str, Any]) -> None:
    """Write the record if JSON can hold the values, in a project that has been run."""
    draft = record.with_name(f"{record.name}.{os.getpid()}")
    with suppress(OSError, TypeError, ValueError):  # a full disk, a date, a read-only folder
        text = json.dumps(content)
        if record.parent.is_dir() and is_same(json.loads(text), content):
            draft.write_text(text, encoding="utf-8")
            draft.replace(record)


def is_same(a: Any, b: Any) -> bool:
    """Return whether two values are equal, of the same types and in the same order."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return [*a] == [*b] and all(
            type(x) is type(y) and is_same(a[x], b[y]) for x, y in zip(a, b, strict=True)
        )
    if isinstance(a, list):
        return len(a) == len(b) and all(is_same(x, y) for x, y in zip(a, b, strict=True))
    return bool(a == b)
