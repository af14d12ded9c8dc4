"""`foursplit check`: validate params.yaml and the dvc.yaml files before anything runs."""

from collections.abc import Iterator

from foursplit import plugins
from foursplit.config.load import LESSONS, parse
from foursplit.config.pipelines import Pipeline, key
from foursplit.config.schema import Experiment, Params
from foursplit.evaluation.group_choices import check_group
from foursplit.scaffold import write_pipelines


def check(params: Params) -> None:
    """Check metrics and bounds, and that the dvc.yaml files are up to date."""
    for section in params.sections().values():
        for groups in section.groups.values():
            for name, group in groups.items():
                check_group(name, group)
    write_pipelines.check(params)


def check_arguments(params: Params) -> None:
    """Build the arguments of every model and lesson; this imports torch and takes seconds."""
    from foursplit.training.manifest import arguments

    for of, course, name, experiment in _experiments(params):
        path = f"{key(of, 'experiments')}.{course}.{name}.model_args"
        arguments(experiment.model, dict(experiment.model_args), path)
        plugins.task(experiment.task)
    for course, block in params.lessons.items():
        for name, settings in block.items():
            path = f"{LESSONS}.{course}.{name}.args"
            parse(plugins.lesson(name).Args, settings.args, path)


def _experiments(params: Params) -> Iterator[tuple[Pipeline, str, str, Experiment]]:
    """Yield the experiments of both pipelines."""
    for of, section in params.sections().items():
        for course, block in section.experiments.items():
            for name, experiment in block.items():
                yield of, course, name, experiment


def describe(params: Params) -> str:
    sections = [
        f"{len(s.datasets)} datasets, {sum(map(len, s.experiments.values()))} experiments, "
        f"{sum(map(len, s.groups.values()))} comparison groups, "
        f"{sum(map(len, s.curves.values()))} learning curves, "
        f"{sum(map(len, s.lessons.values()))} lessons"
        for s in params.sections().values()
    ]
    return f"params.yaml is valid: {sections[0]}; in the pipeline `full` {sections[1]}."
