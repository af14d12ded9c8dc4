"""What the code of a module amounts to: digests of the files that it imports, by their syntax.

Stages depend on these digests and not on folders, so that an edit runs what it reaches.  Comments,
docstrings, blank lines and the place of a line break are no part of a digest; a file that no stage
imports changes none.
"""

import ast
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

FRAMEWORK = __name__.partition(".")[0]

Packages = tuple[tuple[str, Path], ...]
"""Names of packages with their folders."""

IGNORED = frozenset({"ctx", "kind", "type_comment"})
"""Fields of a syntax tree that do not change what a program does."""


def closure(modules: Iterable[str], folders: Mapping[str, Path]) -> dict[str, str]:
    """Compute the digest of each file that `modules` import, directly or through others.

    Only files of the packages in `folders` count; what pip installs is pinned elsewhere.  Imports
    inside functions count, and so does what runs on the way: the `__init__.py` of each folder that
    has any content, except for that of the framework, which imports nothing.  The keys are paths
    relative to the folder that holds the package.
    """
    packages = tuple(sorted(folders.items()))
    found: dict[str, str] = {}
    todo = [*modules]
    seen = {*todo}
    while todo:
        name = todo.pop()
        path = _file(name, folders)
        if path is None:
            continue
        found[_relative(path, name, folders)] = syntax_digest(path)
        for other in (*_imported(path, packages, _stamp(path)), *_parents(name, folders)):
            if other not in seen:
                seen.add(other)
                todo.append(other)
    return dict(sorted(found.items()))


def fingerprint(module: str, folders: Mapping[str, Path]) -> str:
    """Compute one digest of all that `module` imports."""
    lines = (f"{path} {digest}\n" for path, digest in closure([module], folders).items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def syntax_digest(path: Path) -> str:
    """Compute the SHA-256 of a Python file's syntax tree; all versions of Python give the same."""
    return _syntax_digest(path, _stamp(path))


@cache
def _syntax_digest(path: Path, _: tuple[int, int]) -> str:
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
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
def _imported(path: Path, packages: Packages, _: tuple[int, int]) -> tuple[str, ...]:
    """List the modules of `packages` that a file names in its import statements."""
    folders = dict(packages)
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if _file(inner, folders) else node.module)
    return tuple(sorted(name for name in found if name.partition(".")[0] in folders))
