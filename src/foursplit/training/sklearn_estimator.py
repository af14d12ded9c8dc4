"""Anything with fit and predict: trained at once, stored by skops, whose files hold no code.

skops names parts by memory address and stamps the time; both are replaced by what repeats, so that
the same estimator gives the same bytes.
"""

import io
import json
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from foursplit.core.errors import FoursplitError
from foursplit.io import artifacts
from foursplit.training.sklearn_parameters import count_learnt

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip file can say


def fit(model: Any, x: np.ndarray, y: np.ndarray) -> Any:
    """Fit on flat rows of inputs."""
    return model.fit(x.reshape(len(x), -1).astype(np.float64), y)


def predict(model: Any, x: np.ndarray) -> np.ndarray:
    """Return (example, class) probabilities, or (example,) quantities."""
    flat = x.reshape(len(x), -1).astype(np.float64)
    return model.predict_proba(flat) if hasattr(model, "predict_proba") else model.predict(flat)


def save(path: Path, model: Any) -> None:
    """Write the same estimator as the same bytes."""
    from skops.io import dumps

    with artifacts.atomic_write(path) as file:
        file.write_bytes(_repeatable(dumps(model)))


def load(path: Path, trusted: Sequence[str] = ()) -> Any:
    """Load an estimator; raise FoursplitError for types outside scikit-learn and NumPy."""
    from skops.io import load as read
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        return read(path, trusted=[*trusted])
    except UntrustedTypesFoundException as error:
        raise FoursplitError(f"{path}: contains untrusted types: {error}") from error
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise FoursplitError(f"{path}: no readable skops file ({error}).") from error


def count_parameters(model: Any, path: Path) -> int:
    """Count what the model has learnt; of an unknown kind, the numbers in its file's arrays."""
    learnt = count_learnt(model)
    if learnt is not None:
        return learnt
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith(".npy")]
        return sum(_size(archive.read(name)) for name in names)


def _size(content: bytes) -> int:
    return int(np.load(io.BytesIO(content), allow_pickle=False).size)


def _repeatable(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    schema = files.pop("schema.json").decode()
    # Numbered in the order in which the schema first names them.
    addresses = dict.fromkeys(re.findall(r'"__id__": (\d+)|"(\d+)\.npy"', schema))
    flat = dict.fromkeys(a or b for a, b in addresses)
    number = {address: str(place) for place, address in enumerate(flat)}
    schema = re.sub(
        r'(?<="__id__": )\d+|(?<=")\d+(?=\.npy")', lambda match: number[match.group()], schema
    )
    renamed = {f"{number[name.removesuffix('.npy')]}.npy": files[name] for name in files}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in sorted(renamed):
            archive.writestr(zipfile.ZipInfo(name, EPOCH), renamed[name])
        ordered = json.dumps(json.loads(schema), indent=1)
        archive.writestr(zipfile.ZipInfo("schema.json", EPOCH), ordered)
    return out.getvalue()
