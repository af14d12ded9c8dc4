"""Lessons in MLflow: one finished run each, with the page."""

import json
from pathlib import Path
from urllib.parse import urlparse

import pytest
from tests.reporting.lesson_miniature import LESSON
from tests.tracking import miniature

from foursplit.config import paths
from foursplit.config.load import load
from foursplit.io import artifacts
from foursplit.tracking import store
from foursplit.tracking.runs import lesson_runs

KEY = "gradient_descent"
ARGS = {"sizes": [1.0, 2.0], "n_steps": 3}


@pytest.fixture
def lesson_miniature(world):
    """Give a project with one lesson besides its two experiments."""
    content = json.loads(json.dumps(miniature.PARAMS))
    block = {"week": "MLS C1 W1", "args": ARGS}
    content["lessons"] = {"improving": {KEY: block}}
    (world.root / "params.yaml").write_text(json.dumps(content))
    world.params = load()
    write()
    return world


def write(**changes):
    artifacts.write_json(
        paths.lesson(KEY), {"key": KEY, "week": "MLS C1 W1", **LESSON.as_json(), **changes}
    )


def write_page(text="<p>page</p>"):
    artifacts.write_text(paths.reports() / "lessons" / f"{KEY}.html", text)


def listed(run):
    folder = Path(urlparse(run.info.artifact_uri).path)
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_run_shows_arguments_numbers_and_the_page(lesson_miniature):
    write_page()
    counts, _ = lesson_miniature.track()
    run = lesson_miniature.runs()[KEY]
    assert (counts.new, counts.kept) == (3, 0)
    assert run.data.params == {"week": "MLS C1 W1", "args.sizes": "1.0, 2.0", "args.n_steps": "3"}
    assert run.data.metrics == {"error": 0.25}  # what is no number is no metric
    assert run.data.tags["foursplit.course"] == "improving"
    assert run.data.tags["foursplit.is_latest"] == "true"
    assert f"reports/lessons/{KEY}.html" in run.data.tags["mlflow.note.content"]
    assert run.info.status == "FINISHED"
    assert store.client().get_experiment(run.info.experiment_id).name == lesson_runs.EXPERIMENT
    assert set(listed(run)) == {f"{KEY}.html", f"{KEY}.json"}


def test_tracked_twice_gives_the_same_run(lesson_miniature):
    lesson_miniature.track()
    before = lesson_miniature.runs()[KEY].info.run_id
    counts, _ = lesson_miniature.track()
    assert (counts.new, counts.kept) == (0, 3)
    assert lesson_miniature.runs()[KEY].info.run_id == before


def test_a_page_that_comes_later_is_added_to_the_run(lesson_miniature):
    lesson_miniature.track()
    run = lesson_miniature.runs()[KEY]
    assert f"{KEY}.html" not in listed(run)
    for text in ("<p>first</p>", "<p>drawn anew</p>"):
        write_page(text)
        counts, _ = lesson_miniature.track()
        assert counts.new == 0
        assert lesson_miniature.runs()[KEY].info.run_id == run.info.run_id
        assert listed(run)[f"{KEY}.html"] == text.encode()


def test_another_result_is_a_new_run_and_the_old_one_is_history(lesson_miniature):
    lesson_miniature.track()
    old = lesson_miniature.runs()[KEY]
    write(numbers={"error": 0.5})
    lesson_miniature.track()
    runs_now = store.client().search_runs([old.info.experiment_id])
    current = {run.data.metrics["error"]: run.data.tags["foursplit.is_latest"] for run in runs_now}
    assert current == {0.25: "false", 0.5: "true"}


def test_a_half_written_run_is_replaced(lesson_miniature, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(lesson_runs, "log_page", stop)
        with pytest.raises(KeyboardInterrupt):
            lesson_miniature.track()
    half = lesson_miniature.runs()[KEY]
    assert half.info.status == "RUNNING"
    lesson_miniature.track()
    whole = lesson_miniature.runs()[KEY]
    assert whole.info.status == "FINISHED"
    assert whole.info.run_id != half.info.run_id


def test_a_lesson_that_has_not_run_has_no_run(lesson_miniature):
    paths.lesson(KEY).unlink()
    counts, _ = lesson_miniature.track()
    assert counts.new == 2
    assert KEY not in lesson_miniature.runs()
