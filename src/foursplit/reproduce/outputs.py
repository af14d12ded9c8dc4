"""What came out in a clone: the hashes of data, weights and tables, named as those on record."""

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
    """What was made again, and with what."""

    hashes: Mapping[str, str]
    made_with: Mapping[str, str]
    stages: recorded_hashes.Stages


def read_outputs(clone: Path, place: RunLocation) -> ReproducedRun:
    """Read what the stages left in a clone."""
    hashes: dict[str, str] = {}
    known: dict[str, str] = {}
    for folder, manifest in _seeds(clone / place.models, "manifest.json"):
        hashes |= {f"data/{name}": digest for name, digest in manifest["data"].items()}
        known = training_environment(manifest)
        for path in (folder / "manifest.json", *folder.glob("model.*")):
            hashes[hash_name(f"{folder.name}/{path.name}")] = artifacts.sha256_file(path)
    for folder, summary in _seeds(clone / place.tables, "summary.json"):
        for path in folder.glob("*.parquet"):
            hashes[hash_name(f"{folder.name}/{path.name}")] = artifacts.sha256_file(path)
        for split, numbers in summary["metrics"].items():
            hashes[f"numbers/{folder.name}/{split}"] = artifacts.fingerprint(numbers)
    stages = _stages(clone, place)
    return ReproducedRun(
        hashes=hashes | recorded_hashes.hashes(place, stages), made_with=known, stages=stages
    )


def _seeds(folder: Path, name: str) -> Iterator[tuple[Path, Any]]:
    for path in sorted(folder.glob(f"seed_*/{name}")):
        yield path.parent, artifacts.read_json(path)


def _stages(clone: Path, place: RunLocation) -> dict[str, Mapping[str, Any]]:
    """Read the lock entries that the clone's stages have written."""
    found = {}
    for address in (place.of_data("split"), place.of_model("train"), place.of_model("evaluate")):
        file, _, name = address.partition(":")
        path = clone / file.replace("dvc.yaml", "dvc.lock")
        stages = YAML(typ="safe").load(path.read_text(encoding="utf-8"))["stages"]
        if name in stages:
            found[name.partition("@")[0]] = stages[name]
    return found
