"""Stage lesson: work a lesson through on numbers, for a page of the report."""

from foursplit import plugins
from foursplit.config import paths
from foursplit.config.load import load, parse
from foursplit.core.trained_experiment import TrainedExperiment
from foursplit.io import artifacts


def run(key: str) -> str:
    """Write `data/lessons/<key>.json`: texts, figures as numbers, and what was measured."""
    settings = load().lesson(key)
    file = plugins.lesson(key)
    args = parse(file.Args, settings.args, f"lessons.{key}.args")
    if settings.experiment is None:
        lesson = file.run(args)
    else:
        lesson = file.run(args, _trained(settings.experiment))
    content = {"key": key, "week": settings.week, **lesson.as_json()}
    artifacts.write_json(paths.lesson(key), content)
    return (
        f"{lesson.title}: {len(lesson.sections)} sections, {len(lesson.numbers)} figures measured"
    )


def _trained(key: str) -> TrainedExperiment:
    """Load the table of an experiment's data set, and its models by seed."""
    from foursplit.evaluation.predict import load_trained

    params = load()
    experiment = params.experiment(key)
    folder = paths.models(experiment.group, key)
    return TrainedExperiment(
        table=plugins.dataset(experiment.dataset).read(paths.raw(experiment.dataset)),
        models={
            seed: load_trained(paths.seed_folder(folder, seed), params.run)
            for seed in experiment.fit.seeds
        },
    )
