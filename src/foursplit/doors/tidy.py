"""Remove what experiments, groups and sources left behind when they went from params.yaml.

DVC hashes folders whole: an orphan would make this folder's results differ from a clean clone's.
What a killed run had not yet renamed into place goes too, unless another run is writing now.
"""

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

from foursplit.core import paths
from foursplit.core.experiment import Params, Section


def tidy(params: Params) -> list[Path]:
    """Delete orphaned outputs under data/; return what went.  `dvc checkout` brings them back."""
    if not _somebody_writes():
        for path in _parts():
            _remove(path)
    gone: list[Path] = []
    for of, section in params.sections().items():
        gone += _tidy(paths.data(of), section, params)
    return gone


def _tidy(data: Path, section: Section, params: Params) -> list[Path]:
    groups = [name for block in section.groups.values() for name in block]
    gone: list[Path] = []
    for stage in ("raw", "valid", "validation", "split"):
        gone += _sweep(data / stage, section.sources)
    for stage in ("models", "predictions"):
        gone += _sweep(data / stage, groups)
        for group in groups:
            gone += _sweep(data / stage / group, params.members(group))
    gone += _sweep(data / "curves", [".gitkeep", *groups])
    curves = [key for block in params.curves.values() for key in block]
    for group in groups:
        kept = [f"{key}.{ending}" for key in curves for ending in ("csv", "json")]
        gone += _sweep(data / "curves" / group, kept)
    studies = [key for block in section.studies.values() for key in block]
    gone += _sweep(data / "studies", [".gitkeep", *(f"{key}.json" for key in studies)])
    gone += _sweep(data / "final", groups)
    gone += _sweep(data / "selected", [f"{group}.json" for group in groups])
    return gone


def _sweep(folder: Path, kept: Iterable[str]) -> list[Path]:
    if not folder.is_dir():
        return []
    known = set(kept)
    orphans = [
        path
        for path in sorted(folder.iterdir())
        if path.name not in known and not path.name.endswith(".part")
    ]
    for path in orphans:
        _remove(path)
    return orphans


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


DEPTHS = ("", "*/", "*/*/", "*/*/*/", "*/*/*/*/", "*/*/*/*/*/")
"""How deep below data/ the stages write; to walk all of a large data set would take long."""


def _parts() -> list[Path]:
    """List what is written aside, beside its place: hidden, and ending in .part."""
    root = paths.root()
    places = [f"{depth}.*.part" for depth in DEPTHS]
    found = [root.glob(".*.part"), root.glob("pipelines/**/.*.part")]
    found += [(root / folder).glob(place) for folder in ("data", "reports") for place in places]
    return sorted({path for paths_ in found for path in paths_})


def _somebody_writes() -> bool:
    """Tell whether a DVC command that is alive has announced that it writes."""
    try:
        announced = json.loads((paths.root() / ".dvc" / "tmp" / "rwlock").read_text())
        writers = {int(info["pid"]) for info in announced.get("write", {}).values()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False  # none, or torn by a kill
    return any(Path(f"/proc/{pid}").exists() for pid in writers)
