"""What the code of a module amounts to: digests of the files that it imports, by their syntax.

Stages depend on these digests and not on folders, so that an edit runs what it reaches.  Comments,
docstrings, blank lines and the place of a line break are no part of a digest; a file that no stage
imports changes none.

Parsing takes milliseconds a file, so what was found is kept in the project's `.foursplit/code` by
the hash of the file's text: an edit of one file parses one file.
"""

import ast
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

FRAMEWORK = __name__.partition(".")[0]

Packages = tuple[tuple[str, Path], ...]
"""Names of packages with their folders."""

IGNORED = frozenset({"ctx", "kind", "type_comment"})
"""Fields of a syntax tree that do not change what a program does."""


Import = tuple[str, str]
"""A module that a file names, and the name that it takes from there; empty for all of it."""

Facts = tuple[str, tuple[Import, ...]]
"""The digest of a file, and its imports."""

MOST_KEPT = 20_000  # files; beyond that all are parsed again


def closure(modules: Iterable[str], folders: Mapping[str, Path]) -> dict[str, str]:
    """Compute the digest of each file that `modules` import, directly or through others.

    Only files of the packages in `folders` count; what pip installs is pinned elsewhere.  Imports
    inside functions count, and so does what runs on the way: the `__init__.py` of each folder that
    has any content, except for that of the framework, which imports nothing.  The keys are paths
    relative to the folder that holds the package.
    """
    return Walk(folders).closure(modules)


class Walk:
    """The files of some packages at one moment: each is looked at once, whatever imports it."""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self.folders = folders
        self.packages = tuple(sorted(folders.items()))
        # By module: the path and digest of its file, and the modules that this file brings along.
        self.nodes: dict[str, tuple[str, str, tuple[str, ...]] | None] = {}

    def closure(self, modules: Iterable[str]) -> dict[str, str]:
        """Compute what the function `closure` does."""
        found: dict[str, str] = {}
        todo = [*modules]
        seen = {*todo}
        while todo:
            name = todo.pop()
            if name not in self.nodes:
                self.nodes[name] = self._node(name)
            node = self.nodes[name]
            if node is None:
                continue
            path, found[path], others = node
            for other in others:
                if other not in seen:
                    seen.add(other)
                    todo.append(other)
        _keep()
        return dict(sorted(found.items()))

    def _node(self, name: str) -> tuple[str, str, tuple[str, ...]] | None:
        path = _file(name, self.folders)
        if path is None:
            return None
        digest, _ = _facts(path, _stamp(path))
        others = (*_imported(path, self.packages, _stamp(path)), *_parents(name, self.folders))
        return _relative(path, name, self.folders), digest, others


def fingerprint(module: str, folders: Mapping[str, Path]) -> str:
    """Compute one digest of all that `module` imports."""
    lines = (f"{path} {digest}\n" for path, digest in closure([module], folders).items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def syntax_digest(path: Path) -> str:
    """Compute the SHA-256 of a Python file's syntax tree; all versions of Python give the same."""
    return _syntax_digest(path, _stamp(path))


@cache
def _syntax_digest(path: Path, _: tuple[int, int]) -> str:
    return _digest(ast.parse(path.read_text(encoding="utf-8"), str(path)))


def _digest(tree: ast.AST) -> str:
    digest = hashlib.sha256()
    for part in _parts(tree):
        digest.update(part.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _parts(value: object) -> Iterator[str]:
    """Write a syntax tree without docstrings, in a form that no version of Python changes.

    Versions differ in the fields that a node may lack, so what is empty is left out.
    """
    if isinstance(value, ast.AST):
        yield f"({type(value).__name__}"
        for name, field in ast.iter_fields(value):
            if name in IGNORED or field is None or field == []:
                continue
            yield f" {name}="
            yield from _parts(_comparable(value, name, field))
        yield ")"
    elif isinstance(value, list):
        yield "["
        for item in value:
            yield from _parts(item)
            yield ","
        yield "]"
    else:
        yield repr(value)


def _comparable(node: ast.AST, name: str, field: object) -> object:
    """Return a node's field without docstrings, and without the empty texts of f-strings.

    Python 3.12.1 puts an empty text behind a nested format, and other versions do not.
    """
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    if isinstance(node, documented) and name == "body":
        return node.body[ast.get_docstring(node, clean=False) is not None :]
    if isinstance(node, ast.JoinedStr) and name == "values":
        return [part for part in node.values if getattr(part, "value", None) != ""]
    return field


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size


def _file(module: str, folders: Mapping[str, Path]) -> Path | None:
    package, _, rest = module.partition(".")
    if package not in folders:
        return None
    base = folders[package].joinpath(*rest.split(".")) if rest else folders[package]
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    return None


def _parents(module: str, folders: Mapping[str, Path]) -> Iterator[str]:
    """List the folders of a module whose `__init__.py` has any content."""
    name = module.rpartition(".")[0]
    while name and name != FRAMEWORK:
        path = _file(name, folders)
        if path is not None and path.stat().st_size:
            yield name
        name = name.rpartition(".")[0]


def _relative(path: Path, module: str, folders: Mapping[str, Path]) -> str:
    return path.relative_to(folders[module.partition(".")[0]].parent).as_posix()


@cache
def _imported(path: Path, packages: Packages, stamp: tuple[int, int]) -> tuple[str, ...]:
    """List the modules of `packages` that a file names in its import statements."""
    folders = dict(packages)
    found: set[str] = set()
    for module, name in _facts(path, stamp)[1]:
        if module.partition(".")[0] in folders:
            inner = f"{module}.{name}"
            found.add(inner if name and _file(inner, folders) else module)
    return tuple(sorted(found))


@cache
def _facts(path: Path, _: tuple[int, int]) -> Facts:
    """Return a file's digest and imports, from an earlier reading of the same text if kept."""
    text = path.read_text(encoding="utf-8")
    key = hashlib.sha256(text.encode()).hexdigest()
    known = _known(_store())
    if key not in known:
        tree = ast.parse(text, str(path))
        known[key] = _new[key] = _digest(tree), tuple(sorted(_imports(tree)))
    return known[key]


def _imports(tree: ast.AST) -> set[Import]:
    found: set[Import] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.update((node.module, alias.name) for alias in node.names)
    return found


_new: dict[str, Facts] = {}
"""What this process parsed and has not kept yet."""


@cache
def _known(store: Path | None) -> dict[str, Facts]:
    """Read what was kept; what is cut short or damaged is parsed again."""
    known: dict[str, Facts] = {}
    with suppress(OSError, UnicodeDecodeError):
        for line in store.read_text(encoding="utf-8").splitlines() if store else ():
            with suppress(ValueError, TypeError):
                key, digest, imports = json.loads(line)
                known[key] = digest, tuple((module, name) for module, name in imports)
    return known if len(known) < MOST_KEPT else {}


def _keep() -> None:
    """Append what was parsed; several processes may do so at once."""
    store = _store()
    lines = [json.dumps([key, *facts]) for key, facts in _new.items()]
    _new.clear()
    if store is None or not lines:
        return
    with suppress(OSError):  # a full disk or a read-only folder
        store.parent.mkdir(parents=True, exist_ok=True)
        many = store.is_file() and store.stat().st_size > MOST_KEPT * 1000
        with store.open("wb" if many else "ab", buffering=0) as file:
            file.write(("\n" + "\n".join(lines) + "\n").encode())


def _store() -> Path | None:
    """Return the file that belongs to this code and version of Python; None without a project."""
    from foursplit.core import project
    from foursplit.core.errors import FoursplitError

    try:
        return project.root() / ".foursplit" / "code" / f"{_version()}.jsonl"
    except FoursplitError:
        return None


@cache
def _version() -> str:
    state = hashlib.sha256(Path(__file__).read_bytes() + sys.version.encode())
    return state.hexdigest()[:16]
