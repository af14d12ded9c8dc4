"""Sync the stages' files to MLflow: one run per model, however often it is interrupted."""

import json
import math
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foursplit.config import paths
from foursplit.config.schema import Params
from foursplit.evaluation.group_metric import group_metric
from foursplit.evaluation.results import ExperimentResult
from foursplit.io import git
from foursplit.io.status_line import StatusLine
from foursplit.tracking import store
from foursplit.tracking.runs import (
    lesson_runs,
    live_metrics,
    ownership,
    provenance,
    queries,
    run_artifacts,
    search_runs,
)
from foursplit.tracking.runs.queries import CURRENT, KEY
from foursplit.tracking.runs.report_page import log_report
from foursplit.tracking.runs.run_data import MODEL_HASH, Point, RunData, collect_run_data
from foursplit.tracking.runs.run_table import VIEW_TAG, view_state
from foursplit.tracking.runs.training_time import training_ms
from foursplit.training import manifest

Echo = Callable[[str], None]

Progress = Callable[[Sequence[Any]], Iterator[Any]]

NewProgress = Callable[[int], Progress]
"""Make a Progress for a number of runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncCounts:
    """Numbers of new and of unchanged runs."""

    new: int
    kept: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    record: RunData
    entry: ExperimentResult
    seed: int


def show_progress(total: int) -> Progress:
    """Return a function that passes items on and says how many of `total` are written."""
    done = 0

    def report(items: Sequence[Any]) -> Iterator[Any]:
        nonlocal done
        with StatusLine() as status:
            for item in items:
                if status.is_due():
                    status.write(progress_text(done, total))
                yield item
                done += 1

    return report


def progress_text(done: int, total: int) -> str:
    return f"MLflow: writing {done} of {total} runs"


def sync_runs(
    params: Params,
    entries: Sequence[ExperimentResult],
    echo: Echo,
    new_progress: NewProgress = show_progress,
) -> SyncCounts:
    """Write a run for each evaluated model, lesson and search that MLflow lacks."""
    unread = git.unreadable_reason()
    if unread is not None:
        echo(f"runs are written without their commit: git cannot read its repository: {unread}")
    jobs = list(_jobs(entries, echo, provenance.LockFiles()))
    client = store.client()
    with store.writer_lock(echo):
        lessons = list(lesson_runs.collect_lesson_runs(params, provenance.git_tags()))
        progress = new_progress(len(lessons) + len(jobs))
        new_lessons, current_lessons = _sync_lessons(client, lessons, progress)
        _mark_outdated(client, current_lessons, {lesson.key for lesson in lessons})
        searches = search_runs.collect_search_runs(params, provenance.git_tags())
        new_searches, current_searches = search_runs.sync(client, searches)
        _mark_outdated(client, current_searches, {search.key for search in searches})
        ids = _experiments(client, params, jobs)
        new = _sync_jobs(client, ids, jobs, progress)
        _close_interrupted(client, list(ids.values()))
    new += new_lessons + new_searches
    return SyncCounts(new=new, kept=len(jobs) + len(lessons) + len(searches) - new)


def sync_group(
    params: Params,
    entries: Sequence[ExperimentResult],
    locks: provenance.LockFiles,
    progress: Progress,
) -> int:
    """Write the missing runs of one comparison group; return their number.

    `entries` are all experiments of the group, and their results are final.
    """
    jobs = list(_jobs(entries, _ignore, locks))
    client = store.client()
    with store.writer_lock(_ignore):
        return _sync_jobs(client, _experiments(client, params, jobs), jobs, progress)


def sync_lessons(params: Params, names: Collection[str], progress: Progress) -> int:
    """Write the missing runs of some lessons; return their number."""
    collected = lesson_runs.collect_lesson_runs(params, provenance.git_tags())
    lessons = [lesson for lesson in collected if lesson.name in names]
    client = store.client()
    with store.writer_lock(_ignore):
        return _sync_lessons(client, lessons, progress)[0]


def sync_searches(params: Params, names: Collection[str]) -> int:
    """Write the missing runs of some searches, with their trials; return their number."""
    collected = search_runs.collect_search_runs(params, provenance.git_tags(), names)
    client = store.client()
    with store.writer_lock(_ignore):
        return search_runs.sync(client, collected)[0]


def _ignore(_text: str) -> None:
    """Leave a message to the sync of all runs, which says the same."""


def _sync_jobs(client: Any, ids: dict[str, str], jobs: Sequence[_Job], progress: Progress) -> int:
    """Write the missing runs of whole MLflow experiments `ids`; return their number."""
    current = queries.current_runs(client, list(ids.values()))
    new = sum(_sync_run(client, ids[job.record.experiment], job, current) for job in progress(jobs))
    _mark_outdated(client, current, {job.record.key for job in jobs})
    return new


def _sync_lessons(
    client: Any, lessons: Sequence[lesson_runs.LessonRun], progress: Progress
) -> tuple[int, list[Any]]:
    """Write the lessons' runs; return the number of new ones, and the runs that were current."""
    if not lessons:
        return 0, []
    experiment_id = store.get_or_create_experiment(client, lesson_runs.EXPERIMENT, lesson_runs.NOTE)
    current = queries.current_runs(client, [experiment_id])
    new = sum(_sync_lesson(client, experiment_id, lesson, current) for lesson in progress(lessons))
    return new, current


def _jobs(
    entries: Iterable[ExperimentResult], echo: Echo, locks: provenance.LockFiles
) -> Iterator[_Job]:
    made_at = provenance.git_tags()
    unlocked = set()
    for entry in entries:
        dataset = entry.experiment.dataset
        digests = locks.digests(dataset)
        if provenance.UNLOCKED in digests.values():
            unlocked.add(dataset)
        for seed in sorted(entry.summaries):
            if locks.is_stale(entry, seed):
                echo(f"{entry.key}: params.yaml has changed since training. Run `dvc repro` first")
                break
            if not (paths.seed_folder(entry.models, seed) / manifest.NAME).is_file():
                echo(f"{entry.key}: not shown: its training was restarted and has not finished")
                break
            yield _Job(
                record=collect_run_data(entry, seed, digests, made_at), entry=entry, seed=seed
            )
    if unlocked:
        echo(f"{', '.join(sorted(unlocked))}: {provenance.UNLOCKED}, so no digest of the data")


def _experiments(client: Any, params: Params, jobs: Sequence[_Job]) -> dict[str, str]:
    """Return the id of the MLflow experiment of each comparison group."""
    ids: dict[str, str] = {}
    for job in jobs:
        name = job.record.experiment
        if name not in ids:
            group = params.group(job.entry.experiment.group)
            bounds = ", ".join(
                f"{bound} at most {maximum:,.12g}" for bound, maximum in group.bounds.items()
            )
            direction = group_metric(group).direction
            note = f"Compared on `{group.dataset}` by {group.metric} on dev, to {direction}."
            ids[name] = store.get_or_create_experiment(
                client, name, note + f" Bounds: {bounds}." * bool(bounds)
            )
            store.retry(client.set_experiment_tag, ids[name], VIEW_TAG, view_state())
    return ids


def _sync_run(client: Any, experiment_id: str, job: _Job, current: Sequence[Any]) -> bool:
    """Make sure that `job` has one finished run; return whether it was written now."""
    existing = _find_finished(client, experiment_id, job.record.key, current)
    if existing is not None:
        _add_model_hash(client, existing, job.record)
        log_report(client, existing.info.run_id, job.entry, existing.data.tags)
        return False
    live_run = _find_live_run(client, experiment_id, job.record)
    if live_run is None:
        started_ms = job.record.made_ms - training_ms(job.entry, job.record.made_ms)
        run_id = _create(client, experiment_id, job.record, started_ms)
        _log_contents(client, run_id, job, job.record.curves)
        end_ms = job.record.made_ms
    else:
        run, missing = live_run
        run_id = run.info.run_id
        client.update_run(run_id, name=job.record.name)
        _log_contents(client, run_id, job, missing)
        end_ms = max(job.record.made_ms, run.info.start_time)
    log_report(client, run_id, job.entry, {})
    client.set_terminated(run_id, "FINISHED", end_ms)
    return ownership.keep_single(client, experiment_id, KEY, run_id)


def _add_model_hash(client: Any, run: Any, record: RunData) -> None:
    """Add the tag that older runs lack: the hash of the weights."""
    if MODEL_HASH not in run.data.tags:
        client.set_tag(run.info.run_id, MODEL_HASH, record.tags[MODEL_HASH])


def _sync_lesson(
    client: Any, experiment_id: str, lesson: lesson_runs.LessonRun, current: Sequence[Any]
) -> bool:
    """Make sure that `lesson` has one finished run with its present page."""
    run = _find_finished(client, experiment_id, lesson.key, current)
    if run is None:
        extra_tags = {CURRENT: "true", **ownership.tags()}
        run_id = lesson_runs.write_run(client, experiment_id, lesson, extra_tags)
        return ownership.keep_single(client, experiment_id, KEY, run_id)
    lesson_runs.log_page(client, run.info.run_id, lesson.name, run.data.tags)
    return False


def _find_finished(client: Any, experiment_id: str, key: str, current: Sequence[Any]) -> Any | None:
    """Return the finished run of `key`, marked as current; delete unfinished ones."""
    runs = [run for run in current if run.data.tags.get(KEY) == key]
    if not any(run.info.status == "FINISHED" for run in runs):
        runs = queries.runs_with_key(client, experiment_id, key)
    run = ownership.remove_duplicates(client, runs)
    if run is not None and run.data.tags.get(CURRENT) != "true":
        ownership.set_tag(client, run.info.run_id, CURRENT, "true")
    return run


def _create(client: Any, experiment_id: str, record: RunData, started_ms: int) -> str:
    """Create a run dated by its model's files, so that a rebuilt store shows the same times."""
    run = client.create_run(
        experiment_id,
        start_time=started_ms,
        tags={**_tags(record), **ownership.tags()},
        run_name=record.name,
    )
    return run.info.run_id


def _tags(record: RunData) -> dict[str, str]:
    return {**record.tags, CURRENT: "true"}


def _find_live_run(
    client: Any, experiment_id: str, record: RunData
) -> tuple[Any, list[Point]] | None:
    """Find the live run of this training; return it with the points it lacks."""
    curves = {(name, step): value for name, value, step in record.curves}
    for run in queries.live_runs(client, experiment_id, record.mark):
        if not ownership.is_owned(run) or live_metrics.is_training_here(record.mark):
            continue
        logged = {
            (name, point.step): point.value
            for name in run.data.metrics
            for point in client.get_metric_history(run.info.run_id, name)
        }
        common_keys = logged.keys() & curves.keys()
        # Values in the file are rounded.  Other values: trained by other code.
        if all(_equal(logged[key], curves[key]) for key in common_keys):
            missing = [point for point in record.curves if (point[0], point[2]) not in logged]
            return run, missing
    return None


def _equal(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-6) or (math.isnan(a) and math.isnan(b))


def _log_contents(client: Any, run_id: str, job: _Job, curves: list[Point]) -> None:
    """Write everything except the end of the run."""
    from mlflow.entities import Metric

    data = job.record
    time_ms = data.made_ms
    metrics = [Metric(name, value, time_ms, 0) for name, value in data.metrics.items()]
    metrics += [Metric(name, value, time_ms, step) for name, value, step in curves]
    tags = {**_tags(data), **run_artifacts.table_tags()}
    store.log_batch(client, run_id, metrics, data.params, tags)
    store.retry(client.log_inputs, run_id, datasets=_data_sets(data))
    with tempfile.TemporaryDirectory(prefix="foursplit-track-") as folder:
        run_artifacts.write_files(Path(folder), job.entry, job.seed)
        client.log_artifacts(run_id, folder)


def _data_sets(record: RunData) -> list[Any]:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    return [
        DatasetInput(
            dataset=Dataset(
                name=split_input.name,
                digest=split_input.digest,
                source_type="local",
                source=json.dumps({"uri": split_input.folder}),
                profile=json.dumps({"num_rows": split_input.n}),
            ),
            tags=[InputTag("mlflow.data.context", split_input.split)],
        )
        for split_input in record.inputs
    ]


def _close_interrupted(client: Any, ids: Sequence[str]) -> None:
    """End the live runs whose training ended without a model."""
    for run in queries.unfinished_live_runs(client, ids):
        if not live_metrics.is_training(client, run):
            latest = client.get_run(run.info.run_id)
            if KEY not in latest.data.tags:
                client.set_terminated(run.info.run_id, "KILLED", int(time.time() * 1000))


def _mark_outdated(client: Any, current: Sequence[Any], keys: set[str]) -> None:
    """Mark the runs that no longer show the present outputs."""
    for run in current:
        if run.data.tags.get(KEY) not in keys:
            ownership.set_tag(client, run.info.run_id, CURRENT, "false")
