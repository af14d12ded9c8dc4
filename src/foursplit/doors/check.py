"""Say what is wrong with params.yaml, and with the pipelines that read it, before anything runs."""

import importlib
from collections.abc import Iterator

from foursplit.core import paths
from foursplit.core.errors import Refusal
from foursplit.core.experiment import Experiment, Params, Section
from foursplit.core.params import STUDIES, parse
from foursplit.core.pipeline import Pipeline, home, key
from foursplit.stages import select

STAGES = {"curves": "learn", "studies": "study"}
"""The stage that goes through a map of params.yaml."""


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
            _check_maps(of, section, course, path.read_text(encoding="utf-8"))


def _check_maps(of: Pipeline, section: Section, course: str, pipeline: str) -> None:
    """Hold the maps that a course may have besides against the loops of its pipeline file."""
    for name, found in (("curves", section.curves), ("studies", section.studies)):
        at = f"{key(of, name)}.{course}"
        loops = f"${{{at}}}" in pipeline
        # DVC's loop needs the map, be it empty.
        if loops and course not in found:
            raise Refusal(f"{at}: missing; write `{course}: {{}}` where none is wanted")
        if not loops and found.get(course):
            file = paths.pipeline_file(home(of, course)).relative_to(paths.root())
            raise Refusal(
                f"{at}: {file} has no stage that goes through them; copy stage "
                f"`{STAGES[name]}` from another course's file and put {course}'s name where "
                "theirs stands"
            )


def check_arguments(params: Params) -> None:
    """Build the arguments of every model and study; this imports torch, and takes seconds."""
    from foursplit.training.manifest import arguments

    for of, course, name, experiment in _experiments(params):
        at = f"{key(of, 'experiments')}.{course}.{name}.model_args"
        arguments(experiment.model, dict(experiment.model_args), at)
        importlib.import_module(f"foursplit.tasks.{experiment.task}")
    for course, block in params.studies.items():
        for name, settings in block.items():
            at = f"{STUDIES}.{course}.{name}.args"
            parse(importlib.import_module(f"foursplit.studies.{name}").Args, settings.args, at)


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
        f"{sum(map(len, s.curves.values()))} learning curves, "
        f"{sum(map(len, s.studies.values()))} studies"
        for s in params.sections().values()
    ]
    return f"params.yaml is right: {lines[0]}; in the pipeline `real` {lines[1]}."
