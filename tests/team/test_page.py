"""The commands of docs/team.md, in the order of a team's life, against real servers."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from tests.team import servers

PAGE = Path(__file__).parent.parent.parent / "docs" / "team.md"

BLOCK = re.compile(r"^```(sh|ini)\n(.*?)^```$", re.DOTALL | re.MULTILINE)

PATHS = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

GIT = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "ann"), ("EMAIL", "ann@example.org"))
}


def blocks():
    """Give each block of commands by its first line, which says who runs it."""
    result = [match.group(2) for match in BLOCK.finditer(PAGE.read_text(encoding="utf-8"))]
    return {block.splitlines()[0].lstrip("# "): block for block in result}


class Team:
    """Servers, and a way to run a block of the page with their addresses in it."""

    def __init__(self, postgres: int, bucket: str, folder: Path) -> None:
        self.folder, self.bucket = folder, bucket
        self.mlflow_port, self.postgres = servers.free_port(), postgres
        self.run_blocks: set[str] = set()

    @property
    def uri(self) -> str:
        return f"http://{servers.HOST}:{self.mlflow_port}"

    def text(self, name: str) -> str:
        self.run_blocks.add(name)
        password = quote(servers.PASSWORD, safe="")
        database = f"{servers.HOST}:{self.postgres}"
        block = blocks()[name]
        for output, real in {
            "postgres@db.example.org": f"foursplit:{password}@{database}",
            "db.example.org": database,
            "https://mlflow.example.org": self.uri,
            "--port 5000": f"--port {self.mlflow_port}",
            "https://s3.example.org": self.bucket,
        }.items():
            block = block.replace(output, real)
        return block

    def run(self, name: str, folder: Path, **env: str) -> str:
        process = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self.text(name)],
            cwd=folder,
            text=True,
            env={**os.environ, "PATH": PATHS, **GIT, **env},
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert process.returncode == 0, process.stdout
        return process.stdout

    def server(self):
        (self.folder / "auth.ini").write_text(self.text("[mlflow]"))
        s3 = {"AWS_ENDPOINT_URL": self.bucket, "MLFLOW_S3_ENDPOINT_URL": self.bucket}
        script = self.text("the server").replace("mlflow server", "exec mlflow server")
        command = ["bash", "-euc", script]
        return servers.running(command, self.mlflow_port, self.folder, PATH=PATHS, **s3)


@pytest.fixture
def team(postgres, bucket, tmp_path):
    if shutil.which("psql") is None:
        pytest.skip("psql is not installed: apt-get install postgresql")
    servers.require_module("dvc_s3")
    servers.require_module("flask_wtf")
    return Team(postgres, bucket, tmp_path)


def client_of(team, name, password, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", name)
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", password)
    return MlflowClient(team.uri, team.uri)


def is_refused(call, *arguments):
    with pytest.raises(MlflowException, match=r"Permission denied|not authenticated"):
        call(*arguments)


@pytest.mark.slow
def test_a_team_lives_by_its_page_in_ci(team, clone, monkeypatch):
    known = {name: value for name, value in clone.env.items() if name != "MLFLOW_TRACKING_URI"}
    env = at(known, clone.folder)
    team.run("once, as the database's administrator", team.folder)
    with team.server():
        team.run("the administrator, once a person", team.folder)
        colleague = _share_the_cache(team, clone, env)
        told = team.run("each person, in the project", clone.folder, **env)
        assert f"MLflow: {team.uri}/#/experiments" in told
        again = team.run("each person, in the project", colleague, **at(env, colleague))
        assert "MLflow: 0 new runs" in again  # the same bytes: the colleague's runs are there
        told = team.run("CI, or who has the right", clone.folder, **env)
        assert "models:/c2w3_wine/1" in told
        _rights_hold(team, monkeypatch)
        team.run("back up", team.folder)
    servers.sql(team.postgres, "CREATE DATABASE mlflow_restored OWNER mlflow")
    team.run("and back, into an empty database", team.folder)
    told = team.run("straight to the database", clone.folder, **env, **servers.s3_env(team.bucket))
    assert "MLflow: 0 new runs" in told
    restored = f"postgresql+pg8000://mlflow:DATABASE-PASSWORD@{servers.HOST}:{team.postgres}"
    aliases = MlflowClient(registry_uri=f"{restored}/mlflow_restored").get_registered_model(
        "c2w3_wine"
    )
    assert set(aliases.aliases) == {"champion", "challenger"}
    assert team.run_blocks == set(blocks())


def at(env, folder):
    """Be in a clone: its own code comes first."""
    paths = [str(folder / "src"), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**env, "FOURSPLIT_ROOT": str(folder), "PYTHONPATH": os.pathsep.join(paths)}


def _share_the_cache(team, clone, env):
    """Train a changed experiment, share the result, and take it in a fresh clone."""
    team.run("once, in the project: where the cache is shared", clone.folder, **env)
    _change_epochs(clone.folder / "params.yaml")
    told = team.run("who trained", clone.folder, **env)
    assert "train@c2w3_wine_softmax" in told
    place = Path(tempfile.mkdtemp(dir=team.folder)) / "colleague"
    clone.run("git", "clone", "-q", str(clone.folder), str(place))
    told = team.run("a colleague, in a fresh clone", place, **at(env, place))
    assert re.search(r"\d+ stages: \d+ unchanged$", told, re.MULTILINE), told
    # A lock file less, and what it spoke of: the run-cache that came along knows it.
    (place / "pipelines" / "improving" / "dvc.lock").unlink()
    shutil.rmtree(place / "data" / "models")
    told = subprocess.run(
        ["foursplit", "repro", "c2w3_wine"],
        cwd=place,
        env={**os.environ, **at(env, place)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert re.search(
        r"\d+ stages: \d+ restored from the run-cache, \d+ unchanged$", told, re.MULTILINE
    ), told
    for name in ("data/models", "data/final"):
        one, other = (tree(folder / name) for folder in (clone.folder, place))
        assert one == other
        assert one
    assert not list((place / ".foursplit" / "logs").glob("*@*"))  # no stage has run here
    assert clone.run("git", "-C", str(place), "grep", "ANNS-", "--", ".dvc", code=1) == ""
    return place


def _change_epochs(params):
    text = params.read_text()
    block = re.search(r"    c2w3_wine_softmax:\n(?:      .*\n)+", text).group()
    new = re.sub(r"max_epochs: \d+", "max_epochs: 7", block)
    assert new != block
    params.write_text(text.replace(block, new))


def tree(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def _rights_hold(team, monkeypatch):
    bob = client_of(team, "bob", "BOBS-PASSWORD", monkeypatch)
    experiment = bob.get_experiment_by_name("improving/c2w3_wine")
    run = bob.search_runs([experiment.experiment_id])[0].info.run_id
    is_refused(bob.delete_run, run)
    is_refused(bob.set_tag, run, "a", "b")
    is_refused(bob.set_registered_model_alias, "c2w3_wine", "champion", "1")
    ann = client_of(team, "ann", "ANNS-PASSWORD", monkeypatch)
    is_refused(ann.set_registered_model_alias, "c2w3_wine", "champion", "1")
    is_refused(client_of(team, "bob", "a wrong one", monkeypatch).get_run, run)


def test_every_block_says_who_runs_it_and_none_is_there_twice():
    found = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    assert len(found) == len(blocks())
    assert all(text.startswith(("# ", "[mlflow]")) for _, text in found)
