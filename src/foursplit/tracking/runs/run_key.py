"""Keys of runs: hashes of settings, data, weights and results."""

from collections.abc import Mapping

from foursplit.config.fit import fit_settings
from foursplit.config.schema import Experiment
from foursplit.evaluation.results import ExperimentResult
from foursplit.io.artifacts import fingerprint

LAYOUT = 3  # increase it when the logged contents change: all runs are then written again


def run_key(entry: ExperimentResult, seed: int, digests: Mapping[str, str]) -> str:
    """Hash the contents of a run: equal keys, equal runs."""
    summary = entry.summaries[seed]
    return fingerprint(
        {
            "layout": LAYOUT,
            "experiment": [entry.home, entry.experiment.group, entry.key, seed],
            "settings": _settings(entry.experiment),
            "week": entry.experiment.week,
            "data": [summary["manifest"]["data"], dict(digests)],
            "model": summary["manifest"]["model_hash"],
            "summary": summary,
            "diagnosis": entry.diagnosis,
            "chosen": [entry.winner, entry.broken_bounds],
            # Only if there is one, so that the keys of other runs stay the same.
            **({"learning_curve": entry.learning_curve} if entry.learning_curve else {}),
        }
    )


def live_key(key: str, experiment: Experiment, seed: int, data: Mapping[str, str]) -> str:
    """Hash what identifies a run before its training."""
    return fingerprint(
        {"experiment": [key, seed], "settings": _settings(experiment), "data": dict(data)}
    )


def _settings(experiment: Experiment) -> dict[str, object]:
    """Return the settings without the seeds: each seed is a run, which others do not change."""
    fit = {name: value for name, value in fit_settings(experiment.fit).items() if name != "seeds"}
    return {"model": experiment.model, "args": dict(experiment.model_args), "fit": fit}
