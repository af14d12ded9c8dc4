"""Live curves: there for who looks, never in the way of training."""

import time

import pytest

from foursplit.tracking import store
from foursplit.tracking.runs import live_metrics, queries
from foursplit.tracking.runs.live_metrics import LiveCurves

WINES = "wines_soft seed 1"
ROWS = [
    {"epoch": 1.0, "train_loss": 0.9, "dev_error": 0.5},
    {"epoch": 2.0, "train_loss": 0.7, "dev_error": 0.375},
    {"epoch": 3.0, "train_loss": 0.6, "dev_error": 0.25},
]
"""What the miniature's curves.csv holds."""


@pytest.fixture
def curves(world, monkeypatch):
    """Give a maker of listeners that open MLflow at once."""
    monkeypatch.setattr(live_metrics, "START_AFTER_S", 0.0)
    monkeypatch.setattr(live_metrics, "WRITE_INTERVAL_S", 0.05)

    def make(data=None):
        experiment = world.params.experiment("wines_soft")
        about = {"home": "improving", "key": "wines_soft", "experiment": experiment}
        return LiveCurves(**about, seed=1, data=data or {"train.npy": "d1"})

    return make


def follow(listener, rows):
    for row in rows:
        listener(row)
    listener.close()


def test_a_short_training_opens_nothing(world, curves, monkeypatch):
    monkeypatch.setattr(live_metrics, "START_AFTER_S", 20.0)
    listener = curves()
    follow(listener, ROWS)
    assert listener.thread is None
    assert world.runs() == {}


def test_a_long_training_can_be_watched(world, curves):
    listener = curves()
    listener(ROWS[0])
    end = time.monotonic() + 30
    while not (runs := world.runs()) or not runs[WINES].data.metrics:
        assert time.monotonic() < end
        time.sleep(0.05)
    assert runs[WINES].info.status == "RUNNING"
    assert runs[WINES].data.metrics == {"curve/train_loss": 0.9, "curve/dev_error": 0.5}
    listener.close()


def test_track_completes_a_live_run(world, curves):
    follow(curves(), ROWS[:2])
    watched = world.runs()[WINES].info.run_id
    counts, _ = world.track()
    run = world.runs()[WINES]
    assert counts.new == 2
    assert run.info.run_id == watched
    assert run.info.status == "FINISHED"
    history = store.client().get_metric_history(watched, "curve/dev_error")
    assert sorted((point.step, point.value) for point in history) == [
        (1, 0.5),
        (2, 0.375),
        (3, 0.25),
    ]
    assert world.track()[0].new == 0


def test_a_live_run_of_other_code_is_not_taken_for_this_model(world, curves):
    follow(curves(), [{**ROWS[0], "train_loss": 0.8}])
    watched = world.runs()[WINES].info.run_id
    client = store.client()
    world.track()
    assert client.get_run(watched).info.status == "KILLED"
    assert "foursplit.key" not in client.get_run(watched).data.tags


def test_a_live_run_whose_training_was_interrupted_is_ended(world, curves):
    follow(curves(data={"train.npy": "other data"}), ROWS[:1])
    (run,) = world.runs().values()
    world.track()
    assert store.client().get_run(run.info.run_id).info.status == "KILLED"


def test_a_live_run_still_followed_is_left_alone(world, curves):
    follow(curves(), ROWS[:1])
    run = world.runs()[WINES]
    with live_metrics._lock(run.data.tags[queries.LIVE]):
        world.track()
    left = store.client().get_run(run.info.run_id)
    assert left.info.status == "RUNNING"
    assert "foursplit.key" not in left.data.tags


def test_a_resumed_training_goes_on_in_its_live_run(world, curves):
    follow(curves(), ROWS[:2])
    first = world.runs()[WINES].info.run_id
    follow(curves(), ROWS[1:])  # epoch 2 came after the last save, and is trained again
    run = world.runs()[WINES]
    assert run.info.run_id == first
    history = store.client().get_metric_history(first, "curve/train_loss")
    assert sorted(point.step for point in history) == [1, 2, 3]


def test_a_store_that_fails_does_not_stop_training(world, curves, capsys):
    (world.root / "mlflow.db").write_bytes(b"no database" * 100)
    listener = curves()
    follow(listener, ROWS)
    assert not listener.thread.is_alive()
    assert capsys.readouterr().err.count("no live curves in MLflow") == 1
