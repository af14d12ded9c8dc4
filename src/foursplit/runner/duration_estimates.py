"""Estimated durations of trainings before one was measured: long ones should start first."""

from foursplit.config.fit import TrainerConfig
from foursplit.config.schema import Experiment, Params

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


def _seconds_per_seed(experiment: Experiment) -> float:
    fit = experiment.fit
    return EPOCH_S * fit.max_epochs if isinstance(fit, TrainerConfig) else ESTIMATOR_S
