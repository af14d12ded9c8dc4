"""Spare DVC what it repeats for each stage, while its lock of the project is ours.

Parsing params.yaml and searching all of it for each parameter, locking each path several times,
walking the same folder of code.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from copy import deepcopy
from typing import Any

Stamp = tuple[int, int, int]

PLAIN_KEY = re.compile(r"[A-Za-z_]\w*")
"""A part of a parameter's path that is no pattern, and that no number could be written as."""

_parsed_files: dict[str, tuple[Stamp, Any]] = {}
"""Parameter files by path, good for as long as the file's stamp is the same."""


@contextmanager
def patched_dvc(is_made: Callable[[str], bool]) -> Iterator[None]:
    """Answer DVC from memory what it asks twice; `is_made` tells what a stage may write.

    The paths of a running stage are locked once, when it starts (`Graph.reserve`), and nobody but
    us has the project between two commands.  A dependency that no stage writes is hashed once
    while this is open, which is for moments at a time.
    """
    import dvc.dependency.param as param
    import dvc.output as output
    import dvc.rwlock as rwlocks
    import dvc.utils.serialize as serialize

    load = _cached_loader(serialize.load_path)
    ours: tuple[tuple[Any, str, Any], ...] = (
        (rwlocks, "rwlock", _no_lock),
        (param, "load_path", load),
        (param.dpath, "get", _direct_lookup(param.dpath.get)),
        (serialize, "load_path", lambda *given, **rest: deepcopy(load(*given, **rest))),
        (output, "build", _cached_builder(output.build, is_made)),
    )
    theirs = [getattr(module, name) for module, name, _ in ours]
    try:
        for module, name, function in ours:
            setattr(module, name, function)
        yield
    finally:
        for (module, name, _), function in zip(ours, theirs, strict=True):
            setattr(module, name, function)


def _no_lock(*_arguments: Any, **_named: Any) -> AbstractContextManager[None]:
    return nullcontext()


def _cached_loader(load: Callable[..., Any]) -> Callable[..., Any]:
    def remembered(path: str, fs: Any, **rest: Any) -> Any:
        if fs is None or fs.protocol != "local" or rest:
            return load(path, fs, **rest)
        found = os.stat(path)  # noqa: PTH116, it may be text
        stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
        if path not in _parsed_files or _parsed_files[path][0] != stamp:
            _parsed_files[path] = (stamp, load(path, fs))
        return _parsed_files[path][1]

    return remembered


def _direct_lookup(search: Callable[..., Any]) -> Callable[..., Any]:
    """Follow a path that is spelled out; leave patterns, numbers and what is missing to `search`.

    DVC's library matches every path of the file against the one that is wanted, once for each
    parameter of each stage.
    """

    def get(tree: Any, path: Any, separator: str = "/", **rest: Any) -> Any:
        parts = path.split(separator) if isinstance(path, str) else []
        found = tree
        for part in parts:
            if not (isinstance(found, dict) and part in found and PLAIN_KEY.fullmatch(part)):
                return search(tree, path, separator, **rest)
            found = found[part]
        return found if parts else search(tree, path, separator, **rest)

    return get


def _cached_builder(
    build: Callable[..., Any], is_made: Callable[[str], bool]
) -> Callable[..., Any]:
    built: dict[tuple[str, str], Any] = {}

    def once(store: Any, path: str, fs: Any, name: str, **rest: Any) -> Any:
        if not rest.get("dry_run") or fs.protocol != "local" or is_made(path):
            return build(store, path, fs, name, **rest)
        key = (path, name)
        if key not in built:
            built[key] = build(store, path, fs, name, **rest)
        return built[key]

    return once
