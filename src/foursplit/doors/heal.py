"""Put right what a killed run can leave torn: DVC writes its own lock files in place.

A lock file that cannot be read is set aside; DVC then takes finished stages from its run-cache.
"""

import shutil
from pathlib import Path

from dvc.schema import COMPILED_LOCKFILE_SCHEMA
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from voluptuous import Invalid

from foursplit.core import paths
from foursplit.schedule.dvc_rwlock import mend


def heal() -> list[str]:
    """Mend what is torn; return what was done, a line each."""
    done = []
    for path in _torn_locks():
        _set_aside(path)
        done.append(f"set aside {_name(path)}: torn")
    return done + mend(paths.root())


def _torn_locks() -> list[Path]:
    return [path for path in paths.locks() if path.is_file() and not _is_lock(path)]


def _is_lock(path: Path) -> bool:
    try:
        content = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
        COMPILED_LOCKFILE_SCHEMA(content)
    except (YAMLError, UnicodeDecodeError, Invalid):
        return False
    return True


def _set_aside(path: Path) -> None:
    place = paths.state() / "torn" / path.relative_to(paths.root())
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(path, place)


def _name(path: Path) -> str:
    return str(path.relative_to(paths.root()))
