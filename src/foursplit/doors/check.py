"""Say what is wrong with params.yaml, and with the pipelines that read it, before anything runs."""

import importlib

from foursplit.core import paths
from foursplit.core.errors import Refusal
from foursplit.core.experiment import Params
from foursplit.stages import select


def check(params: Params) -> None:
    """Check what names alone can tell: metrics, bounds, a pipeline file for each course."""
    for groups in params.groups.values():
        for name, group in groups.items():
            select.check(name, group)
    for course in params.experiments:
        path = paths.root() / "pipelines" / course / "dvc.yaml"
        if not path.is_file():
            raise Refusal(
                f"experiments.{course}: no {path.relative_to(paths.root())}. A course needs one: "
                "copy another course's and put its name where theirs stands."
            )
        if course not in params.curves:
            raise Refusal(f"curves.{course}: missing; write `{course}: {{}}` where none is wanted")


def check_arguments(params: Params) -> None:
    """Build every model's arguments; this imports torch and scikit-learn, and takes seconds."""
    from foursplit.training.manifest import arguments

    for course, block in params.experiments.items():
        for key, experiment in block.items():
            at = f"experiments.{course}.{key}.model_args"
            arguments(experiment.model, dict(experiment.model_args), at)
            importlib.import_module(f"foursplit.tasks.{experiment.task}")


def describe(params: Params) -> str:
    n_experiments = sum(map(len, params.experiments.values()))
    n_groups = sum(map(len, params.groups.values()))
    n_curves = sum(map(len, params.curves.values()))
    return (
        f"params.yaml is right: {len(params.sources)} sources, {n_experiments} experiments, "
        f"{n_groups} comparison groups, {n_curves} learning curves."
    )
