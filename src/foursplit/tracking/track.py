"""Turn the stages' files into MLflow runs: one a model, wherever and however often it stops."""

import json
import math
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foursplit.core.experiment import Params
from foursplit.evaluation.collect import Entry
from foursplit.tracking import files, live, provenance, store, studies, writers
from foursplit.tracking.record import Point, Record, record

Say = Callable[[str], None]

KEY, CURRENT = "foursplit.key", "foursplit.current"

PAGE = 1000  # runs a query


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many runs were written, and how many were there already."""

    new: int
    kept: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    record: Record
    entry: Entry
    seed: int


def track(params: Params, entries: Sequence[Entry], say: Say) -> Counts:
    """Give MLflow a finished run for each evaluated model and each study; leave the others."""
    jobs = list(_jobs(entries, say))
    client = store.client()
    with store.alone(say):
        n_studies, new_studies = _track_studies(client, params)
        ids = _experiments(client, params, jobs)
        runs = _runs(client, list(ids.values()))
        new = sum(_settle(client, ids[job.record.experiment], job, runs) for job in jobs)
        _close_interrupted(client, runs)
        _mark_current(client, _runs(client, list(ids.values())), {job.record.key for job in jobs})
    return Counts(new=new + new_studies, kept=len(jobs) + n_studies - new - new_studies)


def _track_studies(client: Any, params: Params) -> tuple[int, int]:
    """Write the studies' runs; give how many studies there are, and how many were new."""
    told = list(studies.told(params, provenance.git_tags()))
    if not told:
        return 0, 0
    experiment_id = store.experiment(client, studies.EXPERIMENT, studies.NOTE)
    runs = _runs(client, [experiment_id])
    new = sum(studies.settle(client, experiment_id, study, runs) for study in told)
    _mark_current(client, _runs(client, [experiment_id]), {study.key for study in told})
    return len(told), new


def _jobs(entries: Sequence[Entry], say: Say) -> Iterator[_Job]:
    locks = provenance.Locks()
    git = provenance.git_tags()
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
            yield _Job(record=record(entry, seed, digests, git), entry=entry, seed=seed)
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
            ids[name] = store.experiment(client, name, note + f" Bounds: {bounds}." * bool(bounds))
    return ids


def _runs(client: Any, ids: list[str]) -> list[Any]:
    """Fetch every run that is not deleted."""
    found: list[Any] = []
    token = None
    while ids:
        page = client.search_runs(ids, max_results=PAGE, page_token=token)
        found += page
        token = page.token
        if not token:
            break
    return found


def _settle(client: Any, experiment_id: str, job: _Job, runs: Sequence[Any]) -> bool:
    """See to it that there is one finished run of `job`; tell whether it had to be written."""
    same = [run for run in runs if run.data.tags.get(KEY) == job.record.key]
    if writers.clear(client, same) is not None:
        return False
    adopted = _adopt(client, job.record, runs)
    if adopted is None:
        run_id = _create(client, experiment_id, job.record)
        _fill(client, run_id, job, job.record.curves)
        ended = job.record.made_ms
    else:
        run, missing = adopted
        run_id = run.info.run_id
        client.update_run(run_id, name=job.record.name)
        _fill(client, run_id, job, missing)
        ended = max(job.record.made_ms, run.info.start_time)
    client.set_terminated(run_id, "FINISHED", ended)
    return writers.keep_one(client, experiment_id, KEY, run_id)


def _create(client: Any, experiment_id: str, record: Record) -> str:
    """Open a run dated by its model's files, so that a store built anew shows the same times."""
    tags = {**record.tags, **writers.tags()}
    run = client.create_run(
        experiment_id, start_time=record.made_ms, tags=tags, run_name=record.name
    )
    return run.info.run_id


def _adopt(client: Any, record: Record, runs: Sequence[Any]) -> tuple[Any, list[Point]] | None:
    """Find the run that followed this training live; give it with the points it lacks."""
    curves = {(name, step): value for name, value, step in record.curves}
    for run in live.waiting(runs):
        if run.data.tags[live.TAG] != record.mark or not writers.is_mine(run):
            continue
        if live.is_followed(record.mark):
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


def _fill(client: Any, run_id: str, job: _Job, curves: list[Point]) -> None:
    """Write everything but the end."""
    from mlflow.entities import Metric, Param, RunTag

    made = job.record
    client.log_batch(
        run_id,
        params=[Param(name, value) for name, value in made.params.items()],
        tags=[RunTag(name, value) for name, value in made.tags.items()],
    )
    at = made.made_ms
    metrics = [Metric(name, value, at, 0) for name, value in made.metrics.items()]
    metrics += [Metric(name, value, at, step) for name, value, step in curves]
    store.log_metrics(client, run_id, metrics)
    store.again(client.log_inputs, run_id, datasets=_data_sets(made))
    dev = files.dev_table(job.entry, job.seed)
    with tempfile.TemporaryDirectory(prefix="foursplit-track-") as folder:
        files.fill(Path(folder), job.entry, job.seed, dev)
        client.log_artifacts(run_id, folder)
    client.log_table(run_id, files.worst(dev), "dev/worst.json")
    client.log_table(run_id, files.sheet(dev), "strategy/sheet.json")


def _data_sets(record: Record) -> list[Any]:
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


def _close_interrupted(client: Any, runs: Sequence[Any]) -> None:
    """End the live runs whose training ended without a model that they could become."""
    for run in live.waiting(runs):
        running = run.info.status == "RUNNING"
        if running and not live.is_under_way(client, run):
            now = client.get_run(run.info.run_id)
            if KEY not in now.data.tags:
                client.set_terminated(run.info.run_id, "KILLED", int(time.time() * 1000))


def _mark_current(client: Any, runs: Sequence[Any], keys: set[str]) -> None:
    """Tell the runs that show what lies in data/ now from their forerunners."""
    for run in runs:
        tags: Mapping[str, str] = run.data.tags
        value = str(tags.get(KEY) in keys).lower()
        if KEY in tags and tags.get(CURRENT) != value:
            writers.tag(client, run.info.run_id, CURRENT, value)
