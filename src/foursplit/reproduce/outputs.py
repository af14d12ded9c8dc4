"""Hashes of the data, weights and tables of a clone, named as in the record."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from foursplit.io import artifacts
from foursplit.reproduce import recorded_hashes
from foursplit.reproduce.commit import RunLocation
from foursplit.reproduce.recorded_inputs import hash_name, training_environment


@dataclass(frozen=True, slots=True, kw_only=True)
class ReproducedRun:
    """The hashes of a reproduced run, and its environment."""

    hashes: Mapping[str, str]
    environment: Mapping[str, str]
    stages: recorded_hashes.Stages


def read_outputs(clone: Path, location: RunLocation) -> ReproducedRun:
    """Read the outputs of the stages in a clone."""
    hashes: dict[str, str] = {}
    environment: dict[str, str] = {}
    for folder, manifest in _seeds(clone / location.models, "manifest.json"):
        hashes |= {f"data/{name}": digest for name, digest in manifest["data"].items()}
        environment = training_environment(manifest)
        for path in (folder / "manifest.json", *folder.glob("model.*")):
            hashes[hash_name(f"{folder.name}/{path.name}")] = artifacts.sha256_file(path)
    for folder, summary in _seeds(clone / location.tables, "summary.json"):
        for path in folder.glob("*.parquet"):
            hashes[hash_name(f"{folder.name}/{path.name}")] = artifacts.sha256_file(path)
        for split, numbers in summary["metrics"].items():
            hashes[f"numbers/{folder.name}/{split}"] = artifacts.fingerprint(numbers)
    stages = _stages(clone, location)
    return ReproducedRun(
        hashes=hashes | recorded_hashes.hashes(location, stages),
        environment=environment,
        stages=stages,
    )


def _seeds(folder: Path, name: str) -> Iterator[tuple[Path, Any]]:
    for path in sorted(folder.glob(f"seed_*/{name}")):
        yield path.parent, artifacts.read_json(path)


def _stages(clone: Path, location: RunLocation) -> dict[str, Mapping[str, Any]]:
    """Read the lock entries of the clone's stages."""
    result = {}
    for address in (
        location.of_data("split"),
        location.of_model("train"),
        location.of_model("evaluate"),
    ):
        file, _, name = address.partition(":")
        path = clone / file.replace("dvc.yaml", "dvc.lock")
        stages = YAML(typ="safe").load(path.read_text(encoding="utf-8"))["stages"]
        if name in stages:
            result[name.partition("@")[0]] = stages[name]
    return result
