"""The project that the working directory lies in, and what its pyproject.toml says to Foursplit."""

import os
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from foursplit.core.errors import FoursplitError


@cache
def root() -> Path:
    """Return the root folder of the project that the working directory lies in."""
    start = Path(os.environ.get("FOURSPLIT_ROOT", Path.cwd())).resolve()
    for folder in (start, *start.parents):
        if (folder / "params.yaml").is_file() and (folder / "dvc.yaml").is_file():
            return folder
    raise FoursplitError(
        f"{start}: not inside a Foursplit project (no params.yaml with a dvc.yaml beside it here "
        "or in a folder above). Change into the project, or set FOURSPLIT_ROOT."
    )


def settings(folder: Path) -> Mapping[str, Any]:
    """Return the table `[tool.foursplit]` of a project's pyproject.toml; empty if there is none."""
    path = folder / "pyproject.toml"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FoursplitError(f"{path}: not TOML: {error}") from error
    table = content.get("tool", {}).get("foursplit", {})
    if not isinstance(table, Mapping):
        raise FoursplitError(f"{path}: tool.foursplit: {table!r} must be a table")
    unknown = sorted(set(table) - {"package"})
    if unknown:
        raise FoursplitError(
            f"{path}: tool.foursplit: unknown setting {unknown[0]!r}. Valid: package."
        )
    return table
