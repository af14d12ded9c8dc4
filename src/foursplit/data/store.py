"""Examples on disk: the inputs as one .npy, what is known of each row as Parquet."""

import errno
from pathlib import Path

import numpy as np
import pandas as pd

from foursplit.core.errors import FoursplitError
from foursplit.core.examples import Examples


def save(folder: Path, name: str, examples: Examples) -> None:
    """Write inputs and rows beside each other."""
    path = folder / f"{name}.npy"
    try:
        np.save(path, examples.x, allow_pickle=False)
    except OSError as error:
        if error.errno:
            raise
        # NumPy counts the bytes and does not say why they are too few.
        raise OSError(errno.ENOSPC, f"could not be written ({error})", str(path)) from error
    examples.rows.to_parquet(folder / f"{name}.parquet", index=False)


def load(folder: Path, name: str) -> Examples:
    """Read what `save` wrote."""
    try:
        x = np.load(folder / f"{name}.npy", allow_pickle=False)
        return Examples(x=x, rows=pd.read_parquet(folder / f"{name}.parquet"))
    except FileNotFoundError as error:
        raise FoursplitError(f"{error.filename}: no such file; `dvc repro` makes it.") from error
    except (ValueError, OSError) as error:
        raise FoursplitError(
            f"{folder / name}: not readable ({error}); `foursplit verify --here` says what is "
            "damaged and how it is mended."
        ) from error
