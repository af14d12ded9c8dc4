"""Estimated durations of trainings before one was measured: long ones should start first."""

from foursplit.config.schema import Params, TrainerConfig

START_S = 1.0
EPOCH_S = 0.02  # per seed; data sets differ far more, but only the order matters


def estimate_training_seconds(params: Params) -> dict[str, float]:
    """Estimate from epochs and seeds, by title (`train@<key>`); custom estimators have none."""
    return {
        f"train@{key}": START_S + EPOCH_S * len(experiment.fit.seeds) * experiment.fit.max_epochs
        for section in params.sections().values()
        for block in section.experiments.values()
        for key, experiment in block.items()
        if isinstance(experiment.fit, TrainerConfig)
    }
