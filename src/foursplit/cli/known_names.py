"""Refuse a name that the project does not have before a library is imported.

`.foursplit/names.json` holds the names of params.yaml as it was when a command last read it; it
counts for the same texts alone.  Without it params.yaml is read, which takes half a second.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

from foursplit.config import paths
from foursplit.config.pipelines import FULL
from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.io import artifacts

Kind = Literal[
    "dataset", "experiment", "group", "learning curve", "lesson", "search", "weights", "target"
]

Names = Mapping[str, Sequence[str]]
"""Names by kind; targets also as those that hold an @, under ADDRESSED."""

ADDRESSED = "target with @"

WORDS = "words of the default pipeline's targets"  # of each name a line

PACKAGE = Path(__file__).resolve().parent.parent

CODE = (
    "cli/known_names.py", "config/schema.py", "config/pipelines.py", "config/pretrained.py",
    "config/search.py",
    "runner/targets.py", "runner/target_words.py",
)  # fmt: skip
"""The files of the package that decide what is a name."""

STAGE_KINDS: Mapping[str, Kind] = {
    "weights": "weights", "fetch": "dataset", "validate": "dataset", "split": "dataset",
    "train": "experiment", "evaluate": "experiment", "learning_curve": "learning curve",
    "lesson": "lesson", "search": "search", "select": "group", "final": "group",
}  # fmt: skip
"""What the argument of a stage's command names."""


def require(kind: Kind, name: str, at: str = "") -> None:
    """Raise FoursplitError, with the valid names, if params.yaml has none like `name`."""
    _check(kind, name, _recorded() or _read(), at)


def require_targets(targets: Iterable[str]) -> None:
    """Raise FoursplitError for a target that is no name, and is not written as DVC's own are."""
    wanted = [name for name in targets if not is_dvc_target(name)]
    names = (_recorded() or _read()) if wanted else {}
    for name in wanted:
        known = {*names["target"], *names[ADDRESSED]}
        if name not in known and not _has_match(name, names[WORDS]):
            raise unknown_name("target", name, known if "@" in name else names["target"])


def require_stage_argument(stage: str, name: str) -> None:
    """Raise FoursplitError if the record shows that a stage has no such argument.

    Without a record the stage finds out by itself: it reads params.yaml anyway, and writes nothing
    but its outputs.
    """
    names = _recorded()
    if stage in STAGE_KINDS and names is not None:
        _check(STAGE_KINDS[stage], name, names)


def require_tables(path: Path) -> None:
    """Raise FoursplitError if there is no file and no folder at `path`."""
    if not path.exists():
        raise FoursplitError(f"{path}: no such folder")


def is_file(name: str) -> bool:
    """Return whether a name is that of a file, and not one of params.yaml."""
    return Path(name).suffix != "" or Path(name).is_file()


def is_dvc_target(target: str) -> bool:
    """Return whether a target is written in DVC's own form: an address or a file."""
    return ":" in target or Path(target).suffix in {".yaml", ".yml", ".dvc"}


def _has_match(target: str, lines: Sequence[str]) -> bool:
    from foursplit.runner.target_words import matching

    return bool(matching(target, {line: line for line in lines}))


def _check(kind: Kind, name: str, names: Names, at: str = "") -> None:
    if name not in names[kind]:
        raise unknown_name(kind, name, names[kind], at)


def _recorded() -> Names | None:
    """Return the recorded names; None if there are none, or their files have changed since."""
    try:
        content = artifacts.read_json(_file())
        return dict(content["names"]) if content["state"] == _state() else None
    except (FoursplitError, OSError, ValueError, KeyError, TypeError):
        return None


def _read() -> Names:
    """Read params.yaml, and record its names."""
    before = _state()
    names = {kind: sorted(found) for kind, found in _names().items()}
    if _state() == before:
        with suppress(OSError, FoursplitError):  # a full disk or a read-only folder
            artifacts.write_json(_file(), {"state": before, "names": names})
    return names


def _names() -> dict[str, Iterable[str]]:
    from foursplit.config.load import load
    from foursplit.config.pretrained import used_weights
    from foursplit.runner.target_words import words
    from foursplit.runner.targets import target_names

    params = load()
    sections = params.sections().values()
    short, addressed = target_names(params)
    return {
        "dataset": [name for section in sections for name in section.datasets],
        "experiment": [k for s in sections for block in s.experiments.values() for k in block],
        "group": [k for s in sections for block in s.groups.values() for k in block],
        "learning curve": [k for s in sections for block in s.curves.values() for k in block],
        "lesson": [k for s in sections for block in s.lessons.values() for k in block],
        "search": [k for s in sections for block in s.searches.values() for k in block],
        "weights": used_weights(params),
        "target": short,
        ADDRESSED: addressed,
        WORDS: words(params).values(),
    }


def _state() -> dict[str, str]:
    """Hash the files that decide which names there are."""
    files = [paths.params_file(), paths.root() / "dvc.yaml", paths.pipeline_file(FULL)]
    files += [PACKAGE / name for name in CODE]
    return {str(path): artifacts.sha256_file(path) for path in files if path.is_file()}


def _file() -> Path:
    return paths.state() / "names.json"
