"""The names in matplotlib's table of colours."""

import ast
from pathlib import Path

TABLE = "XKCD_COLORS"


def read_names(file: Path) -> list[str]:
    """Return the names in the order of the file, which is parsed: no line of it runs."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    table = next(
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Dict)
        and _name(node) == TABLE
    )
    return [*ast.literal_eval(table)]


def _name(node: ast.Assign) -> str:
    target = node.targets[0]
    return target.id if isinstance(target, ast.Name) else ""
