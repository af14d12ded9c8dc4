"""Stage search: try hyperparameters of an experiment, and keep what each trial showed on dev."""

from foursplit.config import paths
from foursplit.config.load import load
from foursplit.config.schema import Params
from foursplit.config.search import SearchConfig
from foursplit.config.search_checks import check_arguments
from foursplit.evaluation.group_metric import args, find_metric
from foursplit.evaluation.search.run import Search, Trial, run_search
from foursplit.evaluation.search.summary import as_csv, summarize
from foursplit.evaluation.search.trainings import Trainings, kept_file, require_mean
from foursplit.io import artifacts
from foursplit.stages.train import prepare
from foursplit.training.progress import SearchProgress


def run(key: str) -> str:
    """Write `data/searches/<key>.csv`, a row a trial, and `.json` with what they tell."""
    params = load()
    config = params.search(key)
    search, metric, trials, trainings = run_trials(params, key, config, f"searches.{key}")
    summary = summarize(search, metric, trials)
    artifacts.write_text(paths.search(key, "csv"), as_csv(search, trials))
    artifacts.write_json(paths.search(key, "json"), summary)
    trainings.kept.unlink(missing_ok=True)
    return sentence(summary)


def run_trials(
    params: Params, key: str, config: SearchConfig, at: str
) -> tuple[Search, str, list[Trial], Trainings]:
    """Run a search; return it, its metric, its trials, and the trainings that it kept."""
    job = prepare(config.experiment, params)
    check_arguments(config, job.experiment, at)
    group = params.group(config.group)
    name = config.metric or group.metric
    own = name == group.metric
    metric = find_metric(config.task, name, args(group), group.direction if own else None)
    require_mean(metric, at)
    search = Search(
        key=key, config=config, experiment=job.experiment, direction=metric.direction, at=at
    )
    trainings = Trainings(job, metric, kept_file(job, key, name))
    progress = SearchProgress(config.looks)
    try:
        trials = list(run_search(search, trainings, progress.begin))
    finally:
        progress.close()
    return search, name, trials, trainings


def sentence(summary: dict[str, object]) -> str:
    """Say what was found."""
    best, trials = summary["best"], summary["trials"]
    assert isinstance(trials, list)
    if not isinstance(best, dict):
        return f"{len(trials)} trials, none with a metric: every training diverged"
    found = ", ".join(f"{name} {value}" for name, value in best["values"].items())
    return (
        f"{len(trials)} trials: best {summary['metric']} on dev {best['dev']:.4g} "
        f"({best['sampler']}) with {found}"
    )
