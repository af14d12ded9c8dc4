"""Check that the output paths of a new dataset, model or learning curve are free."""

from collections.abc import Iterable
from pathlib import Path

from foursplit.config import paths
from foursplit.core.errors import FoursplitError
from foursplit.runner.removable_outputs import RemovalRule, display_path
from foursplit.runner.remove_orphans import OrphanReport, remove_orphan

OWN_FOLDER = "data/own"


def require_free_for_source(name: str, csv: str) -> None:
    """Raise if the CSV is in an output folder, or if an output path of the dataset exists."""
    if Path(csv).parts[0] in ("data", "reports") and not Path(csv).is_relative_to(OWN_FOLDER):
        raise FoursplitError(
            f"{csv}: {Path(csv).parent} is an output folder, which git ignores. Move the file to "
            f"{OWN_FOLDER}/, so that every clone has it"
        )
    data = paths.data()
    outputs = [paths.raw(name), paths.valid(name), paths.validation(name), paths.split(name)]
    outputs += [data / folder / name for folder in ("models", "predictions", "final", "curves")]
    require_free([*outputs, data / "selected" / f"{name}.json"])


def require_free_for_model(group: str, key: str) -> None:
    require_free([paths.models(group, key), paths.predictions(group) / key])


def require_free_for_learning_curve(group: str, key: str) -> None:
    require_free(paths.curves(group) / f"{key}.{suffix}" for suffix in ("csv", "json"))


def require_free(output_paths: Iterable[Path]) -> None:
    """Raise if a path exists, unless it is an output of an earlier run."""
    report, rule = OrphanReport(), RemovalRule()
    for path in output_paths:
        if path.is_symlink() or path.exists():
            remove_orphan(path, rule, report, dry=True)
    if report.foreign:
        raise FoursplitError(
            f"{display_path(report.foreign[0])} exists already where a run writes. Move it "
            f"to {OWN_FOLDER}/, or choose another name"
        )
