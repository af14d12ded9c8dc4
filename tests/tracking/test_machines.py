"""Two machines, one store: no lock reaches from one to the other, and no run is lost or doubled.

A machine is a project folder here: locks lie in it.  What happens at once on both is put in order
by hand: one machine does all of its work in the middle of what the other does.
"""

import shutil
import socket
from contextlib import contextmanager

import pytest
from tests.promotion import winner
from tests.promotion.winner import GROUP, KEY
from tests.tracking import miniature
from tests.tracking.test_live_metrics import ROWS, follow

import foursplit
from foursplit.cli.commands import track as door
from foursplit.cli.render import finish
from foursplit.config import paths
from foursplit.config.load import load
from foursplit.core.errors import FoursplitError
from foursplit.evaluation.results import collect
from foursplit.tracking import server_health, store
from foursplit.tracking.registry import promotion_lock, registry
from foursplit.tracking.runs import live_metrics, ownership
from foursplit.tracking.runs import sync as tracking
from foursplit.tracking.runs.live_metrics import LiveCurves


@pytest.fixture
def shared(tmp_path, empty_database, monkeypatch):
    """Give a store that foursplit takes for a server's: this way to name a file is not known."""
    shutil.copyfile(empty_database, tmp_path / "shared.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite+pysqlite:///{tmp_path}/shared.db")
    monkeypatch.setenv(store.ARTIFACT_ROOT, str(tmp_path / "files"))
    return tmp_path


@pytest.fixture
def on(shared, monkeypatch):
    """Give a way to be on a machine for a while."""

    @contextmanager
    def machine(name):
        with monkeypatch.context() as patch:
            patch.setenv("FOURSPLIT_ROOT", str(shared / name))
            paths.root.cache_clear()
            yield
        paths.root.cache_clear()

    for name in ("one", "other"):
        (shared / name).mkdir()
        (shared / name / "dvc.yaml").write_text("stages: {}\n")
        with machine(name):
            miniature.make(shared / name)
    return machine


def track():
    params = load()
    return tracking.sync_runs(params, collect(params), print)


def runs():
    client = store.client()
    ids = [experiment.experiment_id for experiment in client.search_experiments()]
    return client.search_runs(ids)


def once(monkeypatch, module, name, action):
    """Replace a function: its first call does `then` before it."""
    real, calls = getattr(module, name), []

    def replaced(*arguments, **kwargs):
        calls.append(1)
        if len(calls) == 1:
            action()
        return real(*arguments, **kwargs)

    monkeypatch.setattr(module, name, replaced)


def test_two_who_write_the_same_run_at_once_leave_one(on, monkeypatch):
    def meanwhile():
        with on("other"):
            assert track().new == 2

    once(monkeypatch, tracking.run_artifacts, "write_files", meanwhile)
    with on("one"):
        counts = track()
        # Begun first, it stays; the second was written by the other in the meantime.
        assert (counts.new, counts.kept) == (1, 1)
        all_runs = runs()
        assert sorted(run.info.run_name for run in all_runs) == [
            "sugar_line seed 1",
            "wines_soft seed 1",
        ]
        assert {run.info.status for run in all_runs} == {"FINISHED"}
        assert all(store.client().list_artifacts(run.info.run_id) for run in all_runs)
    with on("other"):
        assert track().new == 0


def test_what_another_machine_may_still_write_is_left_and_later_cleared(on, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    with on("one"), monkeypatch.context() as patch:
        patch.setattr(tracking.run_artifacts, "write_files", killed)
        with pytest.raises(KeyboardInterrupt):
            track()
    with on("other"):
        assert track().new == 2
        assert sorted(run.info.status for run in runs()) == ["FINISHED", "FINISHED", "RUNNING"]
        monkeypatch.setattr(ownership, "LEASE_MS", -1)
        track()
        assert [run.info.status for run in runs()] == ["FINISHED", "FINISHED"]


def test_our_own_half_written_run_needs_no_patience(on, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    with on("one"):
        with monkeypatch.context() as patch:
            patch.setattr(tracking.run_artifacts, "write_files", killed)
            with pytest.raises(KeyboardInterrupt):
                track()
        assert track().new == 2
        assert [run.info.status for run in runs()] == ["FINISHED", "FINISHED"]


def test_a_run_removed_as_the_second_one_does_not_stop_who_tags_it(on):
    with on("one"):
        track()
        client, run_id = store.client(), runs()[0].info.run_id
        client.delete_run(run_id)
        ownership.set_tag(client, run_id, "foursplit.is_latest", "true")


def live_curves(monkeypatch):
    monkeypatch.setattr(live_metrics, "START_AFTER_S", 0.0)
    monkeypatch.setattr(live_metrics, "WRITE_INTERVAL_S", 0.05)
    experiment = load().experiment("wines_soft")
    about = {"home": "improving", "key": "wines_soft", "experiment": experiment}
    return LiveCurves(**about, seed=1, data={"train.npy": "d1"})


def test_a_training_that_another_machine_shows_live_is_left_to_it(on, monkeypatch):
    with on("other"):
        follow(live_curves(monkeypatch), ROWS[:2])
    with on("one"):
        (watched,) = runs()
        assert track().new == 2
        assert store.client().get_run(watched.info.run_id).info.status == "RUNNING"
        monkeypatch.setattr(ownership, "LEASE_MS", -1)  # no point of its curve for an hour
        track()
        assert store.client().get_run(watched.info.run_id).info.status == "KILLED"


def test_the_same_training_on_two_machines_is_two_live_runs_and_one_in_the_end(on, monkeypatch):
    for name in ("one", "other"):
        with on(name):
            follow(live_curves(monkeypatch), ROWS)
    assert len(runs()) == 2
    with on("one"):
        track()
    with on("other"):
        track()
    finished = [run for run in runs() if run.info.status == "FINISHED"]
    assert sorted(run.info.run_name for run in finished) == [
        "sugar_line seed 1",
        "wines_soft seed 1",
    ]


@pytest.fixture
def on_with_winner(on, shared):
    for name in ("one", "other"):
        with on(name):
            winner.make(shared / name)
            winner.train(sees_strong=True)
    return on


def register():
    return registry.register(
        GROUP, paths.models(GROUP, KEY), paths.final(GROUP), {}, print, features=()
    )


def test_two_who_store_the_same_winner_at_once_leave_one_version(on_with_winner, monkeypatch):
    on = on_with_winner

    def meanwhile():
        with on("other"):
            assert register().number == 1

    once(monkeypatch, registry, "_source", meanwhile)  # the files are there, the version is not
    with on("one"):
        version = register()
        assert version.number == 1
        client = store.client()
        (stored,) = client.search_model_versions(f"name='{GROUP}'")
        (run,) = runs()
        assert stored.run_id == run.info.run_id
        assert client.get_registered_model(GROUP).aliases == {"challenger": 1}
        model = foursplit.load_model(f"models:/{GROUP}@challenger")
        assert model.predict(winner.examples("dev").x).shape == (600, 3)


def test_of_two_who_promote_at_once_the_second_is_told_so(on_with_winner, monkeypatch):
    on = on_with_winner
    monkeypatch.setattr(promotion_lock.time, "sleep", lambda _: None)
    with on("other"):
        winner.train(sees_strong=False)
        second = register()

    def meanwhile():
        with (
            on("other"),
            pytest.raises(FoursplitError, match="another machine is promoting a champion"),
        ):
            registry.promote(second, None, print)

    with on("one"):
        first = register()
        once(monkeypatch, registry, "_aliases", meanwhile)
        registry.promote(first, None, print)
        assert registry.champion_number(GROUP) == first.number
    with on("other"), pytest.raises(FoursplitError, match="`foursplit gate` again"):
        registry.promote(second, None, print)
    tags = store.client().get_registered_model(GROUP).tags
    assert not [name for name in tags if name.startswith(promotion_lock.LOCK_TAG)]


def test_who_was_killed_while_promoting_is_waited_for_no_longer_than_ten_minutes(
    on_with_winner, monkeypatch
):
    with on_with_winner("one"):
        version = register()
        left = f"{promotion_lock.LOCK_TAG}another"
        client = store.client()
        client.set_registered_model_tag(
            GROUP, left, str(ownership.now_ms() - promotion_lock.LEASE_MS)
        )
        registry.promote(version, None, print)
        assert registry.champion_number(GROUP) == version.number


def test_a_database_that_many_share_needs_a_place_for_files_that_they_share_too(on, monkeypatch):
    monkeypatch.delenv(store.ARTIFACT_ROOT)
    with (
        on("one"),
        pytest.raises(FoursplitError, match="MLFLOW_DEFAULT_ARTIFACT_ROOT .*s3://bucket"),
    ):
        track()


def test_a_write_that_collides_is_tried_again_and_another_error_is_not(on):
    from mlflow.exceptions import MlflowException
    from mlflow.protos.databricks_pb2 import BAD_REQUEST, INVALID_PARAMETER_VALUE

    errors = [MlflowException("duplicate key", BAD_REQUEST), None]
    written = []

    def write(value):
        if (error := errors.pop(0)) is not None:
            raise error
        written.append(value)

    store.retry(write, 1)
    assert written == [1]
    errors += [MlflowException("no such run", INVALID_PARAMETER_VALUE), None]
    with pytest.raises(MlflowException, match="no such run"):
        store.retry(write, 2)


def test_nobody_is_told_to_delete_what_others_use(on, shared):
    (shared / "shared.db").write_bytes(b"no database" * 100)
    with on("one"), pytest.raises(FoursplitError, match=r"docs/team.md") as refused:
        door.track()
    assert "Delete" not in str(refused.value)


def test_a_server_that_is_not_there_is_told_at_once_and_stops_no_training(on, monkeypatch, capsys):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://ann:secret@127.0.0.1:{port}")
    monkeypatch.setattr(server_health, "PAUSE_S", 0.0)
    with on("one"):
        with pytest.raises(FoursplitError, match="no server answers") as refused:
            door.track()
        follow(live_curves(monkeypatch), ROWS)
        assert "secret" not in finish._state()["store"]
    assert "secret" not in str(refused.value)
    assert "no live metrics in MLflow" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("postgresql+pg8000://ann:s3cr@t@db/mlflow", "postgresql+pg8000://ann:***@db/mlflow"),
        ("https://ann:secret@mlflow.example.org", "https://ann:***@mlflow.example.org"),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("sqlite:////home/ann/mlflow.db", "sqlite:////home/ann/mlflow.db"),
    ],
)
def test_a_password_is_never_shown(monkeypatch, uri, shown):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    assert store.display_uri() == shown
