"""Save and load examples: arrays as .npy, metadata as Parquet."""

import errno
from pathlib import Path

import numpy as np
import pandas as pd

from foursplit.core.arrays import Array, Ragged
from foursplit.core.errors import FoursplitError
from foursplit.core.examples import Examples

MAPPED_FROM = 2**28
"""Bytes from which on a file is read through a memory map, so that what is not used is not held."""

ENDS = "ends"
"""Part of the name of the file with the ends of a ragged array's examples."""


def save(folder: Path, name: str, examples: Examples) -> None:
    """Write `<name>.npy` with x, `<name>.<array>.npy` for each further array, and the metadata."""
    _save(folder, name, examples.x)
    for array_name, array in sorted(examples.further.items()):
        _save(folder, f"{name}.{array_name}", array)
    examples.metadata.to_parquet(folder / f"{name}.parquet", index=False)


def load(folder: Path, name: str) -> Examples:
    """Load examples that `save` wrote."""
    try:
        names = {path.name.split(".")[1] for path in folder.glob(f"{name}.*.npy")} - {ENDS}
        return Examples(
            x=_load(folder, name),
            metadata=pd.read_parquet(folder / f"{name}.parquet"),
            further={further: _load(folder, f"{name}.{further}") for further in sorted(names)},
        )
    except FileNotFoundError as error:
        raise FoursplitError(
            f"{error.filename}: no such file. Run `dvc repro` to create it."
        ) from error
    except (ValueError, OSError) as error:
        raise FoursplitError(
            f"{folder / name}: not readable ({error}). `foursplit verify --here` lists damaged "
            "files and how to repair them."
        ) from error


def files(folder: Path, name: str) -> list[str]:
    """List the names of the files of examples, those of x and of the metadata first."""
    further = sorted(path.name for path in folder.glob(f"{name}.*.npy"))
    return [f"{name}.npy", f"{name}.parquet", *further]


def _save(folder: Path, name: str, array: Array) -> None:
    if isinstance(array, Ragged):
        _save(folder, f"{name}.{ENDS}", array.ends)
        array = array.values  # noqa: PD011, no pandas
    path = folder / f"{name}.npy"
    try:
        np.save(path, array, allow_pickle=False)
    except OSError as error:
        if error.errno:
            raise
        # NumPy reports how many bytes are missing, and not the reason.
        raise OSError(errno.ENOSPC, f"could not be written ({error})", str(path)) from error


def _load(folder: Path, name: str) -> Array:
    values = _load_values(folder / f"{name}.npy")
    ends = folder / f"{name}.{ENDS}.npy"
    return Ragged(values, np.load(ends, allow_pickle=False)) if ends.is_file() else values


def _load_values(path: Path) -> np.ndarray:
    mapped = path.stat().st_size >= MAPPED_FROM
    values: np.ndarray = np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
    return values
