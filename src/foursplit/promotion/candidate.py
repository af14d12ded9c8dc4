"""A winner as the gate sees it: the tables of all its seeds, what it costs, what it was made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.diagnosis.prediction_table import Model
from foursplit.evaluation import dev_scores
from foursplit.io import artifacts
from foursplit.promotion import prediction_tables
from foursplit.promotion.paired_evaluation import JUDGED

WHOSE = ("y", "weight", "content_hash")
"""Columns that belong to the example and not to the model's answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A champion or a challenger; `manifests` are those of its seeds, in their order."""

    models: tuple[Model, ...]
    manifests: tuple[dict[str, Any], ...]

    @property
    def costs(self) -> dict[str, float]:
        """Give the largest of each cost over the seeds; without those that are not known."""
        found = dev_scores.costs({"manifest": manifest} for manifest in self.manifests)
        return {name: float(value) for name, value in found.items() if value is not None}

    @property
    def weights(self) -> dict[int, str]:
        """Give the sha256 of each seed's weights."""
        return {manifest["seed"]: manifest["model_hash"] for manifest in self.manifests}


def read(folder: Path, column: str, manifests: Sequence[dict[str, Any]] | None = None) -> Contender:
    """Read the tables below `folder`, a `seed_<n>` folder each, with `column` as the loss.

    Manifests lie beside the tables, unless others are given.
    """
    models = prediction_tables.read(folder, column)
    if manifests is None:
        manifests = [_manifest(folder / model.name) for model in models]
    return Contender(models=tuple(models), manifests=tuple(manifests))


def _manifest(folder: Path) -> dict[str, Any]:
    """Give a seed's manifest: a file of its own in the registry, part of the summary in data/."""
    own = folder / "manifest.json"
    found: dict[str, Any]
    found = artifacts.read_json(own if own.is_file() else folder / "summary.json")
    return found if own.is_file() else found["manifest"]


def difference(champion: Contender, challenger: Contender) -> str | None:
    """Say where the two were scored on other examples or in other units; nothing where alike."""
    for split in JUDGED:
        first, second = (one.models[0].tables[split].by_name() for one in (champion, challenger))
        told = _differs(first.frame, second.frame)
        if told:
            return f"{split}: {told}"
    units = [one.manifests[0].get("shape") for one in (champion, challenger)]
    if units[0] != units[1]:
        return "train was another, and with it what a loss is measured in"
    return None


def _differs(first: pd.DataFrame, second: pd.DataFrame) -> str | None:
    mine, others = (set(frame["example_id"]) for frame in (first, second))
    if mine != others:
        return (
            f"{len(mine - others):,} examples of {len(mine):,} are gone, {len(others - mine):,} new"
        )
    for name in WHOSE:
        if name in first and name in second:
            n = int(np.sum(first[name].to_numpy() != second[name].to_numpy()))
            if n:
                return f"{name!r} is another for {n:,} examples of {len(mine):,}"
    return None


def is_same(champion: Contender, challenger: Contender) -> bool:
    """Tell whether the two are one model: the same weights that answer alike.

    Weights alone do not say it, for the code that reads them may have changed.  Where the examples
    are others, so that answers cannot be compared, the architecture's file and what the model knows
    of its data must be the same.
    """
    if champion.weights != challenger.weights:
        return False
    if difference(champion, challenger) is not None:
        return _made_alike(champion.manifests) == _made_alike(challenger.manifests)
    return all(
        np.array_equal(old.tables[split].by_name().loss, new.tables[split].by_name().loss)
        for old, new in zip(champion.models, challenger.models, strict=True)
        for split in JUDGED
    )


def _made_alike(manifests: Sequence[dict[str, Any]]) -> list[Any]:
    return [(manifest["code"], manifest.get("shape")) for manifest in manifests]
