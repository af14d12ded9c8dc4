"""About how long a training takes, before one was measured: the long ones should start first."""

from foursplit.config.schema import GradientFit, Params

START_S = 1.0
EPOCH_S = 0.02  # of a seed; data sets differ by far more, and the order is all that matters


def estimate_training_seconds(params: Params) -> dict[str, float]:
    """Guess by title (`train@<key>`), from epochs and seeds; a fit of one's own is not guessed."""
    return {
        f"train@{key}": START_S + EPOCH_S * len(experiment.fit.seeds) * experiment.fit.max_epochs
        for section in params.sections().values()
        for block in section.experiments.values()
        for key, experiment in block.items()
        if isinstance(experiment.fit, GradientFit)
    }
