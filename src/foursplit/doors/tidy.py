"""Remove what experiments, groups and sources left behind when they went from params.yaml.

DVC hashes folders whole: an orphan would make this folder's results differ from a clean clone's.
"""

import shutil
from collections.abc import Iterable
from pathlib import Path

from foursplit.core import paths
from foursplit.core.experiment import Params


def tidy(params: Params) -> list[Path]:
    """Delete orphaned outputs under data/; return what went.  `dvc checkout` brings them back."""
    data = paths.root() / "data"
    groups = [name for block in params.groups.values() for name in block]
    gone: list[Path] = []
    for stage in ("raw", "valid", "validation", "split"):
        gone += _sweep(data / stage, params.sources)
    for stage in ("models", "predictions"):
        gone += _sweep(data / stage, groups)
        for group in groups:
            gone += _sweep(data / stage / group, params.members(group))
    gone += _sweep(data / "final", groups)
    gone += _sweep(data / "selected", [f"{group}.json" for group in groups])
    return gone


def _sweep(folder: Path, kept: Iterable[str]) -> list[Path]:
    if not folder.is_dir():
        return []
    known = set(kept)
    # What a killed run had not yet renamed into place is hidden and ends in .part.
    orphans = [path for path in sorted(folder.iterdir()) if path.name not in known]
    for path in orphans:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    return [path for path in orphans if not path.name.endswith(".part")]
