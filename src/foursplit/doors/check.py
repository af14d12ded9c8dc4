"""Say what is wrong with params.yaml, and with the pipelines that read it, before anything runs."""

import importlib
from collections.abc import Iterator

from foursplit.core import paths
from foursplit.core.errors import Refusal
from foursplit.core.experiment import Experiment, Params
from foursplit.core.pipeline import Pipeline, home, key
from foursplit.stages import select


def check(params: Params) -> None:
    """Check what names alone can tell: metrics, bounds, a pipeline file for each course."""
    for of, section in params.sections().items():
        for groups in section.groups.values():
            for name, group in groups.items():
                select.check(name, group)
        for course in section.experiments:
            path = paths.pipeline_file(home(of, course))
            if not path.is_file():
                raise Refusal(
                    f"{key(of, 'experiments')}.{course}: no {path.relative_to(paths.root())}. A "
                    "course needs one: copy another course's and put its name where theirs stands."
                )
            # DVC's loop over the curves of a course needs the map, be it empty.
            if "curves" in path.read_text(encoding="utf-8") and course not in section.curves:
                at = f"{key(of, 'curves')}.{course}"
                raise Refusal(f"{at}: missing; write `{course}: {{}}` where none is wanted")


def check_arguments(params: Params) -> None:
    """Build every model's arguments; this imports torch and scikit-learn, and takes seconds."""
    from foursplit.training.manifest import arguments

    for of, course, name, experiment in _experiments(params):
        at = f"{key(of, 'experiments')}.{course}.{name}.model_args"
        arguments(experiment.model, dict(experiment.model_args), at)
        importlib.import_module(f"foursplit.tasks.{experiment.task}")


def _experiments(params: Params) -> Iterator[tuple[Pipeline, str, str, Experiment]]:
    """Go through the experiments of both pipelines."""
    for of, section in params.sections().items():
        for course, block in section.experiments.items():
            for name, experiment in block.items():
                yield of, course, name, experiment


def describe(params: Params) -> str:
    lines = [
        f"{len(s.sources)} sources, {sum(map(len, s.experiments.values()))} experiments, "
        f"{sum(map(len, s.groups.values()))} comparison groups, "
        f"{sum(map(len, s.curves.values()))} learning curves"
        for s in params.sections().values()
    ]
    return f"params.yaml is right: {lines[0]}; in the pipeline `real` {lines[1]}."
