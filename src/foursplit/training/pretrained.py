"""Where pretrained weights come from: the models of another experiment, or a catalogue."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foursplit.config import paths
from foursplit.config.fit import Pretrained, TrainerConfig
from foursplit.config.load import load
from foursplit.core.errors import FoursplitError
from foursplit.io import artifacts
from foursplit.training import manifest

if TYPE_CHECKING:
    from torch import Tensor


def source_seed(source: Pretrained, seed: int) -> int:
    """Return the seed whose weights seed `seed` starts from: its own, or else the first."""
    seeds = load().experiment(source.experiment).fit.seeds
    return seed if seed in seeds else seeds[0]


def source_folder(source: Pretrained, seed: int) -> Path:
    """Return the folder of the model whose weights seed `seed` starts from."""
    group = load().experiment(source.experiment).group
    models = paths.models(group, source.experiment)
    return paths.seed_folder(models, source_seed(source, seed))


def load_weights(source: Pretrained, seed: int) -> "Mapping[str, Tensor]":
    """Load the tensors that a seed starts from; raise FoursplitError if they are of no network.

    Both are safetensors: nothing of them is run.
    """
    if source.weights:
        return artifacts.read_tensors(_published(source))
    folder = source_folder(source, seed)
    origin = manifest.load(folder)
    if origin.engine != "network":
        raise FoursplitError(
            f"fit.pretrained.experiment: {origin.experiment!r} is a model with a fit() of its own. "
            "Name an experiment whose model is a network."
        )
    return artifacts.read_tensors(folder / origin.weights)


def provenance(source: Pretrained | None, seed: int) -> dict[str, Any] | None:
    """Return what the manifest says of the initial weights; None where they were random."""
    if source is None:
        return None
    if source.weights:
        return {
            "weights": source.weights,
            "model_hash": artifacts.sha256_file(_published(source)),
            "exclude": list(source.exclude),
        }
    origin = manifest.load(source_folder(source, seed))
    return {
        "experiment": origin.experiment,
        "seed": origin.seed,
        "model_hash": origin.model_hash,
        "exclude": list(source.exclude),
    }


def digests(fit: TrainerConfig) -> dict[str, str]:
    """Return the sha256 of the initial weights of each seed; empty where they are random."""
    if fit.pretrained is None:
        return {}
    if fit.pretrained.weights:
        return {"weights": artifacts.sha256_file(_published(fit.pretrained))}
    folders = {str(seed): source_folder(fit.pretrained, seed) for seed in fit.seeds}
    return {seed: manifest.load(folder).model_hash for seed, folder in folders.items()}


def _published(source: Pretrained) -> Path:
    path = paths.weights_file(source.weights)
    if not path.is_file():
        raise FoursplitError(
            f"{path}: no such file. `foursplit repro weights@{source.weights}` fetches it"
        )
    return path
