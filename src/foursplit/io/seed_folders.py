"""List the `seed_<n>` folders of an experiment's models, tables and summaries."""

import re
from pathlib import Path

NAME = re.compile(r"seed_(\d+)")


def seed_folders(parent: Path) -> list[Path]:
    """Return the `seed_*` folders sorted by number, so that 2 comes before 10.

    Names without a number, which external tables may have, follow in alphabetical order.  The list
    is empty for a folder that does not exist.
    """
    return sorted((path for path in parent.glob("seed_*") if path.is_dir()), key=_order)


def seed_number(folder: Path) -> int:
    """Return the seed in a folder's name; raise ValueError if there is none."""
    match = NAME.fullmatch(folder.name)
    if match is None:
        raise ValueError(f"{folder}: not a seed folder; its name must be seed_<number>")
    return int(match[1])


def _order(folder: Path) -> tuple[bool, int, str]:
    match = NAME.fullmatch(folder.name)
    return match is None, int(match[1]) if match else 0, folder.name
