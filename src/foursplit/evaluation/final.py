"""Score a winner on all four splits: the one reader of the sealed test."""

import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from foursplit.config import paths
from foursplit.config.schema import RuntimeConfig
from foursplit.core.errors import FoursplitError
from foursplit.core.examples import DataSpec
from foursplit.core.splits import SEEN, Split
from foursplit.data import load_splits, load_test
from foursplit.evaluation.experiment_tables import build_table
from foursplit.evaluation.predict import load_predictor
from foursplit.io import artifacts
from foursplit.training import manifest as manifests

LOOKS = "looks.jsonl"


def score_all_splits(
    group: str, dataset: str, folder: Path, run: RuntimeConfig, scored_by: DataSpec | None = None
) -> dict[Split, pd.DataFrame]:
    """Return the tables of the model in `folder`, test among them, and count the look.

    A model trained on other data is `scored_by` the shape of the present: what a loss is measured
    in, and the baseline beside it, come from train, and two models need the same.
    """
    manifest, answer = load_predictor(folder, run)
    shape = scored_by or manifests.shape(manifest)
    names = ("classes",) if manifest.columns else ("inputs", "classes")  # raw ones are equal
    _require_like(manifests.shape(manifest), shape, folder, names)
    splits = {split: load_splits.load(dataset, split) for split in SEEN}
    _count(group, dataset, manifest.model_hash)
    splits["test"] = load_test.load(dataset)
    return {
        split: build_table(examples, answer(examples), split, manifest.task, shape)
        for split, examples in splits.items()
    }


def _require_like(trained: DataSpec, present: DataSpec, folder: Path, names: Sequence[str]) -> None:
    """Raise for data that the model was never made for: other inputs, or other classes."""
    for name in names:
        was, now = getattr(trained, name), getattr(present, name)
        if was != now:
            raise FoursplitError(
                f"{folder}: the model was trained for {name} {was}; the data now have {now}"
            )


def _count(group: str, dataset: str, model_hash: str) -> None:
    """Note a look at test outside the graph; the same look again is no new one."""
    test = paths.split(dataset) / "sealed" / "test.parquet"
    look = {"group": group, "test": artifacts.sha256_file(test), "model": model_hash}
    if look in test_accesses():
        return
    paths.state().mkdir(exist_ok=True)
    with (paths.state() / LOOKS).open("a", encoding="utf-8") as file:
        file.write(json.dumps(look, sort_keys=True) + "\n")


def test_accesses() -> list[dict[str, str]]:
    """List the distinct looks at test from this folder; an incomplete last line is ignored."""
    path = paths.state() / LOOKS
    if not path.exists():
        return []
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return found
