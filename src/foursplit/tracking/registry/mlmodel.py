"""The file `MLmodel` of a version: by it plain MLflow finds our loader, and nothing else.

It names a module of the installed package, so that a version holds no code: no pickle, and no
script either, as MLflow's models from code would have it.  It is JSON, which is YAML too: the same
content is the same bytes, and whoever checks it needs no YAML.
"""

import json
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from foursplit.core.errors import FoursplitError
from foursplit.io import artifacts

NAME = "MLmodel"

LOADER = "foursplit.tracking.registry.pyfunc_model"
"""The module that answers; every stored version names it, so it keeps its name."""

FLAVOR = "python_function"  # MLflow's word for models that any Python code may ask

ALLOWED_KEYS = frozenset({"flavors", "metadata", "mlflow_version", "signature"})

FLAVOR_KEYS = frozenset({"loader_module", "python_version"})
"""Not among them: `code`, `data`, `model_code_path`, `python_model`, by which MLflow runs code."""

CLASS_TASKS = frozenset({"classify", "classify_binary"})
"""Tasks that answer with a probability for each class."""

SINGLE_OUTPUT_TASKS = frozenset({"control", "regress"})
"""Tasks that answer with a quantity."""


def write(folder: Path, manifest: Mapping[str, Any], features: Sequence[str]) -> None:
    """Write the `MLmodel` of a version in `folder`; `features` name the columns of its inputs."""
    import mlflow

    flavor = {"loader_module": LOADER, "python_version": platform.python_version()}
    told = {
        "flavors": {FLAVOR: flavor},
        "metadata": {
            "classes": list(manifest["shape"]["classes"]),
            "experiment": manifest["experiment"],
            "task": manifest["task"],
        },
        "mlflow_version": mlflow.__version__,
        "signature": _signature(manifest, features),
    }
    artifacts.write_text(folder / NAME, _text(told))


def _text(told: Any) -> str:
    return json.dumps(told, indent=1, sort_keys=True) + "\n"


def _signature(manifest: Mapping[str, Any], features: Sequence[str]) -> dict[str, Any]:
    """Say what goes in and what comes out, in MLflow's words."""
    import numpy as np
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema, TensorSpec

    shape, task = manifest["shape"], manifest["task"]
    inputs = tuple(shape["inputs"])
    if features and inputs == (len(features),):
        given = Schema([ColSpec("double", name) for name in features])
    else:
        given = Schema([TensorSpec(np.dtype(np.float32), (-1, *inputs))])
    answer = None
    if task in CLASS_TASKS:
        answer = Schema([TensorSpec(np.dtype(np.float64), (-1, len(shape["classes"])))])
    elif task in SINGLE_OUTPUT_TASKS:
        answer = Schema([TensorSpec(np.dtype(np.float64), (-1,))])
    return ModelSignature(inputs=given, outputs=answer).to_dict()


def require_own(path: Path) -> None:
    """Refuse a file by which MLflow would run other code than our loader."""
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        told = json.loads(text)
    except ValueError as error:
        raise FoursplitError(f"{path}: not written by foursplit ({error}); refused") from error
    for place, value in _unexpected(told):
        raise FoursplitError(
            f"{path}: {place}: {value!r} is not what foursplit writes, and may lead MLflow to "
            f"other code than {LOADER}; refused"
        )
    if text != _text(told):  # such as a key twice, of which another reader may take the other
        raise FoursplitError(
            f"{path}: not written by foursplit: its JSON is spelt otherwise; refused"
        )


def _unexpected(told: Any) -> list[tuple[str, Any]]:
    """List what does not belong: its place, and what stands there."""
    if not isinstance(told, dict):
        return [("all of it", told)]
    found = [(key, told[key]) for key in sorted(told.keys() - ALLOWED_KEYS)]
    flavors = told.get("flavors")
    if not isinstance(flavors, dict) or flavors.keys() != {FLAVOR}:
        return [*found, ("flavors", flavors)]
    flavor = flavors[FLAVOR]
    if not isinstance(flavor, dict):
        return [*found, (f"flavors.{FLAVOR}", flavor)]
    found += [(f"flavors.{FLAVOR}.{k}", flavor[k]) for k in sorted(flavor.keys() - FLAVOR_KEYS)]
    if flavor.get("loader_module") != LOADER:
        found.append((f"flavors.{FLAVOR}.loader_module", flavor.get("loader_module")))
    return found


def example_request(folder: Path) -> str:
    """Say what a request to the version in `folder` must hold, as one line of JSON."""
    told = json.loads(json.loads((folder / NAME).read_text("utf-8"))["signature"]["inputs"])
    if told[0]["type"] != "tensor":
        columns = [column["name"] for column in told]
        return json.dumps({"dataframe_split": {"columns": columns, "data": [[0.0] * len(columns)]}})
    sizes = ", ".join(map(str, told[0]["tensor-spec"]["shape"][1:]))
    return f'{{"inputs": [...]}}, numbers of the shape (n, {sizes})'
