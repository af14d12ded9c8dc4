"""Gather what the stages wrote, an entry an experiment: what report, table and tracking show."""

import csv
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from foursplit.core import artifacts, paths
from foursplit.core.experiment import Experiment, Params
from foursplit.core.pipeline import Pipeline, home
from foursplit.core.split import SPLITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An experiment with its results; a winner's include test."""

    key: str
    course: str
    pipeline: Pipeline
    experiment: Experiment
    winner: bool
    meets_bounds: bool
    broken_bounds: tuple[str, ...]
    summaries: dict[int, dict[str, Any]]  # by seed; as evaluate, or for a winner final, wrote them

    @property
    def summary(self) -> dict[str, Any]:
        """Give the first seed's summary: its ledger and verdict stand for the experiment."""
        return self.summaries[min(self.summaries)]

    @property
    def home(self) -> str:
        """Name the folder of its stages below pipelines/."""
        return home(self.pipeline, self.course)

    @property
    def human(self) -> float | None:
        return self.summary["human"]["error"] if self.summary["human"] else None

    def error(self, split: str) -> float | None:
        """Give the mean error over seeds; None for the sealed test of all but winners."""
        found = [
            s["splits"][split]["value"] for s in self.summaries.values() if split in s["splits"]
        ]
        return fmean(found) if found else None

    def errors(self) -> dict[str, float | None]:
        return {split: self.error(split) for split in SPLITS}

    @property
    def tables(self) -> Path:
        """Name the folder with the tables that the summaries were made from."""
        if self.winner:
            return paths.final(self.experiment.group)
        return paths.predictions(self.experiment.group) / self.key

    @property
    def models(self) -> Path:
        return paths.models(self.experiment.group, self.key)

    def curves(self, seed: int) -> list[dict[str, float]]:
        """Read the learning curves; a model without epochs has none."""
        path = paths.seed_folder(self.models, seed) / "curves.csv"
        if not path.is_file():
            return []
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        return [{name: float(value) for name, value in row.items() if value} for row in rows]


def collect(params: Params) -> list[Entry]:
    """Gather what one pipeline has evaluated so far, winners with their test error."""
    entries = []
    for course, block in params.experiments.items():
        for key, experiment in block.items():
            entry = _entry(params.pipeline, course, key, experiment)
            if entry is not None:
                entries.append(entry)
    return entries


def _entry(of: Pipeline, course: str, key: str, experiment: Experiment) -> Entry | None:
    evaluated = paths.predictions(experiment.group) / key
    if not evaluated.is_dir():
        return None
    chosen: dict[str, Any] = {"winner": None, "ranking": []}
    if paths.selected(experiment.group).is_file():
        chosen = artifacts.read_json(paths.selected(experiment.group))
    ranked: dict[str, Any] = next((r for r in chosen["ranking"] if r["key"] == key), {})
    final = paths.final(experiment.group)
    winner = chosen["winner"] == key and final.is_dir()
    folder = final if winner else evaluated
    return Entry(
        key=key,
        course=course,
        pipeline=of,
        experiment=experiment,
        winner=winner,
        meets_bounds=ranked.get("meets_bounds", True),
        broken_bounds=tuple(ranked.get("broken", ())),
        summaries={
            int(path.parent.name.removeprefix("seed_")): artifacts.read_json(path)
            for path in sorted(folder.glob("seed_*/summary.json"))
        },
    )
