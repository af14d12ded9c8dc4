"""The time left is learnt from what has run: a replay of recorded durations shows how well."""

import heapq
import json
from pathlib import Path

import pytest

from foursplit.config.load import load
from foursplit.runner import run_log
from foursplit.runner.duration_estimates import (
    STORED_RUN,
    estimate_training_seconds,
    stored_seconds,
)
from foursplit.runner.duration_learning import DurationLearning
from foursplit.runner.queue import StageQueue

ROOT = Path(__file__).resolve().parents[2]
PARAMS = load(ROOT / "params.yaml")

TOLERATED = 1.5
"""The ratio of the estimate to the time that was left, or the other way round."""

FROM_SHARE, TO_SHARE = 0.3, 0.9  # of the run; at its very end a ratio says nothing

BETWEEN_S = 0.1  # from a stage's end to the next start, of DVC and the worker

FIRST_FIGURES_S = 30.0  # after the start of a clean run
START_S = 8.0  # for params.yaml, DVC's plan and the imports of the workers


def recorded():
    """Return the stages of a recorded run from clean, and their seconds, by title."""
    content = json.loads((ROOT / "benchmarks" / "results" / "clean.json").read_text())
    return {f"train@{key}" if "@" not in key else key: s for key, s in content["stages"].items()}


def needs_of(titles):
    """Return what each stage needs, as the pipeline files have it."""
    experiments = {k: e for block in PARAMS.experiments.values() for k, e in block.items()}
    needs = dict.fromkeys(titles, frozenset())
    for title in titles:
        kind, _, key = title.partition("@")
        wanted = {
            "validate": {f"fetch@{key}"},
            "split": {f"validate@{key}", f"fetch@{key}"},
            "evaluate": {f"train@{key}"},
            "select": {f"evaluate@{k}" for k, e in experiments.items() if e.group == key},
            "final": {f"select@{key}"},
            "report": set(titles) - {"report"},
        }.get(kind, set())
        if kind in {"train", "learning_curve"} and key in experiments:
            wanted = {f"split@{experiments[key].dataset}"}
        needs[title] = frozenset(wanted & set(titles))
    return needs


def replay(seconds, expected, *, slots, slower=1.0, on_end=lambda _title, _now: None):
    """Run the queue by the recorded seconds; return (time, estimate of the time left) pairs."""
    queue = StageQueue(
        needs=needs_of(seconds),
        threads=dict.fromkeys(seconds, 1),
        seconds=expected,
        slots=slots,
        kinds={title: title.partition("@")[0] for title in seconds},
        milestones=frozenset(title for title in seconds if title.startswith("final@")),
    )
    now, running, moments = 0.0, [], []
    while not queue.is_done:
        for title in queue.ready_by_priority():
            if queue.fits(title):
                queue.start(title)
                heapq.heappush(running, (now + BETWEEN_S + seconds[title] * slower, now, title))
        end, _, title = heapq.heappop(running)
        elapsed = {name: max(0.0, end - start - BETWEEN_S) for _, start, name in running}
        now = end
        queue.finish(title)
        on_end(title, now)
        queue.learn(title, seconds[title] * slower)
        moments.append((now, queue.seconds_left(elapsed, now)))
    return moments


def worst_ratio(moments):
    total = moments[-1][0]
    ratios = [
        max(estimate / (total - now), (total - now) / estimate)
        for now, estimate in moments
        if FROM_SHARE * total <= now <= TO_SHARE * total
    ]
    assert len(ratios) > 20
    return max(ratios)


@pytest.fixture
def defaults(project):
    """Return what a clean clone expects, which has no record of a run."""
    guesses = estimate_training_seconds(PARAMS)
    return {title: run_log.expected_seconds(title, title, guesses) for title in recorded()}


@pytest.mark.parametrize("slots", [1, 2, 4])
@pytest.mark.parametrize("slower", [0.5, 1.0, 4.0])
def test_from_a_third_of_a_first_run_on_the_time_left_is_known(defaults, slots, slower):
    assert worst_ratio(replay(recorded(), defaults, slots=slots, slower=slower)) < TOLERATED


@pytest.mark.parametrize("slower", [0.5, 1.0, 4.0])
def test_the_durations_of_the_last_run_tell_it_under_another_load(slower):
    moments = replay(recorded(), recorded(), slots=2, slower=slower)
    assert worst_ratio(moments) < TOLERATED


def test_without_learning_another_load_is_missed(monkeypatch):
    replayed = {"seconds": recorded(), "expected": recorded(), "slots": 2, "slower": 4.0}
    assert worst_ratio(replay(**replayed)) < TOLERATED
    monkeypatch.setattr(DurationLearning, "learn", lambda *_: None)
    monkeypatch.setattr(DurationLearning, "busy_share", lambda *_: 1.0)
    assert worst_ratio(replay(**replayed)) > 2 * TOLERATED


@pytest.mark.parametrize("slots", [1, 2, 4])
def test_the_first_comparison_is_decided_early_in_a_first_run(defaults, slots):
    decided = []

    def note(title, now):
        if title.startswith("final@"):
            decided.append(now)

    replay(recorded(), defaults, slots=slots, on_end=note)
    assert decided[0] < FIRST_FIGURES_S - START_S


def test_a_ratio_is_learnt_by_kind():
    learning = DurationLearning(
        {"a": 10.0, "b": 10.0, "c": 100.0, "d": 100.0},
        {"a": "train", "b": "train", "c": "fetch", "d": "fetch"},
    )
    assert learning.seconds("b") == 10.0  # nothing has run
    learning.learn("a", 30.0)
    learning.learn("c", 100.0)
    of_all = (30 + 100 + 20) / (10 + 100 + 20)
    assert learning.ratio("train") == pytest.approx((30 + 80 * of_all) / (10 + 80))
    assert learning.seconds("b") == pytest.approx(10 * (30 + 80 * of_all) / 90)
    assert learning.ratio("fetch") == pytest.approx((100 + 80 * of_all) / (100 + 80))
    assert learning.rest("b", 1000.0) == 100.0


def test_what_never_ran_here_is_expected_to_take_what_the_stored_run_took(project):
    guesses = {"train@a": 9.0, "train@b": 9.0}
    assert stored_seconds() == {}  # a project without a stored run
    path = project / STORED_RUN
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"stages": {"train@a": 0.9}}))
    stored = stored_seconds()
    assert run_log.expected_seconds("x:train@a", "train@a", guesses, stored) == 0.9
    by_guess = run_log.expected_seconds("x:train@b", "train@b", guesses, stored)
    assert by_guess == run_log.expected_seconds("x:train@b", "train@b", guesses)
    run_log.write("x:train@a", "ran", 5.0, [])
    assert run_log.expected_seconds("x:train@a", "train@a", guesses, stored) == 5.0


@pytest.mark.parametrize("text", ["", "[]", '{"stages": {"a": "b"}}', '{"stages": 3}'])
def test_a_stored_run_that_cannot_be_read_is_none(project, text):
    path = project / STORED_RUN
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert stored_seconds() == {}


def test_the_project_has_a_stored_run_of_its_stages(monkeypatch):
    monkeypatch.setenv("FOURSPLIT_ROOT", str(ROOT))
    keys = {key for block in PARAMS.experiments.values() for key in block}
    assert any(f"train@{key}" in stored_seconds() for key in keys)
