"""Cache what DVC repeats for each stage, while Foursplit holds DVC's project lock.

It parses params.yaml and searches all of it for each parameter, locks each path several times,
walks the same folder of code, and in each run parses all pipeline files and lock files.
"""

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from copy import deepcopy
from pathlib import Path
from typing import Any

from foursplit.core.recorded_content import recorded_content

Stamp = tuple[int, int, int]

PLAIN_KEY = re.compile(r"[A-Za-z_]\w*")
"""A key in a parameter's path that is neither a pattern nor a number."""

_parsed_files: dict[str, tuple[Stamp, Any]] = {}
"""Parsed parameter files by path, valid while the file's stamp is the same."""


@contextmanager
def patched_dvc(is_stage_output: Callable[[str], bool], records: Path) -> Iterator[None]:
    """Patch DVC to cache repeated work; `is_stage_output` tells which paths a stage may write.

    Parsed files are recorded in the folder `records`.

    The paths of a running stage are locked once, when it starts (`DvcPipeline.reserve`), and nobody
    else has the project between two commands.  A dependency that no stage writes is hashed once
    within this context, which lasts moments.
    """
    import dvc.dependency.param as param
    import dvc.output as output
    import dvc.rwlock as rwlocks
    import dvc.utils.serialize as serialize
    import dvc.utils.serialize._yaml as _yaml
    import dvc.utils.strictyaml as strictyaml

    load = _cached_loader(serialize.load_path)
    patches: tuple[tuple[Any, str, Any], ...] = (
        (rwlocks, "rwlock", _no_lock),
        (param, "load_path", load),
        (param.dpath, "get", _direct_lookup(param.dpath.get)),
        (serialize, "load_path", lambda *args, **kwargs: deepcopy(load(*args, **kwargs))),
        (_yaml, "parse_yaml", _recorded_parser(_yaml.parse_yaml, records)),
        (strictyaml, "parse_yaml", _recorded_parser(_yaml.parse_yaml, records)),
        (output, "build", _cached_builder(output.build, is_stage_output)),
    )
    originals = [getattr(module, name) for module, name, _ in patches]
    try:
        for module, name, function in patches:
            setattr(module, name, function)
        yield
    finally:
        for (module, name, _), function in zip(patches, originals, strict=True):
            setattr(module, name, function)


def _no_lock(*_arguments: Any, **_named: Any) -> AbstractContextManager[None]:
    return nullcontext()


def _cached_loader(load: Callable[..., Any]) -> Callable[..., Any]:
    def cached_load(path: str, fs: Any, **kwargs: Any) -> Any:
        if fs is None or fs.protocol != "local" or kwargs:
            return load(path, fs, **kwargs)
        status = os.stat(path)  # noqa: PTH116, it may be text
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        if path not in _parsed_files or _parsed_files[path][0] != stamp:
            _parsed_files[path] = (stamp, load(path, fs))
        return _parsed_files[path][1]

    return cached_load


def _recorded_parser(parse: Callable[..., Any], records: Path) -> Callable[..., Any]:
    def parse_once(text: str, path: str, typ: str = "safe") -> Any:
        if typ != "safe":  # with comments
            return parse(text, path, typ)
        name = hashlib.sha256(os.fspath(path).encode()).hexdigest()[:16]
        return recorded_content(
            records / f"{name}.json", text.encode(), lambda: parse(text, path, typ)
        )

    return parse_once


def _direct_lookup(search: Callable[..., Any]) -> Callable[..., Any]:
    """Look up a plain path directly; leave patterns, numbers and missing keys to `search`.

    DVC's library matches every path of the file against the wanted one, once for each parameter of
    each stage.
    """

    def get(tree: Any, path: Any, separator: str = "/", **kwargs: Any) -> Any:
        parts = path.split(separator) if isinstance(path, str) else []
        value = tree
        for key in parts:
            if not (isinstance(value, dict) and key in value and PLAIN_KEY.fullmatch(key)):
                return search(tree, path, separator, **kwargs)
            value = value[key]
        return value if parts else search(tree, path, separator, **kwargs)

    return get


def _cached_builder(
    build: Callable[..., Any], is_stage_output: Callable[[str], bool]
) -> Callable[..., Any]:
    built: dict[tuple[str, str], Any] = {}

    def build_once(store: Any, path: str, fs: Any, name: str, **kwargs: Any) -> Any:
        if not kwargs.get("dry_run") or fs.protocol != "local" or is_stage_output(path):
            return build(store, path, fs, name, **kwargs)
        key = (path, name)
        if key not in built:
            built[key] = build(store, path, fs, name, **kwargs)
        return built[key]

    return build_once
