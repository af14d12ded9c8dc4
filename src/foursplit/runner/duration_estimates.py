"""Expected durations of stages that have not run here: of a stored run from clean, or estimated.

The order of a first run follows from them: the quickest comparison first, then what takes long.
"""

from foursplit.config import paths
from foursplit.config.fit import TrainerConfig
from foursplit.config.schema import Experiment, Params
from foursplit.core.errors import FoursplitError
from foursplit.io import artifacts

STORED_RUN = "benchmarks/results/clean.json"
"""The seconds of each stage in a run from clean, as `benchmarks/clean.py` stores them."""

START_S = 1.0
EPOCH_S = 0.02  # per seed; data sets differ far more, but only the order matters
ESTIMATOR_S = 5.0  # per seed: from nothing (a tree) to a minute (an agent that plays)


def estimate_training_seconds(params: Params) -> dict[str, float]:
    """Estimate from epochs and seeds, by title (`train@<key>`)."""
    return {
        f"train@{key}": START_S + len(experiment.fit.seeds) * _seconds_per_seed(experiment)
        for section in params.sections().values()
        for block in section.experiments.values()
        for key, experiment in block.items()
    }


def stored_seconds() -> dict[str, float]:
    """Return the stored seconds of each stage by its title; empty in a project without them."""
    try:
        content = artifacts.read_json(paths.root() / STORED_RUN)
        return {str(title): float(seconds) for title, seconds in content["stages"].items()}
    except (FoursplitError, AttributeError, KeyError, TypeError, ValueError):
        return {}


def _seconds_per_seed(experiment: Experiment) -> float:
    fit = experiment.fit
    return EPOCH_S * fit.max_epochs if isinstance(fit, TrainerConfig) else ESTIMATOR_S
