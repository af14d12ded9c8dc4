"""The `seed_<n>` folders in which an experiment has its models, tables and summaries."""

import re
from pathlib import Path

NAME = re.compile(r"seed_(\d+)")


def seed_folders(parent: Path) -> list[Path]:
    """Return the `seed_*` folders in the order of their numbers: 2 comes before 10.

    Names without a number, which only tables from elsewhere have, follow in the order of the
    alphabet.  A folder that does not exist has none.
    """
    return sorted((path for path in parent.glob("seed_*") if path.is_dir()), key=_order)


def seed_number(folder: Path) -> int:
    """Return the seed in a folder's name; raise ValueError if it has none."""
    match = NAME.fullmatch(folder.name)
    if match is None:
        raise ValueError(f"{folder}: not a folder of a seed; its name would be seed_<number>")
    return int(match[1])


def _order(folder: Path) -> tuple[bool, int, str]:
    match = NAME.fullmatch(folder.name)
    return match is None, int(match[1]) if match else 0, folder.name
