"""Collect the results of the stages, one entry for each experiment."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foursplit.config import paths
from foursplit.config.pipelines import Pipeline, home
from foursplit.config.schema import Experiment, Params
from foursplit.core.own_curve import OwnCurve
from foursplit.core.splits import SPLITS
from foursplit.diagnosis.learning_curve.more_data import correct_steps, variance_verdict
from foursplit.evaluation import training_curves
from foursplit.io import artifacts, own_curves
from foursplit.io.seed_folders import seed_folders, seed_number


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentResult:
    """An experiment with its results; a winner's include test."""

    key: str
    course: str
    pipeline: Pipeline
    experiment: Experiment
    winner: bool
    meets_bounds: bool
    broken_bounds: tuple[str, ...]
    tied_with: str | None  # of a winner: who is better on dev, by less than min_gain
    # As evaluate, or for a winner final, wrote them:
    diagnosis: dict[str, Any]  # of all seeds together
    summaries: dict[int, dict[str, Any]]  # by seed
    not_distinguished: tuple[str, ...] = ()  # of a winner: who may be as good as the best on dev
    learning_curve: dict[str, Any] | None = None  # as learn wrote it, where params.yaml asks for it

    @property
    def manifest(self) -> dict[str, Any]:
        """Return the first seed's manifest: seeds share architecture, cost and data."""
        manifest: dict[str, Any] = self.summaries[min(self.summaries)]["manifest"]
        return manifest

    @property
    def failed_seeds(self) -> tuple[str, ...]:
        """Return the seeds with a train error far above that of the others."""
        return tuple(self.diagnosis.get("seed_agreement", {}).get("failed", ()))

    @property
    def home(self) -> str:
        """Name the folder of its stages below pipelines/."""
        return home(self.pipeline, self.course)

    @property
    def human(self) -> float | None:
        return self.diagnosis["human"]["error"] if self.diagnosis["human"] else None

    @property
    def beats_baseline(self) -> bool:
        """Check whether dev shows of every seed that it beats the baseline."""
        return all(s["baseline"]["dev"]["beaten"] for s in self.summaries.values())

    def error(self, split: str) -> float | None:
        """Return the mean error over seeds; None for the sealed test of all but winners."""
        found = self.diagnosis["splits"].get(split)
        return float(found["value"]) if found else None

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
        """Read the curves over the epochs; a model without epochs has none."""
        return training_curves.read(paths.seed_folder(self.models, seed))

    def own_curves(self, seed: int) -> list[OwnCurve]:
        """Read the curves that the model has of its own training, such as returns by episode."""
        return own_curves.read(paths.seed_folder(self.models, seed))


def collect(params: Params, group: str | None = None) -> list[ExperimentResult]:
    """Gather what one pipeline has evaluated so far, winners with their test error.

    With `group`, gather the experiments of that comparison group alone.
    """
    entries = []
    for course, block in params.experiments.items():
        for key, experiment in block.items():
            if group not in (None, experiment.group):
                continue
            learns = key in params.curves.get(course, {})
            entry = _entry(params.pipeline, course, key, experiment, learns=learns)
            if entry is not None:
                entries.append(entry)
    return entries


def _tied_best(chosen: dict[str, Any]) -> Any:
    """Return the best by the metric if it is tied with the winner, else the winner."""
    tied = chosen["best"] in chosen.get("tied", [chosen["best"]])
    return chosen["best"] if tied else chosen["winner"]


def _entry(
    of: Pipeline, course: str, key: str, experiment: Experiment, *, learns: bool
) -> ExperimentResult | None:
    evaluated = paths.predictions(experiment.group) / key
    if not paths.diagnosis(evaluated).is_file():
        return None
    chosen: dict[str, Any] = {"winner": None, "ranking": [], "best": None}
    if paths.selected(experiment.group).is_file():
        chosen = artifacts.read_json(paths.selected(experiment.group))
    ranked: dict[str, Any] = next((r for r in chosen["ranking"] if r["key"] == key), {})
    final = paths.final(experiment.group)
    winner = chosen["winner"] == key and paths.diagnosis(final).is_file()
    folder = final if winner else evaluated
    learnt = paths.curves(experiment.group) / f"{key}.json"
    curve = artifacts.read_json(learnt) if learns and learnt.is_file() else None
    diagnosis = artifacts.read_json(paths.diagnosis(folder))
    if curve is not None:
        diagnosis["next"] = correct_steps(diagnosis["next"], variance_verdict(curve))
    return ExperimentResult(
        key=key,
        course=course,
        pipeline=of,
        experiment=experiment,
        winner=winner,
        meets_bounds=ranked.get("meets_bounds", True),
        broken_bounds=tuple(ranked.get("broken", ())),
        tied_with=chosen["best"] if winner and key != _tied_best(chosen) else None,
        not_distinguished=tuple(
            other for other in chosen.get("not_distinguished", ()) if winner and other != key
        ),
        diagnosis=diagnosis,
        summaries={
            seed_number(path): artifacts.read_json(path / "summary.json")
            for path in seed_folders(folder)
        },
        learning_curve=curve,
    )
