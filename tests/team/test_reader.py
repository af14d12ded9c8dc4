"""Whoever may only read on a server judges as others do, and can promote nothing."""

import subprocess

import pytest
import requests
from mlflow.exceptions import MlflowException
from tests.promotion import winner
from tests.promotion.winner import GROUP
from tests.team import servers

from foursplit.cli.commands import gate
from foursplit.tracking import store
from foursplit.tracking.registry import registry

AUTH = """[mlflow]
default_permission = READ
database_uri = sqlite:///{folder}/auth.db
admin_username = admin
admin_password = the-admins-own-password
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
"""


def become(monkeypatch, name, password):
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", name)
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", password)


@pytest.mark.slow
def test_a_reader_gets_the_verdict_and_cannot_promote_in_ci(project, monkeypatch, tmp_path):
    servers.require_module("flask_wtf")
    folder, port = tmp_path / "server", servers.free_port()
    folder.mkdir()
    (folder / "auth.ini").write_text(AUTH.format(folder=folder))
    about = {
        "MLFLOW_AUTH_CONFIG_PATH": str(folder / "auth.ini"),
        "MLFLOW_FLASK_SERVER_SECRET_KEY": "of the test",
        "MLFLOW_BACKEND_STORE_URI": f"sqlite:///{folder}/mlflow.db",
        "MLFLOW_ARTIFACTS_DESTINATION": str(folder / "artifacts"),
    }
    with servers.mlflow_server(folder, port, "--app-name", "basic-auth", "--workers", "1", **about):
        address = f"http://{servers.HOST}:{port}"
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        become(monkeypatch, "admin", "the-admins-own-password")
        requests.post(
            f"{address}/api/2.0/mlflow/users/create",
            json={"username": "reader", "password": "only-to-read-1"},
            auth=("admin", "the-admins-own-password"),
            timeout=60,
        ).raise_for_status()
        monkeypatch.setattr(subprocess, "run", winner.timed_here)
        winner.make(project)
        winner.train(sees_strong=False)
        assert gate.run_gate(GROUP, gate.GateOptions(promote=True))["promoted"]
        winner.train(sees_strong=True)

        become(monkeypatch, "reader", "only-to-read-1")
        read = gate.run_gate(GROUP, gate.GateOptions(store=False))
        assert read["champion"]["version"] == 1
        for attempt in (
            lambda: store.client().set_registered_model_alias(GROUP, registry.CHAMPION, 1),
            lambda: store.client().set_registered_model_tag(GROUP, "a", "b"),
        ):
            with pytest.raises(MlflowException, match="(?i)permission"):
                attempt()
        assert registry.champion_number(GROUP) == 1

        become(monkeypatch, "admin", "the-admins-own-password")
        wrote = gate.run_gate(GROUP, gate.GateOptions())
        assert (read["verdict"], read["needed"]) == (wrote["verdict"], wrote["needed"])
