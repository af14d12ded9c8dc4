"""Searches in MLflow: one run each, with a child run for each trial.

Children are written before their parent ends, so that a finished parent has all of its trials.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from foursplit.config import paths
from foursplit.config.schema import Params
from foursplit.io import artifacts
from foursplit.tracking import store
from foursplit.tracking.runs import ownership, queries
from foursplit.tracking.runs.queries import CURRENT, KEY
from foursplit.tracking.runs.run_data import metric_name

EXPERIMENT = "searches"
NOTE = "Hyperparameter searches on dev; the child runs are the trials."

PARENT = "mlflow.parentRunId"

LAYOUT = 1  # increase it when the logged contents change: all runs are then written again

METRICS = ("dev", "train_dev", "standard_error", "epochs")


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRun:
    """The contents of a search's run and of its trials'."""

    name: str
    key: str  # equal keys, equal runs
    made_ms: int
    tags: dict[str, str]
    content: Mapping[str, Any]


def collect_search_runs(
    params: Params, git: Mapping[str, str], names: Collection[str] | None = None
) -> list[SearchRun]:
    """Collect the runs of all searches that have results, or of those named."""
    return [
        _search_run(course, name, git)
        for course, block in params.searches.items()
        for name in block
        if (names is None or name in names) and paths.search(name, "json").is_file()
    ]


def sync(client: Any, runs: Sequence[SearchRun]) -> tuple[int, list[Any]]:
    """Write the missing runs; return the number of new ones, and the runs that were current."""
    if not runs:
        return 0, []
    experiment_id = store.get_or_create_experiment(client, EXPERIMENT, NOTE)
    current = queries.current_runs(client, [experiment_id])
    return sum(_sync(client, experiment_id, run) for run in runs), current


def children(client: Any, experiment_id: str, parent: str) -> list[Any]:
    """Return the runs of a search's trials."""
    return queries.runs_with_tag(client, experiment_id, PARENT, parent)


def _search_run(course: str, name: str, git: Mapping[str, str]) -> SearchRun:
    content = artifacts.read_json(paths.search(name, "json"))
    page = paths.reports() / "searches" / f"{name}.html"
    return SearchRun(
        name=name,
        key=artifacts.fingerprint({"layout": LAYOUT, "content": content}),
        made_ms=int(paths.search(name, "json").stat().st_mtime * 1000),
        tags={
            "foursplit.course": course,
            "foursplit.week": content["week"],
            "foursplit.search": name,
            "mlflow.source.name": "foursplit track",
            "mlflow.source.type": "LOCAL",
            "mlflow.note.content": f"{len(content['trials'])} trials from experiment "
            f"`{content['experiment']}`.\n\nReport: `{page.relative_to(paths.root())}`",
            **git,
        },
        content=content,
    )


def _sync(client: Any, experiment_id: str, search: SearchRun) -> bool:
    """Make sure that `search` has one finished run; return whether it was written now."""
    same = queries.runs_with_key(client, experiment_id, search.key)
    for run in same:
        if run.info.status != "FINISHED" and ownership.is_abandoned(run):
            for child in children(client, experiment_id, run.info.run_id):
                client.delete_run(child.info.run_id)
    kept = ownership.remove_duplicates(client, same)
    if kept is not None:
        if kept.data.tags.get(CURRENT) != "true":
            ownership.set_tag(client, kept.info.run_id, CURRENT, "true")
        return False
    tags = {**search.tags, KEY: search.key, CURRENT: "true", **ownership.tags()}
    run = client.create_run(experiment_id, search.made_ms, tags, search.name)
    run_id = str(run.info.run_id)
    _log(client, run_id, search, search.content["best"])
    for trial in search.content["trials"]:
        _write_trial(client, experiment_id, run_id, search, trial)
    client.log_artifact(run_id, str(paths.search(search.name, "csv")))
    client.set_terminated(run_id, "FINISHED", search.made_ms)
    return ownership.keep_single(client, experiment_id, KEY, run_id)


def _write_trial(
    client: Any, experiment_id: str, parent: str, search: SearchRun, trial: Mapping[str, Any]
) -> None:
    name = f"{trial['sampler']} {trial['repeat']}.{trial['number']}"
    tags = {
        PARENT: parent,
        "foursplit.search": search.name,
        "foursplit.sampler": trial["sampler"],
        "foursplit.trial_state": trial["state"],
    }
    run = client.create_run(experiment_id, search.made_ms, tags, name)
    _log(client, run.info.run_id, search, trial)
    # MLflow has no word for a training that its sampler stopped; the tag above has.
    status = "FAILED" if trial["state"] == "diverged" else "FINISHED"
    client.set_terminated(run.info.run_id, status, search.made_ms)


def _log(client: Any, run_id: str, search: SearchRun, trial: Mapping[str, Any] | None) -> None:
    """Log a trial's values and results; of the search itself, those of its best trial."""
    from mlflow.entities import Metric

    if trial is None:
        return
    found = {name: trial[name] for name in METRICS if trial[name] is not None}
    metrics = [
        Metric(metric_name(name), float(value), search.made_ms, 0) for name, value in found.items()
    ]
    params = {name: str(value) for name, value in trial["values"].items()}
    store.log_batch(client, run_id, metrics, params)
