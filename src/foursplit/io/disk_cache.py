"""What was worked out of the past, kept by all that it was worked out of: it never goes stale."""

import json
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from foursplit.config import paths
from foursplit.core.errors import FoursplitError
from foursplit.io import artifacts


def recalled(what: str, given: Any, make: Callable[[], Any]) -> Any:
    """Give what `make` gives, as JSON has it; where it was made of the same `given`, from a file.

    `given` must name all that the result depends on but the project's own code.
    """
    path = folder() / what / f"{artifacts.fingerprint([given, code()])[:32]}.json"
    with suppress(FoursplitError):  # not there, or torn
        return artifacts.read_json(path)
    made = make()
    try:
        made = json.loads(json.dumps(made))
    except (TypeError, ValueError):  # no JSON: made again next time
        return made
    with suppress(OSError):  # a full disk, or a folder that nobody may write to
        artifacts.write_json(path, made)
    return made


def folder() -> Path:
    return paths.state() / "past"


@cache
def code() -> str:
    """Hash what decides how past tables are read: engine, its draws, and the files beside this."""
    package = Path(__file__).parent.parent
    files = [package / "core" / "seeds.py"]
    files += [
        path
        for part in ("diagnosis", "evaluation", "history")
        for path in (package / part).rglob("*.py")
    ]
    return artifacts.fingerprint(
        {path.relative_to(package).as_posix(): artifacts.sha256_file(path) for path in files}
    )
