"""Disk cache for results on past runs, keyed by every input and by the code."""

import json
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from foursplit.config import paths
from foursplit.core.errors import FoursplitError
from foursplit.io import artifacts


def cached_result(name: str, inputs: Any, compute: Callable[[], Any]) -> Any:
    """Return the JSON value of `compute()`, from a file if it was computed for the same inputs.

    `inputs` must contain everything that the result depends on, except the project's own code.
    """
    path = cache_folder() / name / f"{artifacts.fingerprint([inputs, code_hash()])[:32]}.json"
    with suppress(FoursplitError):  # missing or truncated
        return artifacts.read_json(path)
    result = compute()
    try:
        result = json.loads(json.dumps(result))
    except (TypeError, ValueError):  # not JSON: computed again next time
        return result
    with suppress(OSError):  # a full disk or a read-only folder
        artifacts.write_json(path, result)
    return result


def cache_folder() -> Path:
    return paths.state() / "past"


@cache
def code_hash() -> str:
    """Return the hash of the code that reads past tables: packages and the random streams."""
    package = Path(__file__).parent.parent
    files = [package / "core" / "seeds.py"]
    files += [
        path
        for name in ("diagnosis", "evaluation", "history")
        for path in (package / name).rglob("*.py")
    ]
    return artifacts.fingerprint(
        {path.relative_to(package).as_posix(): artifacts.sha256_file(path) for path in files}
    )
