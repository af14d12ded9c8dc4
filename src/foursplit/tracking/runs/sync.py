"""Turn the stages' files into MLflow runs: one a model, wherever and however often it stops."""

import json
import math
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foursplit.config import paths
from foursplit.config.schema import Params
from foursplit.evaluation.results import Entry
from foursplit.io import git
from foursplit.tracking import store
from foursplit.tracking.runs import (
    lesson_runs,
    live_metrics,
    ownership,
    provenance,
    queries,
    run_artifacts,
)
from foursplit.tracking.runs.queries import CURRENT, KEY
from foursplit.tracking.runs.run_data import MODEL_HASH, Point, RunData, collect_run_data
from foursplit.training import manifest

Echo = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncCounts:
    """How many runs were written, and how many were there already."""

    new: int
    kept: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    record: RunData
    entry: Entry
    seed: int


def sync_runs(params: Params, entries: Sequence[Entry], say: Echo) -> SyncCounts:
    """Give MLflow a finished run for each evaluated model and each study; leave the others."""
    unread = git.trouble()
    if unread is not None:
        say(f"runs are written without their commit: git cannot read its repository: {unread}")
    jobs = list(_jobs(entries, say))
    client = store.client()
    with store.writer_lock(say):
        n_studies, new_studies = _sync_studies(client, params)
        ids = _experiments(client, params, jobs)
        shown = queries.current_runs(client, list(ids.values()))
        new = sum(_sync_run(client, ids[job.record.experiment], job, shown) for job in jobs)
        _close_interrupted(client, list(ids.values()))
        _mark_outdated(client, shown, {job.record.key for job in jobs})
    return SyncCounts(new=new + new_studies, kept=len(jobs) + n_studies - new - new_studies)


def _sync_studies(client: Any, params: Params) -> tuple[int, int]:
    """Write the studies' runs; give how many studies there are, and how many were new."""
    told = list(lesson_runs.collect_lesson_runs(params, provenance.git_tags()))
    if not told:
        return 0, 0
    experiment_id = store.get_or_create_experiment(client, lesson_runs.EXPERIMENT, lesson_runs.NOTE)
    shown = queries.current_runs(client, [experiment_id])
    new = sum(_sync_study(client, experiment_id, study, shown) for study in told)
    _mark_outdated(client, shown, {study.key for study in told})
    return len(told), new


def _jobs(entries: Sequence[Entry], say: Echo) -> Iterator[_Job]:
    locks = provenance.LockFiles()
    made_at = provenance.git_tags()
    unlocked = set()
    for entry in entries:
        source = entry.experiment.source
        digests = locks.digests(source)
        if provenance.UNLOCKED in digests.values():
            unlocked.add(source)
        for seed in sorted(entry.summaries):
            if locks.is_stale(entry, seed):
                say(f"{entry.key}: params.yaml has changed since it was trained; `dvc repro` first")
                break
            if not (paths.seed_folder(entry.models, seed) / manifest.NAME).is_file():
                say(f"{entry.key}: not shown, for its training was begun anew and has not ended")
                break
            yield _Job(
                record=collect_run_data(entry, seed, digests, made_at), entry=entry, seed=seed
            )
    if unlocked:
        say(f"{', '.join(sorted(unlocked))}: {provenance.UNLOCKED}, so no digest of the data")


def _experiments(client: Any, params: Params, jobs: Sequence[_Job]) -> dict[str, str]:
    """Give the id of each comparison group's MLflow experiment."""
    ids: dict[str, str] = {}
    for job in jobs:
        name = job.record.experiment
        if name not in ids:
            group = params.group(job.entry.experiment.group)
            bounds = ", ".join(
                f"{bound} at most {most:,.12g}" for bound, most in group.bounds.items()
            )
            note = f"Compared on `{group.source}` by {group.metric} on dev, to {group.direction}."
            ids[name] = store.get_or_create_experiment(
                client, name, note + f" Bounds: {bounds}." * bool(bounds)
            )
    return ids


def _sync_run(client: Any, experiment_id: str, job: _Job, shown: Sequence[Any]) -> bool:
    """See to it that there is one finished run of `job`; tell whether it had to be written."""
    there = _find_finished(client, experiment_id, job.record.key, shown)
    if there is not None:
        _add_model_hash(client, there, job.record)
        return False
    adopted = _find_live_run(client, experiment_id, job.record)
    if adopted is None:
        run_id = _create(client, experiment_id, job.record)
        _log_contents(client, run_id, job, job.record.curves)
        ended = job.record.made_ms
    else:
        run, missing = adopted
        run_id = run.info.run_id
        client.update_run(run_id, name=job.record.name)
        _log_contents(client, run_id, job, missing)
        ended = max(job.record.made_ms, run.info.start_time)
    client.set_terminated(run_id, "FINISHED", ended)
    return ownership.keep_single(client, experiment_id, KEY, run_id)


def _add_model_hash(client: Any, run: Any, record: RunData) -> None:
    """Add to a run what older ones lack: it can be found by its weights."""
    if MODEL_HASH not in run.data.tags:
        client.set_tag(run.info.run_id, MODEL_HASH, record.tags[MODEL_HASH])


def _sync_study(
    client: Any, experiment_id: str, study: lesson_runs.LessonRun, shown: Sequence[Any]
) -> bool:
    """See to it that there is one finished run of `study`, with the page of today."""
    run = _find_finished(client, experiment_id, study.key, shown)
    if run is None:
        marks = {CURRENT: "true", **ownership.tags()}
        run_id = lesson_runs.write_run(client, experiment_id, study, marks)
        return ownership.keep_single(client, experiment_id, KEY, run_id)
    lesson_runs.log_page(client, run.info.run_id, study.name, run.data.tags)
    return False


def _find_finished(client: Any, experiment_id: str, key: str, shown: Sequence[Any]) -> Any | None:
    """Give the one finished run of `key`, marked as shown; delete what was half written."""
    same = [run for run in shown if run.data.tags.get(KEY) == key]
    if not any(run.info.status == "FINISHED" for run in same):
        same = queries.runs_with_key(client, experiment_id, key)
    found = ownership.remove_duplicates(client, same)
    if found is not None and found.data.tags.get(CURRENT) != "true":
        ownership.set_tag(client, found.info.run_id, CURRENT, "true")
    return found


def _create(client: Any, experiment_id: str, record: RunData) -> str:
    """Open a run dated by its model's files, so that a store built anew shows the same times."""
    run = client.create_run(
        experiment_id,
        start_time=record.made_ms,
        tags={**_tags(record), **ownership.tags()},
        run_name=record.name,
    )
    return run.info.run_id


def _tags(record: RunData) -> dict[str, str]:
    return {**record.tags, CURRENT: "true"}


def _find_live_run(
    client: Any, experiment_id: str, record: RunData
) -> tuple[Any, list[Point]] | None:
    """Find the run that followed this training live; give it with the points it lacks."""
    curves = {(name, step): value for name, value, step in record.curves}
    for run in queries.live_runs(client, experiment_id, record.mark):
        if not ownership.is_owned(run) or live_metrics.is_training_here(record.mark):
            continue
        seen = {
            (name, point.step): point.value
            for name in run.data.metrics
            for point in client.get_metric_history(run.info.run_id, name)
        }
        common = seen.keys() & curves.keys()
        # Rounded in the file.  Other values: the same settings, trained by other code.
        if all(_equal(seen[place], curves[place]) for place in common):
            missing = [point for point in record.curves if (point[0], point[2]) not in seen]
            return run, missing
    return None


def _equal(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-6) or (math.isnan(one) and math.isnan(other))


def _log_contents(client: Any, run_id: str, job: _Job, curves: list[Point]) -> None:
    """Write everything but the end."""
    from mlflow.entities import Metric, Param, RunTag

    made = job.record
    client.log_batch(
        run_id,
        params=[Param(name, value) for name, value in made.params.items()],
        tags=[RunTag(name, value) for name, value in _tags(made).items()],
    )
    at = made.made_ms
    metrics = [Metric(name, value, at, 0) for name, value in made.metrics.items()]
    metrics += [Metric(name, value, at, step) for name, value, step in curves]
    store.log_metrics(client, run_id, metrics)
    store.retry(client.log_inputs, run_id, datasets=_data_sets(made))
    dev = run_artifacts.dev_table(job.entry, job.seed)
    with tempfile.TemporaryDirectory(prefix="foursplit-track-") as folder:
        run_artifacts.write_files(Path(folder), job.entry, job.seed, dev)
        client.log_artifacts(run_id, folder)
    client.log_table(run_id, run_artifacts.worst_examples(dev), "dev/worst.json")
    client.log_table(run_id, run_artifacts.error_sheet(dev), "strategy/sheet.json")


def _data_sets(record: RunData) -> list[Any]:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    return [
        DatasetInput(
            dataset=Dataset(
                name=part.name,
                digest=part.digest,
                source_type="local",
                source=json.dumps({"uri": part.folder}),
                profile=json.dumps({"num_rows": part.n}),
            ),
            tags=[InputTag("mlflow.data.context", part.split)],
        )
        for part in record.inputs
    ]


def _close_interrupted(client: Any, ids: Sequence[str]) -> None:
    """End the live runs whose training ended without a model that they could become."""
    for run in queries.unfinished_live_runs(client, ids):
        if not live_metrics.is_training(client, run):
            now = client.get_run(run.info.run_id)
            if KEY not in now.data.tags:
                client.set_terminated(run.info.run_id, "KILLED", int(time.time() * 1000))


def _mark_outdated(client: Any, shown: Sequence[Any], keys: set[str]) -> None:
    """Tell the forerunners of the runs that show what lies in data/ now."""
    for run in shown:
        if run.data.tags.get(KEY) not in keys:
            ownership.set_tag(client, run.info.run_id, CURRENT, "false")
