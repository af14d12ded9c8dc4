"""Stage learn: train an experiment on nested subsets of train and summarize its curve."""

from collections.abc import Sequence

from foursplit import plugins
from foursplit.config import paths
from foursplit.config.load import load
from foursplit.core.splits import SEEN
from foursplit.data import load_splits
from foursplit.data.infer_data_spec import infer_data_spec
from foursplit.evaluation import learning_curve, learning_curve_runs
from foursplit.evaluation.human_level import human_level
from foursplit.io import artifacts
from foursplit.training.progress import LearningCurveProgress
from foursplit.training.train import Job


def run(key: str) -> str:
    """Write `data/curves/<group>/<key>.csv` with the points and `.json` with what they tell."""
    params = load()
    experiment, settings = params.experiment(key), params.curve(key)
    declared = plugins.dataset(experiment.dataset).SPEC
    splits = {name: load_splits.load(experiment.dataset, name) for name in SEEN}
    seen = paths.split(experiment.dataset) / "seen"
    job = Job(
        key=key,
        experiment=experiment,
        run=params.run,
        splits=splits,
        dataset=declared,
        shape=infer_data_spec(splits["train"], declared),
        data={path.name: artifacts.sha256_file(path) for path in sorted(seen.iterdir())},
    )
    progress = LearningCurveProgress(learning_curve_runs.n_models(job, settings))
    at = f"curves.{params.home(key)}.{key}"
    points, seconds = learning_curve_runs.run_learning_curve(job, settings, progress, at)
    progress.close()
    human = human_level(params.group(experiment.group), declared.reference)
    summary = learning_curve.learning_curve_summary(
        points, human, declared.domains, params.diagnosis
    )
    folder = paths.curves(experiment.group)
    artifacts.write_text(folder / f"{key}.csv", learning_curve_runs.as_csv(points))
    artifacts.write_json(folder / f"{key}.json", {"experiment": key, **summary})
    _write_seconds(key, points, seconds)
    sentence = summary["dev"]["verdict"]["sentence"]
    return f"{len(points)} models on up to {points[-1].n:,} examples. {sentence}"


def _write_seconds(
    key: str, points: Sequence[learning_curve_runs.CurveMeasurement], seconds: Sequence[float]
) -> None:
    """Write the training time of each model outside the DVC graph: it varies."""
    rows = [
        f"{point.size},{point.n},{point.repeat},{duration:.3f}\n"
        for point, duration in zip(points, seconds, strict=True)
    ]
    artifacts.write_text(paths.curve_seconds(key), "size,n,repeat,seconds\n" + "".join(rows))
