"""When two runs are the same: hashes of settings, data, weights and results."""

from collections.abc import Mapping
from dataclasses import asdict

from foursplit.config.schema import Experiment
from foursplit.evaluation.results import Entry
from foursplit.io.artifacts import fingerprint

LAYOUT = 2  # raise it when what is logged changes: every run is then written anew


def run_key(entry: Entry, seed: int, digests: Mapping[str, str]) -> str:
    """Hash everything a run shows: equal keys, equal runs."""
    summary = entry.summaries[seed]
    return fingerprint(
        {
            "layout": LAYOUT,
            "experiment": [entry.home, entry.experiment.group, entry.key, seed],
            "settings": _settings(entry.experiment),
            "lesson": entry.experiment.lesson,
            "data": [summary["manifest"]["data"], dict(digests)],
            "model": summary["manifest"]["model_hash"],
            "summary": summary,
            "diagnosis": entry.diagnosis,
            "chosen": [entry.winner, entry.broken_bounds],
            # Only where there is one, so that all other runs stay what they were.
            **({"learning_curve": entry.learning_curve} if entry.learning_curve else {}),
        }
    )


def live_key(key: str, experiment: Experiment, seed: int, data: Mapping[str, str]) -> str:
    """Hash what is known of a run before it is trained."""
    return fingerprint(
        {"experiment": [key, seed], "settings": _settings(experiment), "data": dict(data)}
    )


def _settings(experiment: Experiment) -> dict[str, object]:
    """Leave out the list of seeds: each is a run of its own, and another one changes none."""
    fit = {name: value for name, value in asdict(experiment.fit).items() if name != "seeds"}
    return {"model": experiment.model, "args": dict(experiment.model_args), "fit": fit}
