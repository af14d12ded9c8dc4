"""Check that nothing lies where the runs of a new source, model or curve will write."""

from collections.abc import Iterable
from pathlib import Path

from foursplit.config import paths
from foursplit.core.errors import FoursplitError
from foursplit.runner.removable_outputs import RemovalRule, display_path
from foursplit.runner.remove_orphans import OrphanReport, remove_orphan

OWN = "data/own"


def for_source(name: str, csv: str) -> None:
    """Refuse a source whose file, or whose place, is an output's."""
    if Path(csv).parts[0] in ("data", "reports") and not Path(csv).is_relative_to(OWN):
        raise FoursplitError(
            f"{csv}: runs write in {Path(csv).parent}, and git ignores what lies there: move it "
            f"to {OWN}/ first, so that every clone has it"
        )
    data = paths.data()
    folders = [paths.raw(name), paths.valid(name), paths.validation(name), paths.split(name)]
    for_all([*folders, data / "models" / name, data / "predictions" / name, data / "final" / name,
             data / "curves" / name, data / "selected" / f"{name}.json"])  # fmt: skip


def for_model(group: str, key: str) -> None:
    for_all([paths.models(group, key), paths.predictions(group) / key])


def for_curve(group: str, key: str) -> None:
    for_all(paths.curves(group) / f"{key}.{ending}" for ending in ("csv", "json"))


def for_all(places: Iterable[Path]) -> None:
    """Refuse where something lies that is not an output of ours, left from before."""
    found, rule = OrphanReport(), RemovalRule()
    for place in places:
        if place.is_symlink() or place.exists():
            remove_orphan(place, rule, found, dry=True)
    if found.foreign:
        raise FoursplitError(
            f"{display_path(found.foreign[0])}: exists already, and a run would write there: move it to "
            f"{OWN}/, or choose another name"
        )
