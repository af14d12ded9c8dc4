"""Lessons in MLflow: one run each, with arguments, metrics and the page, which has the figures."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from foursplit.config import paths
from foursplit.config.schema import LessonConfig, Params
from foursplit.io import artifacts
from foursplit.tracking import store
from foursplit.tracking.runs.queries import KEY
from foursplit.tracking.runs.run_data import flatten, metric_name

EXPERIMENT = "lessons"
NOTE = "Lessons worked through on numbers; each run's page is among its artifacts."

PAGE_TAG = "foursplit.page"

LAYOUT = 2  # increase it when the logged contents change: all runs are then written again


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonRun:
    """The contents of a lesson's run."""

    name: str
    key: str  # equal keys, equal runs
    made_ms: int  # modification time of the lesson's file
    params: dict[str, str]
    metrics: dict[str, float]
    tags: dict[str, str]
    content: Mapping[str, Any]


def collect_lesson_runs(params: Params, git: Mapping[str, str]) -> Iterator[LessonRun]:
    """Collect the runs of all lessons that have results."""
    for section in params.sections().values():
        for course, block in section.lessons.items():
            for name, settings in block.items():
                if paths.lesson(name).is_file():
                    yield _lesson_run(course, name, settings, git)


def write_run(
    client: Any, experiment_id: str, lesson: LessonRun, extra_tags: Mapping[str, str]
) -> str:
    """Write the run of `lesson` with `extra_tags`; return its id."""
    tags = {**lesson.tags, KEY: lesson.key, **extra_tags}
    run = client.create_run(experiment_id, lesson.made_ms, tags, lesson.name)
    _log_contents(client, run.info.run_id, lesson)
    log_page(client, run.info.run_id, lesson.name, {})
    client.set_terminated(run.info.run_id, "FINISHED", lesson.made_ms)
    return str(run.info.run_id)


def _lesson_run(
    course: str, name: str, settings: LessonConfig, git: Mapping[str, str]
) -> LessonRun:
    content = artifacts.read_json(paths.lesson(name))
    args = dict(settings.args)
    key = artifacts.fingerprint({"layout": LAYOUT, "args": args, "content": content})
    numbers = content["numbers"].items()
    return LessonRun(
        name=name,
        key=key,
        made_ms=int(paths.lesson(name).stat().st_mtime * 1000),
        params=flatten({"week": settings.week, "args": args}),
        metrics={metric_name(n): float(value) for n, value in numbers if value is not None},
        tags={
            "foursplit.course": course,
            "foursplit.week": settings.week,
            "foursplit.lesson": name,
            "mlflow.source.name": "foursplit track",
            "mlflow.source.type": "LOCAL",
            "mlflow.note.content": f"**{content['title']}**\n\n{content['lead']}\n\n"
            f"Report: `{paths.lesson_page(name).relative_to(paths.root())}`",
            **git,
        },
        content=content,
    )


def _log_contents(client: Any, run_id: str, lesson: LessonRun) -> None:
    from mlflow.entities import Metric

    metrics = [Metric(n, value, lesson.made_ms, 0) for n, value in lesson.metrics.items()]
    store.log_batch(client, run_id, metrics, lesson.params)
    client.log_artifact(run_id, str(paths.lesson(lesson.name)))


def log_page(client: Any, run_id: str, name: str, tags: Mapping[str, str]) -> None:
    """Log the lesson's page if it changed: the report may write it after the lesson's run."""
    page = paths.lesson_page(name)
    if not page.is_file():
        return
    digest = artifacts.sha256_file(page)
    if tags.get(PAGE_TAG) != digest:
        client.log_artifact(run_id, str(page))
        client.set_tag(run_id, PAGE_TAG, digest)
