"""Stage code: the digests of the code that every other stage depends on."""

import json
from collections.abc import Iterator
from pathlib import Path

from foursplit import plugins
from foursplit.config import paths
from foursplit.core import code_digest
from foursplit.core.errors import FoursplitError
from foursplit.io import artifacts

STAGES = (
    "members", "weights", "fetch", "validate", "split", "train", "evaluate", "learning_curve",
    "search", "lesson", "select", "final", "report",
)  # fmt: skip


TRAINING = "training"
INITIAL_WEIGHTS = "initial_weights"
"""Random weights come from this code alone, as pretrained ones come from another model."""

ENVIRONMENT = "foursplit.core.reproducible_env"
"""What the command line sets before a stage runs: kernels and threads, which decide bytes."""


def run() -> str:
    """Write `data/code`: `<kind>/<name>.json` with the digest of each file that is imported."""
    n, walk = 0, code_digest.Walk(plugins.folders())
    with artifacts.atomic_directory(paths.code()) as folder:
        for kind, name in names():
            artifacts.write_json(folder / kind / f"{name}.json", walk.closure(modules(kind, name)))
            n += 1
    return f"{n} files with names: the code that each imports"


def names() -> Iterator[tuple[str, str]]:
    """Return kind and name of all that a stage may depend on."""
    yield from (("stages", stage) for stage in STAGES)
    yield TRAINING, INITIAL_WEIGHTS
    yield from ((kind, name) for kind in plugins.kinds() for name in plugins.names(kind))


def modules(kind: str, name: str) -> list[str]:
    """Return the modules whose imports count."""
    if kind == "stages":
        return [f"foursplit.stages.{name}", ENVIRONMENT]
    if kind == TRAINING:
        return [f"foursplit.training.{name}"]
    return [plugins.module_name(of, name) for of in plugins.kinds() if of == kind]


def recorded(path: Path) -> dict[str, str]:
    """Load the digests that a file or a folder below `data/code` holds, all together."""
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    return {file: digest for one in files for file, digest in artifacts.read_json(one).items()}


def present(path: Path) -> dict[str, str]:
    """Compute what `recorded` would give if the stage ran now; empty if a name is gone."""
    return {file: digest for found in _now(path).values() for file, digest in found.items()}


def texts(path: Path) -> dict[str, str]:
    """Return what the stage would write now at a path: the text of each file by its name."""
    return {
        f"{name}.json": json.dumps(found, indent=1, sort_keys=True) + "\n"
        for name, found in _now(path).items()
    }


def _now(path: Path) -> dict[str, dict[str, str]]:
    """Compute the digests of what a path stands for, by name; nothing if a name is gone."""
    is_kind = path.suffix != ".json"
    kind = path.name if is_kind else path.parent.name
    chosen = [n for k, n in names() if k == kind] if is_kind else [path.stem]
    try:
        walk = code_digest.Walk(plugins.folders())
        return {name: walk.closure(modules(kind, name)) for name in chosen}
    except FoursplitError:
        return {}


def is_digests(path: Path) -> bool:
    """Return whether a path is that of digests: `data/code/<kind>` or a file in it."""
    folder = paths.code()
    return path.parent == folder or path.parent.parent == folder
