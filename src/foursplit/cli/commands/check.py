"""Say what is wrong with params.yaml, and with the pipelines that read it, before anything runs."""

from collections.abc import Iterator

from foursplit import plugins
from foursplit.config.load import STUDIES, parse
from foursplit.config.pipelines import Pipeline, key
from foursplit.config.schema import Experiment, Params
from foursplit.scaffold import write_pipelines
from foursplit.stages import select


def check(params: Params) -> None:
    """Check what names alone can tell: metrics, bounds, and that the dvc.yaml files are current."""
    for section in params.sections().values():
        for groups in section.groups.values():
            for name, group in groups.items():
                select.check(name, group)
    write_pipelines.check(params)


def check_arguments(params: Params) -> None:
    """Build the arguments of every model and study; this imports torch, and takes seconds."""
    from foursplit.training.manifest import arguments

    for of, course, name, experiment in _experiments(params):
        at = f"{key(of, 'experiments')}.{course}.{name}.model_args"
        arguments(experiment.model, dict(experiment.model_args), at)
        plugins.task(experiment.task)
    for course, block in params.studies.items():
        for name, settings in block.items():
            at = f"{STUDIES}.{course}.{name}.args"
            parse(plugins.lesson(name).Args, settings.args, at)


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
