"""What lies beside a model's weights: how it came about, and what it costs."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from foursplit import plugins
from foursplit.config.load import parse
from foursplit.core import code_digest
from foursplit.core.errors import FoursplitError
from foursplit.core.examples import DataSpec
from foursplit.io import artifacts

NAME = "manifest.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Everything needed to build the model again and to say where it came from."""

    experiment: str
    task: str
    model: str
    model_args: dict[str, Any]
    engine: Literal["network", "estimator", "own"]
    seed: int
    shape: dict[str, Any]  # DataSpec
    device: str  # kind of device on which these bytes come out again
    threads: int
    instruction_set: str
    code: str  # digest of the model's code: who reads the model depends on it through this
    data: dict[str, str]  # sha256 of the train split's files
    model_hash: str  # sha256 of the weights' file
    n_parameters: int
    flops: int | None  # of one example forward; None where it cannot be counted
    size_bytes: int  # of the weights' file
    pretrained: dict[str, Any] | None = None  # experiment, seed and hash of the initial weights
    columns: dict[str, Any] | None = None  # raw columns that preprocessing reads, and how
    preprocess: dict[str, Any] | None = None  # names of its outputs, and the hash of its file

    @property
    def weights(self) -> str:
        return "model.skops" if self.engine == "estimator" else "model.safetensors"

    def as_json(self) -> dict[str, Any]:
        """Return the fields; what does not apply, such as `pretrained`, is left out."""
        block = asdict(self)
        for name in ("pretrained", "columns", "preprocess"):
            if block[name] is None:
                del block[name]
        return block


def save(folder: Path, manifest: Manifest) -> None:
    artifacts.write_json(folder / NAME, manifest.as_json())


def load(folder: Path) -> Manifest:
    """Read a manifest and make sure that weights and code are the ones it speaks of."""
    manifest = Manifest(**artifacts.read_json(folder / NAME))
    weights = folder / manifest.weights
    if not weights.is_file() or artifacts.sha256_file(weights) != manifest.model_hash:
        raise FoursplitError(
            f"{weights}: not the file its manifest describes. `foursplit verify --here` lists what "
            "is damaged and the command that repairs it."
        )
    if code_hash(manifest.model) != manifest.code:
        raise FoursplitError(
            f"the code of model {manifest.model!r} has changed since {folder} was trained; run "
            f"`dvc repro` to train it again."
        )
    return manifest


def code_hash(model: str) -> str:
    return code_digest.fingerprint(plugins.module_name("models", model), plugins.folders())


def arguments(model: str, inputs: Any, at: str) -> Any:
    """Import a model's file and build its `Args`."""
    return parse(plugins.model(model).Args, inputs, at)


def shape(manifest: Manifest) -> DataSpec:
    return DataSpec.from_json(manifest.shape)
