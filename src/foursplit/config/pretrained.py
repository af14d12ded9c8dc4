"""Which experiments start from the weights of which others, or from published ones."""

from foursplit.config import pipelines
from foursplit.config.fit import TrainerConfig
from foursplit.config.schema import Experiment, Params
from foursplit.core.errors import FoursplitError, unknown_name


def source_of(experiment: Experiment) -> str:
    """Return the experiment whose weights `experiment` starts from; empty for random ones."""
    fit = experiment.fit
    return fit.pretrained.experiment if isinstance(fit, TrainerConfig) and fit.pretrained else ""


def weights_of(experiment: Experiment) -> str:
    """Return the catalogued weights that `experiment` starts from; empty for none."""
    fit = experiment.fit
    return fit.pretrained.weights if isinstance(fit, TrainerConfig) and fit.pretrained else ""


def is_pretrained(experiment: Experiment) -> bool:
    """Return whether an experiment starts from other weights than random ones."""
    return bool(source_of(experiment) or weights_of(experiment))


def used_weights(params: Params) -> dict[str, list[str]]:
    """Return the catalogued weights that experiments of both pipelines start from, and which do."""
    used: dict[str, list[str]] = {}
    for section in params.sections().values():
        for block in section.experiments.values():
            for key, experiment in block.items():
                if name := weights_of(experiment):
                    used.setdefault(name, []).append(key)
    return dict(sorted(used.items()))


def check_pretrained(params: Params) -> None:
    """Raise FoursplitError if a source is missing, is no network, or starts from itself."""
    for pipeline, section in params.sections().items():
        at = pipelines.key(pipeline, "experiments")
        experiments = {k: e for block in section.experiments.values() for k, e in block.items()}
        for course, block in section.experiments.items():
            for key, experiment in block.items():
                source = source_of(experiment)
                path = f"{at}.{course}.{key}.fit.pretrained.experiment"
                if source and source not in experiments:
                    raise unknown_name("experiment", source, experiments, path)
                if source and not isinstance(experiments[source].fit, TrainerConfig):
                    raise FoursplitError(
                        f"{path}: {source!r} is a model with a fit() of its own. Name an "
                        "experiment whose model is a network"
                    )
                _check_chain(key, experiments, path)


def _check_chain(key: str, experiments: dict[str, Experiment], at: str) -> None:
    seen = [key]
    while (source := source_of(experiments[seen[-1]])) in experiments:
        if source in seen:
            raise FoursplitError(
                f"{at}: {' <- '.join([*seen, source])}: each starts from the next one's weights. "
                "One of them must start from random weights"
            )
        seen.append(source)
