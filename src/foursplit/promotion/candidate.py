"""A model under evaluation: the prediction tables, costs and manifests of all its seeds."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.diagnosis.prediction_table import Model
from foursplit.evaluation import dev_scores
from foursplit.evaluation.group_metric import GroupMetric
from foursplit.io import artifacts
from foursplit.promotion import gate_tables
from foursplit.promotion.paired_evaluation import EVALUATED_SPLITS

EXAMPLE_COLUMNS = ("y", "weight", "content_hash")
"""Columns that describe the example, not the prediction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatedModel:
    """A champion or a challenger, with one manifest per seed."""

    models: tuple[Model, ...]
    manifests: tuple[dict[str, Any], ...]

    @property
    def costs(self) -> dict[str, float]:
        """Return the maximum of each known cost over the seeds."""
        costs = dev_scores.costs({"manifest": manifest} for manifest in self.manifests)
        return {name: float(value) for name, value in costs.items() if value is not None}

    @property
    def weights(self) -> dict[int, str]:
        """Return the SHA-256 of each seed's weights."""
        return {manifest["seed"]: manifest["model_hash"] for manifest in self.manifests}


def read(
    folder: Path, column: str | GroupMetric, manifests: Sequence[dict[str, Any]] | None = None
) -> EvaluatedModel:
    """Read the tables below `folder`, a `seed_<n>` folder each, with a column or metric as loss.

    The manifests are beside the tables, unless `manifests` is passed.
    """
    models = gate_tables.read(folder, column)
    if manifests is None:
        manifests = [_manifest(folder / model.name) for model in models]
    return EvaluatedModel(models=tuple(models), manifests=tuple(manifests))


def _manifest(folder: Path) -> dict[str, Any]:
    """Read a seed's manifest: a file in the registry, part of the summary in data/."""
    file = folder / "manifest.json"
    content: dict[str, Any]
    content = artifacts.read_json(file if file.is_file() else folder / "summary.json")
    return content if file.is_file() else content["manifest"]


def describe_difference(champion: EvaluatedModel, challenger: EvaluatedModel) -> str | None:
    """Describe the first difference of examples or units; None if there is none."""
    for split in EVALUATED_SPLITS:
        first, second = (
            model.models[0].tables[split].by_name() for model in (champion, challenger)
        )
        reason = _differs(first.frame, second.frame)
        if reason:
            return f"{split}: {reason}"
    shapes = [model.manifests[0].get("shape") for model in (champion, challenger)]
    if shapes[0] != shapes[1]:
        return "train differs, and with it the unit of the loss"
    return None


def _differs(first: pd.DataFrame, second: pd.DataFrame) -> str | None:
    before, after = (set(frame["example_id"]) for frame in (first, second))
    if before != after:
        return (
            f"{len(before - after):,} of {len(before):,} examples removed, "
            f"{len(after - before):,} added"
        )
    for name in EXAMPLE_COLUMNS:
        if name in first and name in second:
            n = int(np.sum(first[name].to_numpy() != second[name].to_numpy()))
            if n:
                return f"{name!r} differs for {n:,} of {len(before):,} examples"
    return None


def is_same_model(champion: EvaluatedModel, challenger: EvaluatedModel) -> bool:
    """Return whether both are the same model: equal weights and equal predictions.

    Equal weights are not enough, because the code that reads them may have changed.  If the
    examples differ, predictions cannot be compared: then the hash of the code and the data shape
    must be equal.
    """
    if champion.weights != challenger.weights:
        return False
    if describe_difference(champion, challenger) is not None:
        return _code_and_shape(champion.manifests) == _code_and_shape(challenger.manifests)
    return all(
        np.array_equal(old.tables[split].by_name().loss, new.tables[split].by_name().loss)
        for old, new in zip(champion.models, challenger.models, strict=True)
        for split in EVALUATED_SPLITS
    )


def _code_and_shape(manifests: Sequence[dict[str, Any]]) -> list[Any]:
    return [(manifest["code"], manifest.get("shape")) for manifest in manifests]
