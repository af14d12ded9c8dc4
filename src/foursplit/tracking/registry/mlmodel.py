"""The file `MLmodel` of a version, by which plain MLflow finds Foursplit's loader.

It names a module of the installed package, so that a version has no code: no pickle, and no script
as in MLflow's models from code.  It is JSON, which is also YAML: equal content has equal bytes, and
its check needs no YAML parser.
"""

import json
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from foursplit.core.errors import FoursplitError
from foursplit.evaluation.threshold import PROBA, DecisionThreshold
from foursplit.io import artifacts

NAME = "MLmodel"

LOADER = "foursplit.tracking.registry.pyfunc_model"
"""The loader module; every stored version names it, so its name must not change."""

FLAVOR = "python_function"  # MLflow's name for generic Python models

ALLOWED_KEYS = frozenset({"flavors", "metadata", "mlflow_version", "signature"})

FLAVOR_KEYS = frozenset({"loader_module", "python_version"})
"""Excluded: `code`, `data`, `model_code_path`, `python_model`, with which MLflow runs code."""

Thresholds = Mapping[str, DecisionThreshold]
"""The frozen threshold of each seed, by its folder's name."""

THRESHOLDS = "thresholds"

CLASS_TASKS = frozenset({"classify", "classify_binary"})
"""Tasks that predict a probability for each class."""

TEXT_TASKS = frozenset({"sequence_to_sequence"})
"""Tasks that predict a text."""

SINGLE_OUTPUT_TASKS = frozenset({"control", "regress"})
"""Tasks that predict a quantity."""


def write(
    folder: Path,
    manifest: Mapping[str, Any],
    features: Sequence[str],
    thresholds: Thresholds | None = None,
) -> None:
    """Write the `MLmodel` of a version in `folder`; `features` are the names of its columns."""
    import mlflow

    flavor = {"loader_module": LOADER, "python_version": platform.python_version()}
    content = {
        "flavors": {FLAVOR: flavor},
        "metadata": {
            "classes": list(manifest["shape"]["classes"]),
            "experiment": manifest["experiment"],
            "task": manifest["task"],
            **({THRESHOLDS: {s: t.as_json() for s, t in thresholds.items()}} if thresholds else {}),
        },
        "mlflow_version": mlflow.__version__,
        "signature": _signature(manifest, features, with_threshold=bool(thresholds)),
    }
    artifacts.write_text(folder / NAME, _text(content))


def thresholds(folder: Path) -> dict[str, DecisionThreshold]:
    """Read the frozen thresholds of a version in `folder` by seed; empty where it has none."""
    if not (folder / NAME).is_file():
        return {}
    metadata = artifacts.read_json(folder / NAME).get("metadata") or {}
    return {
        seed: DecisionThreshold(**block) for seed, block in metadata.get(THRESHOLDS, {}).items()
    }


def _text(content: Any) -> str:
    return json.dumps(content, indent=1, sort_keys=True) + "\n"


def _signature(
    manifest: Mapping[str, Any], features: Sequence[str], *, with_threshold: bool
) -> dict[str, Any]:
    """Return the schemas of inputs and outputs as MLflow's signature."""
    import numpy as np
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema, TensorSpec
    from mlflow.types.schema import AnyType

    shape, task = manifest["shape"], manifest["task"]
    inputs = tuple(shape["inputs"])
    if manifest.get("columns"):
        # Of any type: Foursplit reads the cells as the file has them, and says what does not fit.
        input_schema = Schema(
            [ColSpec(AnyType(), name, required=False) for name in manifest["columns"]]
        )
    elif "x" in shape.get("vocabularies", {}):
        input_schema = Schema([ColSpec("string", "text")])
    elif features and inputs == (len(features),):
        input_schema = Schema([ColSpec("double", name) for name in features])
    else:
        input_schema = Schema([TensorSpec(np.dtype(np.float32), (-1, *inputs))])
    output_schema = None
    if with_threshold:
        numbers = [*(f"{PROBA}{name}" for name in shape["classes"]), "threshold"]
        output_schema = Schema(
            [ColSpec("string", "y_hat"), *(ColSpec("double", name) for name in numbers)]
        )
    elif task in CLASS_TASKS:
        output_schema = Schema([TensorSpec(np.dtype(np.float64), (-1, len(shape["classes"])))])
    elif task in TEXT_TASKS:
        output_schema = Schema([ColSpec("string", "answer")])
    elif task in SINGLE_OUTPUT_TASKS:
        output_schema = Schema([TensorSpec(np.dtype(np.float64), (-1,))])
    return ModelSignature(inputs=input_schema, outputs=output_schema).to_dict()


def require_own(path: Path) -> None:
    """Raise for a file by which MLflow would run other code than Foursplit's loader."""
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        content = json.loads(text)
    except ValueError as error:
        raise FoursplitError(f"{path}: refused: not written by foursplit ({error})") from error
    for key, value in _unexpected(content):
        raise FoursplitError(
            f"{path}: {key}: {value!r} was not written by foursplit, and may make MLflow run "
            f"other code than {LOADER}; refused"
        )
    if text != _text(content):  # such as a duplicate key, which parsers may read differently
        raise FoursplitError(
            f"{path}: refused: not written by foursplit: its JSON is formatted differently"
        )


def _unexpected(content: Any) -> list[tuple[str, Any]]:
    """List the unexpected keys with their values."""
    if not isinstance(content, dict):
        return [("all of it", content)]
    unexpected = [(key, content[key]) for key in sorted(content.keys() - ALLOWED_KEYS)]
    flavors = content.get("flavors")
    if not isinstance(flavors, dict) or flavors.keys() != {FLAVOR}:
        return [*unexpected, ("flavors", flavors)]
    flavor = flavors[FLAVOR]
    if not isinstance(flavor, dict):
        return [*unexpected, (f"flavors.{FLAVOR}", flavor)]
    unexpected += [
        (f"flavors.{FLAVOR}.{k}", flavor[k]) for k in sorted(flavor.keys() - FLAVOR_KEYS)
    ]
    if flavor.get("loader_module") != LOADER:
        unexpected.append((f"flavors.{FLAVOR}.loader_module", flavor.get("loader_module")))
    return unexpected


def example_request(folder: Path) -> str:
    """Return an example request for the version in `folder`, as one line of JSON."""
    inputs = json.loads(json.loads((folder / NAME).read_text("utf-8"))["signature"]["inputs"])
    if inputs[0]["type"] != "tensor":
        columns = [column["name"] for column in inputs]
        row = ["text" if column["type"] == "string" else 0.0 for column in inputs]
        return json.dumps({"dataframe_split": {"columns": columns, "data": [row]}})
    sizes = ", ".join(map(str, inputs[0]["tensor-spec"]["shape"][1:]))
    return f'{{"inputs": [...]}}, numbers of the shape (n, {sizes})'
