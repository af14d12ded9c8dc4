"""Compare the candidates of a group, so that the steps of each remember what others tried."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from foursplit import plugins
from foursplit.config import paths
from foursplit.config.fit import fit_settings
from foursplit.config.schema import Params
from foursplit.core.seeds import generator
from foursplit.diagnosis.decomposition.hyperparameter_gaps import changes
from foursplit.diagnosis.prediction_table import PredictionTable
from foursplit.diagnosis.recommendations.siblings import Sibling, gaps_of, remember, tried
from foursplit.diagnosis.stats.paired_comparison import compare_models
from foursplit.diagnosis.stats.seed_variance import mean_table
from foursplit.evaluation import dev_scores
from foursplit.evaluation.results import ExperimentResult
from foursplit.io.seed_folders import seed_folders


def with_memory(params: Params, entries: Sequence[ExperimentResult]) -> list[ExperimentResult]:
    """Return the entries; their steps say what other candidates of the group tried."""
    return [_remembering(params, entry, entries) for entry in entries]


def _remembering(
    params: Params, entry: ExperimentResult, entries: Iterable[ExperimentResult]
) -> ExperimentResult:
    group = entry.experiment.group
    others = [e for e in entries if e.experiment.group == group and e.key != entry.key]
    has_level = entry.diagnosis["human"] is not None
    links = {step["link"] for step in entry.diagnosis["next"]}
    found = []
    for other in others:
        changed = changes(_settings(entry), _settings(other))
        trial = tried(changed)
        if not has_level or (trial and links.intersection(gaps_of(trial[0]))):
            found += _compare(params, entry, other, changed)
    if not found:
        return entry
    steps = remember(entry.diagnosis["next"], found, has_level=has_level)
    return replace(entry, diagnosis={**entry.diagnosis, "next": steps})


def _compare(
    params: Params,
    entry: ExperimentResult,
    other: ExperimentResult,
    changed: Mapping[str, tuple[Any, Any]],
) -> list[Sibling]:
    """Compare a candidate with another on the same dev examples; empty without tables."""
    ours, theirs = _dev_table(params, entry), _dev_table(params, other)
    if ours is None or theirs is None or len(ours) != len(theirs):
        return []
    result = compare_models(
        theirs,
        ours,
        generator("siblings", params.diagnosis.seed, entry.key, other.key),
        n_resamples=params.diagnosis.n_resamples,
        confidence=params.diagnosis.confidence,
        seeds=(_by_seed(other), _by_seed(entry)),
    )
    sibling = Sibling(
        key=other.key,
        changed=changed,
        dev_error=result.error_a,
        change=result.delta,
        lo=result.lo,
        hi=result.hi,
    )
    return [sibling]


def _dev_table(params: Params, entry: ExperimentResult) -> PredictionTable | None:
    folder = paths.predictions(entry.experiment.group) / entry.key
    files: list[Path] = [seed / "dev.parquet" for seed in seed_folders(folder)]
    if not files or not all(file.is_file() for file in files):
        return None
    column = plugins.metrics(params.group(entry.experiment.group).task).METRICS["error"]
    return mean_table([dev_scores.seed_table(file, column) for file in files])


def _by_seed(entry: ExperimentResult) -> dict[int, float]:
    return {seed: summary["splits"]["dev"]["value"] for seed, summary in entry.summaries.items()}


def _settings(entry: ExperimentResult) -> dict[str, Any]:
    """Return every setting of the training but the seeds, by its name in params.yaml."""
    experiment = entry.experiment
    fit = {k: v for k, v in fit_settings(experiment.fit).items() if k != "seeds" and v is not None}
    args: Mapping[str, Any] = experiment.model_args
    return {
        "model": experiment.model,
        **{f"model_args.{name}": value for name, value in args.items()},
        **{f"fit.{name}": value for name, value in fit.items()},
    }
