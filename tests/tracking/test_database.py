"""A moved or copied store finds its files beside itself, and no other program's is touched."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from mlflow.tracking._tracking_service import utils
from tests.promotion import winner
from tests.promotion.winner import GROUP, KEY

import foursplit
from foursplit import plugins
from foursplit.config import paths
from foursplit.core.errors import FoursplitError
from foursplit.tracking import database, store
from foursplit.tracking.registry import registry

OUTSIDE = "outside the store"


@pytest.fixture
def stored(project, monkeypatch):
    """Give a project with a champion and a run of a lesson beside it."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    winner.make(project)
    winner.train(sees_strong=True)
    registry.promote(register(), None, print)
    client = store.client()
    experiment_id = store.get_or_create_experiment(client, "improving/wines", "note")
    run = client.create_run(experiment_id)
    client.log_text(run.info.run_id, "words", "page.html")
    return project


def register():
    return registry.register(
        GROUP,
        paths.models(GROUP, KEY),
        paths.final(GROUP),
        {},
        print,
        features=plugins.dataset("wine").SPEC.features,
    )


@pytest.fixture
def go_to(monkeypatch):
    def go(folder):
        monkeypatch.setenv("FOURSPLIT_ROOT", str(folder))
        paths.root.cache_clear()
        return folder

    return go


@pytest.fixture(params=["moved", "copied", "copied and the old one renamed"])
def elsewhere(request, stored, go_to, tmp_path_factory):
    """Give the project in another folder, and the old folder."""
    new = tmp_path_factory.mktemp("new") / "ä 100% #1"
    shutil.copytree(stored, new)
    if request.param == "moved":
        shutil.rmtree(stored)
    elif request.param != "copied":
        stored.rename(stored.with_name(f"{stored.name}_renamed"))
    utils._artifact_repos_cache.clear()  # of this process, which no other project shares
    return go_to(new), stored


def tree(folder):
    return {
        path: path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(".lock")
    }


def addresses(path):
    with closing(sqlite3.connect(path)) as result:
        asked = ("experiments", "artifact_location"), *database.PATH_COLUMNS
        return {
            (table, number): value
            for table, column in asked
            for number, (value,) in enumerate(result.execute(f"SELECT {column} FROM {table}"))
        }


def test_the_champion_is_found_beside_the_database_and_nothing_is_written_elsewhere(elsewhere):
    new, old = elsewhere
    before = tree(old)
    version = registry.load_champion(GROUP)
    assert version.folder.is_relative_to(new / "mlruns")
    model = foursplit.load_model(f"models:/{GROUP}@champion")
    assert model.predict(winner.examples("dev").x).shape == (600, 3)
    winner.train(sees_strong=False)
    assert register().folder.is_relative_to(new / "mlruns")
    client = store.client()
    for experiment in client.search_experiments():
        for run in client.search_runs([experiment.experiment_id]):
            client.log_text(run.info.run_id, "more", "more.txt")
            assert Path(client.download_artifacts(run.info.run_id, "more.txt")).is_file()
    assert tree(old) == before
    own = (new / "mlruns").as_uri()
    stored_at = [v for v in addresses(new / "mlflow.db").values() if v and "/mlruns/0" not in v]
    assert stored_at
    assert all(value.startswith(own) for value in stored_at)


def test_it_is_said_once_and_a_copy_of_the_database_stays(elsewhere, capsys):
    new, old = elsewhere
    before = addresses(new / "mlflow.db")
    store.client()
    message = capsys.readouterr().err
    assert str(old) in message
    assert database.BACKUP_SUFFIX in message
    assert len(message.splitlines()) == 1
    assert addresses(new / f"mlflow.db{database.BACKUP_SUFFIX}") == before
    store.client()
    assert capsys.readouterr().err == ""


def test_a_database_without_its_files_is_told_how_to_get_them(stored, go_to, tmp_path_factory):
    new = tmp_path_factory.mktemp("new")
    for name in ("mlflow.db", "params.yaml", "dvc.yaml"):
        shutil.copy(stored / name, new / name)
    go_to(new)
    before = tree(stored), addresses(new / "mlflow.db")
    with pytest.raises(FoursplitError, match=r"nothing is written into the other project.*cp -Rn"):
        registry.load_champion(GROUP)
    assert (tree(stored), addresses(new / "mlflow.db")) == before
    shutil.copytree(stored / "mlruns", new / "mlruns")
    assert registry.load_champion(GROUP).folder.is_relative_to(new / "mlruns")


def test_a_database_that_cannot_be_written_says_so(elsewhere, monkeypatch):
    def refused(*_):
        raise sqlite3.OperationalError("attempt to write a readonly database")

    monkeypatch.setattr(database, "_update", refused)
    with pytest.raises(FoursplitError, match="Make it writable"):
        store.client()


def test_a_change_that_fails_half_way_changes_nothing(elsewhere, monkeypatch):
    new, _ = elsewhere
    before = addresses(new / "mlflow.db")
    monkeypatch.setattr(
        database, "PATH_COLUMNS", (*database.PATH_COLUMNS, ("runs", "no_such_column"))
    )
    with pytest.raises(FoursplitError):
        store.client()
    monkeypatch.undo()
    assert addresses(new / "mlflow.db") == before


def test_a_store_that_is_reached_through_a_link_is_the_same_store(stored, go_to, tmp_path_factory):
    link = tmp_path_factory.mktemp("links") / "link"
    link.symlink_to(stored)
    go_to(link)
    before = addresses(stored / "mlflow.db")
    assert registry.load_champion(GROUP) is not None
    assert addresses(stored / "mlflow.db") == before


def test_other_peoples_experiments_stay_as_they_are(elsewhere, tmp_path_factory):
    new, _ = elsewhere
    theirs = tmp_path_factory.mktemp("theirs") / "artifacts"
    with closing(sqlite3.connect(new / "mlflow.db")) as opened:
        opened.execute(
            "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, "
            "workspace) SELECT 77, 'theirs', ?, 'active', workspace FROM experiments LIMIT 1",
            (theirs.as_uri(),),
        )
        opened.commit()
    assert store.client().get_experiment("77").artifact_location == theirs.as_uri()


@pytest.mark.parametrize("name", ["source", "both", "all"])
def test_whoever_changes_addresses_in_the_database_gets_nothing_of_his_read(
    stored, tmp_path_factory, name
):
    """A version's address, its run's too, or the experiment's as well: as if it were moved."""
    evil = tmp_path_factory.mktemp("evil") / "mlruns"
    shutil.copytree(stored / "mlruns", evil)
    number = registry.load_champion(GROUP).number
    weights = next(evil.rglob("seed_1/model.skops"))
    weights.write_bytes(b"evil")
    changed = {
        "source": database.PATH_COLUMNS[1:],
        "both": database.PATH_COLUMNS,
        "all": database.PATH_COLUMNS,
    }[name]
    places = [*changed, ("experiments", "artifact_location")] if name == "all" else changed
    with closing(sqlite3.connect(stored / "mlflow.db")) as opened:
        for table, column in places:
            own, other = (stored / "mlruns").as_uri(), evil.as_uri()
            opened.execute(f"UPDATE {table} SET {column} = replace({column}, ?, ?)", (own, other))
        opened.commit()
    uri = f"models:/{GROUP}/{number}"
    if name == "all":
        folder = foursplit.load_model(uri).version.folder
        assert folder.is_relative_to(stored / "mlruns")
    else:
        with pytest.raises(FoursplitError, match=OUTSIDE) as refused:
            foursplit.load_model(uri)
        assert "foursplit gate wines --force --reason" in str(refused.value)
    assert weights.read_bytes() == b"evil"


def test_another_programs_database_is_refused_and_left_alone(project, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    path = project / "mlflow.db"
    with closing(sqlite3.connect(path)) as opened:
        opened.execute("CREATE TABLE customers (name)")
    before = path.read_bytes()
    with pytest.raises(FoursplitError, match=r"another program's database .*customers"):
        store.client()
    assert path.read_bytes() == before


def test_what_is_recorded_of_a_version_stays_readable(elsewhere):
    version = registry.load_champion(GROUP)
    assert json.loads(version.tags[registry.FILES])
