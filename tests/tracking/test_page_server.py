"""MLflow's page is served with the choice of model training, and everything else as it is."""

import asyncio
import tomllib
from pathlib import Path

import mlflow.server
import pytest

from foursplit.tracking import page_server
from foursplit.tracking.page_server import CONDITIONS, SCRIPT, TrainingPage, create_app

ROOT = Path(__file__).resolve().parents[2]

PAGE = b"<!doctype html><html><head><title>MLflow</title></head></html>"


def served(path, *, method="GET", headers=(), page=PAGE):
    """Give status, headers and body of an answer, and the request that MLflow's server saw."""
    asked, answers = [], []

    async def app(scope, _receive, send):
        asked.append(scope)
        own = [
            (b"etag", b"1"),
            (b"content-length", b"%d" % len(page)),
            (b"x-frame-options", b"DENY"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": own})
        await send({"type": "http.response.body", "body": page[:20], "more_body": True})
        await send({"type": "http.response.body", "body": page[20:]})

    async def send(message):
        answers.append(message)

    scope = {"type": "http", "path": path, "method": method, "headers": list(headers)}
    asyncio.run(TrainingPage(app)(scope, None, send))
    body = b"".join(message.get("body", b"") for message in answers)
    return dict(answers[0]["headers"]), body, asked[0]


def test_the_page_gets_the_choice_before_its_own_scripts():
    headers, body, _ = served("/")
    assert body == PAGE.replace(b"<head>", b"<head>" + SCRIPT)
    assert int(headers[b"content-length"]) == len(body)
    assert headers[b"x-frame-options"] == b"DENY"


def test_a_browser_that_holds_mlflows_own_page_gets_ours():
    asked = [(name, b"1") for name in CONDITIONS] + [(b"host", b"127.0.0.1")]
    headers, _, request = served("/", headers=asked)
    assert request["headers"] == [(b"host", b"127.0.0.1")]
    assert b"etag" not in headers
    assert headers[b"cache-control"] == b"no-store"


@pytest.mark.parametrize("path", ["/static-files/main.js", "/ajax-api/2.0/mlflow/runs/get", "/x"])
def test_everything_else_passes_unchanged(path):
    asked = [(b"if-none-match", b"1")]
    headers, body, request = served(path, headers=asked)
    assert body == PAGE
    assert headers[b"etag"] == b"1"
    assert request["headers"] == asked


def test_a_request_for_the_head_alone_has_no_body():
    assert served("/", method="HEAD")[1] == b""


def test_mlflow_reads_the_choice_from_where_it_is_noted():
    """A newer MLflow may store it elsewhere: then its page would open on language models again."""
    folder = Path(mlflow.server.__file__).parent / "js" / "build"
    name, _, version = page_server.STORED_KEY.rpartition("_v")
    text = next((folder / "static" / "js").glob("main.*.js")).read_text(encoding="utf-8")
    assert f'key:"{name}",version:{version}' in text
    assert f'MACHINE_LEARNING="{page_server.STORED_VALUE}"' in text
    assert b"<head>" in (folder / "index.html").read_bytes()


def test_mlflow_finds_the_page_by_its_entry_point():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = project["entry-points"][page_server.ENTRY_POINTS][page_server.APP]
    assert named == f"{create_app.__module__}:{create_app.__name__}"
