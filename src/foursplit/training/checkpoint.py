"""Training state as tensors and JSON, so that an interrupted run goes on and nothing unpickles.

Lightning's own checkpoints are pickles; this puts their tensors into one safetensors file and the
rest beside it as JSON.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from lightning_fabric.plugins import CheckpointIO
from torch import Tensor

from foursplit.core.seeds import derive_seed
from foursplit.io import artifacts

TENSORS, REST = "state.safetensors", "state.json"


class SafetensorsCheckpointIO(CheckpointIO):
    """Save and load Lightning checkpoints as folders of safetensors and JSON."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: Any, storage_options: Any | None = None
    ) -> None:
        tensors: dict[str, Tensor] = {}
        rest = _to_json(checkpoint, tensors)
        with artifacts.atomic_directory(Path(path)) as folder:
            artifacts.write_tensors(folder / TENSORS, tensors)
            (folder / REST).write_text(json.dumps(rest))

    def load_checkpoint(
        self, path: Any, map_location: Any = None, *_: Any, **__: Any
    ) -> dict[str, Any]:
        tensors = artifacts.read_tensors(Path(path) / TENSORS)
        state: dict[str, Any] = _from_json(json.loads((Path(path) / REST).read_text()), tensors)
        return state

    def remove_checkpoint(self, path: Any) -> None:
        shutil.rmtree(path, ignore_errors=True)


def _to_json(value: Any, tensors: dict[str, Tensor]) -> Any:
    """Replace tensors by references, and dicts by pairs, since JSON has text keys only."""
    if isinstance(value, Tensor):
        name = f"t{len(tensors)}"
        tensors[name] = value.detach().cpu().clone()  # safetensors refuses shared memory
        return {"tensor": name}
    if isinstance(value, dict):
        return {"dict": [[_to_json(k, tensors), _to_json(v, tensors)] for k, v in value.items()]}
    if isinstance(value, tuple):
        return {"tuple": [_to_json(item, tensors) for item in value]}
    if isinstance(value, list):
        return [_to_json(item, tensors) for item in value]
    assert value is None or isinstance(value, str | bool | int | float), type(value)
    return value


def _from_json(value: Any, tensors: dict[str, Tensor]) -> Any:
    if isinstance(value, list):
        return [_from_json(item, tensors) for item in value]
    if not isinstance(value, dict):
        return value
    if "tensor" in value:
        return tensors[value["tensor"]]
    if "tuple" in value:
        return tuple(_from_json(item, tensors) for item in value["tuple"])
    return {_from_json(k, tensors): _from_json(v, tensors) for k, v in value["dict"]}


def is_complete(path: Path) -> bool:
    """Return whether the folder holds a complete checkpoint."""
    artifacts.recover_directory(path)
    return (path / TENSORS).is_file() and (path / REST).is_file()


def seed_epoch(seed: int, epoch: int) -> None:
    """Set torch's generators from seed and epoch alone."""
    number = derive_seed("epoch", seed, epoch)
    # torch.manual_seed formats stack traces for devices that are not there: half a millisecond.
    torch.default_generator.manual_seed(number)
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        torch.cuda.manual_seed_all(number)
