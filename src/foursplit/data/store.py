"""Save and load examples: inputs as .npy, metadata as Parquet."""

import errno
from pathlib import Path

import numpy as np
import pandas as pd

from foursplit.core.errors import FoursplitError
from foursplit.core.examples import Examples


def save(folder: Path, name: str, examples: Examples) -> None:
    """Write inputs and metadata next to each other."""
    path = folder / f"{name}.npy"
    try:
        np.save(path, examples.x, allow_pickle=False)
    except OSError as error:
        if error.errno:
            raise
        # NumPy reports how many bytes are missing, and not the reason.
        raise OSError(errno.ENOSPC, f"could not be written ({error})", str(path)) from error
    examples.metadata.to_parquet(folder / f"{name}.parquet", index=False)


def load(folder: Path, name: str) -> Examples:
    """Load examples that `save` wrote."""
    try:
        x = np.load(folder / f"{name}.npy", allow_pickle=False)
        return Examples(x=x, metadata=pd.read_parquet(folder / f"{name}.parquet"))
    except FileNotFoundError as error:
        raise FoursplitError(
            f"{error.filename}: no such file. Run `dvc repro` to create it."
        ) from error
    except (ValueError, OSError) as error:
        raise FoursplitError(
            f"{folder / name}: not readable ({error}). `foursplit verify --here` lists damaged "
            "files and how to repair them."
        ) from error
