"""Check a search against its experiment: names of its space, and ranges that settings refuse."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Any

from pydantic import ValidationError

from foursplit import plugins
from foursplit.config.fit import EstimatorConfig, TrainerConfig
from foursplit.config.schema import Experiment, Params
from foursplit.config.search import SearchConfig
from foursplit.config.validation_errors import describe
from foursplit.core.errors import FoursplitError, unknown_name

FIT, ARGS = "fit", "model_args"

NOT_SEARCHED = {
    "seeds", "max_epochs", "max_steps", "pretrained", "phases", "batch_seeds", "loop", "preprocess",
    "batch",
}  # fmt: skip
"""Settings of `fit` that a trial keeps: its budget, its seed, and what is not one value."""


def check_search(
    config: SearchConfig, experiment: Experiment, args: Iterable[str], at: str
) -> None:
    """Raise FoursplitError for a name or a range that the experiment does not allow.

    `args` are the names of the model's `Args`; its values are checked where the model is imported.
    """
    for name in ("group", "dataset", "task", "model"):
        actual, expected = getattr(config, name), getattr(experiment, name)
        if actual != expected:
            raise FoursplitError(f"{at}.{name}: {actual!r}, but the experiment's is {expected!r}")
    fit = experiment.fit
    _require_epochs(config, fit, at)
    valid = searchable(fit, args)
    for name, found in config.space.items():
        if name not in valid:
            raise unknown_name("hyperparameter", name, valid, f"{at}.space")
        if name.startswith(f"{FIT}."):
            for value in found.ends:
                trial_fit(fit, {name: value}, f"{at}.space.{name}")


def searchable(fit: TrainerConfig | EstimatorConfig, args: Iterable[str]) -> list[str]:
    """List the names that a space may have: the settings of `fit`, and the model's arguments."""
    settings = [field.name for field in fields(fit) if field.name not in NOT_SEARCHED]
    return [*(f"{FIT}.{name}" for name in settings), *(f"{ARGS}.{name}" for name in args)]


def trial_fit(
    fit: TrainerConfig | EstimatorConfig, values: Mapping[str, Any], at: str
) -> TrainerConfig | EstimatorConfig:
    """Return `fit` with the values of a trial; raise for values that it refuses."""
    chosen = {n.removeprefix(f"{FIT}."): v for n, v in values.items() if n.startswith(f"{FIT}.")}
    try:
        return replace(fit, **chosen)
    except ValidationError as error:
        tried = ", ".join(f"{name} {value!r}" for name, value in values.items())
        raise FoursplitError(f"{at}: {tried}: {describe(error, type(fit), FIT)}") from error


def trial_args(experiment: Experiment, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the experiment's arguments of its model with the values of a trial."""
    chosen = {n.removeprefix(f"{ARGS}."): v for n, v in values.items() if n.startswith(f"{ARGS}.")}
    return {**experiment.model_args, **chosen}


def trial_experiment(
    experiment: Experiment, config: SearchConfig, values: Mapping[str, Any], at: str
) -> Experiment:
    """Return the experiment that a trial trains."""
    fit = trial_fit(experiment.fit, values, at)
    if isinstance(fit, TrainerConfig) and config.max_epochs:
        fit = replace(fit, max_epochs=config.max_epochs)
    return replace(experiment, fit=fit, model_args=trial_args(experiment, values))


def check_arguments(config: SearchConfig, experiment: Experiment, at: str) -> None:
    """Raise for an end or a choice that the model's `Args` refuse; imports the model."""
    from foursplit.config.load import parse

    cls = plugins.model(experiment.model).Args
    for name, found in config.space.items():
        if name.startswith(f"{ARGS}."):
            for value in found.ends:
                parse(cls, trial_args(experiment, {name: value}), f"{at}.space.{name}")


def _require_epochs(config: SearchConfig, fit: TrainerConfig | EstimatorConfig, at: str) -> None:
    has_epochs = isinstance(fit, TrainerConfig)
    if not has_epochs and config.max_epochs is not None:
        raise FoursplitError(f"{at}.max_epochs: the model is trained without epochs: remove it")
    if not has_epochs and "successive_halving" in config.samplers:
        raise FoursplitError(
            f"{at}.samplers: successive_halving stops trainings after some epochs, and the model "
            "is trained without epochs. Valid: random, random_linear, grid, tpe"
        )
    if isinstance(fit, TrainerConfig) and fit.phases:
        raise FoursplitError(
            f"{at}.experiment: {config.experiment!r} is trained in phases, whose epochs and rates "
            "a trial cannot change. Start from an experiment without phases"
        )


def check_searches(params: Params, declared_args: Any) -> None:
    """Check every search of params.yaml."""
    first: dict[str, str] = {}
    for course, block in params.searches.items():
        if course not in params.experiments:
            raise unknown_name("course", course, params.experiments, "searches")
        for name, config in block.items():
            at = f"searches.{course}.{name}"
            if name in first:
                raise FoursplitError(f"{at}: the name is taken in {first[name]}")
            first[name] = at
            experiments = params.experiments[course]
            if config.experiment not in experiments:
                raise unknown_name("experiment", config.experiment, experiments, at)
            experiment = experiments[config.experiment]
            check_search(config, experiment, declared_args(experiment.model), at)
