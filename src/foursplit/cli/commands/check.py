"""`foursplit check`: validate params.yaml and the dvc.yaml files before anything runs."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from types import ModuleType

from foursplit import plugins
from foursplit.cli.passed_checks import PassedChecks
from foursplit.config.load import LESSONS, parse
from foursplit.config.pipelines import Pipeline, key
from foursplit.config.pretrained import used_weights
from foursplit.config.schema import ComparisonGroup, Experiment, Params
from foursplit.data.download import licences, weights_catalogue
from foursplit.scaffold import write_pipelines


def check(params: Params) -> None:
    """Check metrics and bounds, and that the dvc.yaml files are up to date."""
    with PassedChecks() as passed:
        for section in params.sections().values():
            for groups in section.groups.values():
                for name, group in groups.items():
                    check_choices = partial(_check_group, name, group)
                    passed.check("metrics", group.task, [name, asdict(group)], check_choices)
    for name, keys in used_weights(params).items():
        weights_catalogue.load_entry(name, f"{keys[0]}.fit.pretrained.weights")
    write_pipelines.check(params)


def check_arguments(params: Params) -> None:
    """Build the arguments of every model and lesson; what never passed imports torch."""
    with PassedChecks() as passed:
        for of, course, name, experiment in _experiments(params):
            path = f"{key(of, 'experiments')}.{course}.{name}.model_args"
            args, model, task = dict(experiment.model_args), experiment.model, experiment.task
            passed.check("models", model, args, partial(_build, plugins.model, model, args, path))
            passed.check("tasks", task, None, partial(plugins.task, task))
        for of, section in params.sections().items():
            for course, block in section.lessons.items():
                for name, settings in block.items():
                    path = f"{key(of, LESSONS)}.{course}.{name}.args"
                    args = dict(settings.args)
                    build = partial(_build, plugins.lesson, name, args, path)
                    passed.check("lessons", name, args, build)


def _check_group(name: str, group: ComparisonGroup) -> None:
    from foursplit.evaluation.group_choices import check_group

    check_group(name, group)


def _build(load: Callable[[str], ModuleType], name: str, args: object, at: str) -> None:
    """Import the file of a model or a lesson, and build its `Args`."""
    parse(load(name).Args, args, at)


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
    lines = [f"params.yaml is valid: {sections[0]}; in the pipeline `full` {sections[1]}."]
    return "\n".join([*lines, *_weights(params)])


def _weights(params: Params) -> Iterator[str]:
    """Say of the catalogued weights that experiments start from what they are."""
    used = used_weights(params)
    accepted = licences.accepted_entries(params.run.accept_licences) if used else frozenset()
    for name, keys in used.items():
        entry = weights_catalogue.load_entry(name)
        waits = entry.terms == "ask" and name not in accepted
        yield (
            f"{', '.join(keys)} start{'s'[: len(keys) == 1]} from the weights {name}: "
            f"{entry.about}, {entry.file.bytes / 1e6:,.1f} MB, {entry.licence}"
            f"{', which waits for you to accept it' if waits else ''}."
        )
