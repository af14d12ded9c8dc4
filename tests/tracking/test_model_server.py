"""What a request may weigh, take, ask and hear: the guard around MLflow's scoring server."""

import asyncio
import contextlib
import http.client
import json
import socket
import threading
import time

import mlflow.pyfunc
import numpy as np
import pytest
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mlflow.models import Model, ModelSignature
from mlflow.pyfunc import scoring_server
from mlflow.types import ColSpec, Schema, TensorSpec

from foursplit.core.errors import FoursplitError
from foursplit.tracking.registry import model_server, pyfunc_model
from foursplit.tracking.registry.loaded_model import LoadedModel

# NumPy says so of what is refused: in MLflow's own cast, and in the sum below.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")

NAMES = ("width", "height")


class Sums(LoadedModel):
    """A model that answers with the sum of a row, loaded from nowhere."""

    def __init__(self, inputs=(2,)):
        self.uri, self.seeds, self._folders = "models:/sums/1", (1,), {1: None}
        self.thresholds = {1: None}
        self.manifest = type("", (), {"shape": {"inputs": list(inputs)}, "columns": None})()

    def _of(self, _):
        return self.manifest, lambda examples: examples.x.reshape(len(examples.x), -1).sum(axis=1)


def app(inputs=(2,)):
    if inputs == (2,):
        given = Schema([ColSpec("double", name) for name in NAMES])
    else:
        given = Schema([TensorSpec(np.dtype(np.float32), (-1, *inputs))])
    metadata = Model(signature=ModelSignature(inputs=given))
    metadata.add_flavor("python_function", loader_module=pyfunc_model.__name__)
    model = mlflow.pyfunc.PyFuncModel(metadata, pyfunc_model.PyfuncModel(Sums(inputs)))
    return scoring_server.init(model)


class Hasty(model_server.TimeoutProtocol):
    head_s = 1.0


@contextlib.contextmanager
def running(application):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = uvicorn.Config(
        model_server.Guard(application, body_s=2.0),
        port=port,
        http=Hasty,
        ws="none",
        log_level="critical",
        limit_concurrency=model_server.MAX_CONNECTIONS,
    )
    one = uvicorn.Server(config)
    thread = threading.Thread(target=one.run)
    thread.start()
    try:
        while not one.started:
            time.sleep(0.01)
        yield port
    finally:
        one.should_exit = one.force_exit = True
        thread.join(timeout=20)


@pytest.fixture(scope="module")
def port():
    with running(app()) as port:
        yield port


@pytest.fixture(scope="module")
def tensor_port():
    with running(app((1, 2, 2))) as port:
        yield port


def ask(port, body=b"", method="POST", path="/invocations", **headers):
    """Send a request as it stands; give its status, and its answer read as strict JSON."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with contextlib.closing(connection):
        connection.request(method, path, body, {"Content-Type": "application/json", **named})
        answer = connection.getresponse()
        text = answer.read()
    return answer.status, strict(text) if text.strip() else None


def strict(text):
    """Read JSON as RFC 8259 has it."""

    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def table(*rows):
    return json.dumps({"dataframe_split": {"columns": NAMES, "data": rows}}).encode()


def test_what_fits_is_answered(port):
    assert ask(port, table([1, 2], [3, 4])) == (200, {"predictions": [3.0, 7.0]})
    csv = b"width,height\n1,2\n"
    assert ask(port, csv, Content_Type="text/csv") == (200, {"predictions": [3.0]})
    assert ask(port, method="GET", path="/ping")[0] == 200


@pytest.mark.parametrize("value", ["null", "NaN", "Infinity", "-Infinity", "1e400", "1e39"])
def test_what_is_not_finite_is_refused_by_row_and_column(port, tensor_port, value):
    body = table([1, 2], [3, "X"]).replace(b'"X"', value.encode())
    status, answer = ask(port, body)
    assert status == 400
    assert "row 2, column 'height'" in answer["message"]
    body = f'{{"inputs": [[[[1, 2], [3, {value}]]]]}}'.encode()
    status, answer = ask(tensor_port, body)
    assert status == 400
    assert "row 1" in answer["message"] or value == "null"


@pytest.mark.parametrize("value", ["", "nan", "inf", "1e39"])
def test_the_same_holds_of_csv(port, value):
    body = f"width,height\n1,2\n{value},4\n".encode()
    status, answer = ask(port, body, Content_Type="text/csv")
    assert status == 400
    assert "row 2, column 'width'" in answer["message"]


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    JSON
    | JSON.map(lambda one: {"inputs": one})
    | JSON.map(lambda one: {"instances": one})
    | JSON.map(lambda one: {"dataframe_records": one})
    | st.lists(st.lists(st.floats() | st.none(), max_size=3), max_size=3).map(
        lambda rows: {"dataframe_split": {"columns": NAMES, "data": rows}}
    )
)
def test_any_json_is_answered_with_200_or_400_and_json(port, body):
    status, answer = ask(port, json.dumps(body).encode())
    assert status in (200, 400), answer
    if status == 200:
        assert np.isfinite(answer["predictions"]).all()


def test_an_answer_that_is_not_finite_is_refused(port):
    status, answer = ask(port, table([3e38, 3e38]))
    assert status == 400
    assert "not finite" in answer["message"]


@pytest.mark.parametrize("depth", [500, 5000, 200_000])
def test_deep_json_is_a_fault_of_the_request(port, depth):
    status, answer = ask(port, b'{"inputs": ' + b"[" * depth + b"]" * depth + b"}")
    assert status == 400, answer


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[]", b"{}", b'"x"', b"null"])
def test_what_is_no_request_is_refused(port, body):
    status, answer = ask(port, body)
    assert status == 400, answer
    assert answer["message"]


def test_a_large_body_is_refused_and_not_echoed(port):
    for junk in (b"x" * (model_server.MAX_BODY + 1), b"x" * (model_server.MAX_BODY - 1)):
        status, answer = ask(port, junk)
        assert status in (400, 413)
        assert len(json.dumps(answer)) < 2 * model_server.MAX_ERROR
    assert ask(port, b"x" * (model_server.MAX_BODY + 1), Connection="close")[0] == 413
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):  # of a length that is not told
        chunks = (b"x" * 2**20 for _ in range(20))
        head = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}
        connection.request("POST", "/invocations", chunks, head, encode_chunked=True)
        assert connection.getresponse().status == 413


def test_an_error_names_the_reason_though_the_request_is_long(port):
    status, answer = ask(port, table(*[[1, 2]] * 50_000, [1, None]))
    assert status == 400
    assert "row 50001, column 'height'" in answer["message"]
    assert len(answer["message"]) < 2 * model_server.MAX_ERROR


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[::1", "a b"])
def test_another_host_is_refused(port, host):
    assert ask(port, table([1, 2]), Host=host)[0] in (400, 403)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:5001", "LOCALHOST"])
def test_this_host_is_taken(port, host):
    assert ask(port, table([1, 2]), Host=host)[0] == 200


def test_a_page_of_another_site_is_refused(port):
    assert ask(port, table([1, 2]), Origin="http://evil.example")[0] == 403
    assert ask(port, table([1, 2]), Origin="http://localhost:8080")[0] == 200


@pytest.mark.parametrize(
    ("method", "path", "kind", "status"),
    [
        ("GET", "/docs", "", 404),
        ("GET", "/openapi.json", "", 404),
        ("GET", "/invocations", "", 405),
        ("POST", "/invocations", "text/plain", 415),
        ("POST", "/invocations", "", 415),
        ("POST", "/invocations", "application/vnd.apache.parquet", 415),
    ],
)
def test_nothing_else_is_answered(port, method, path, kind, status):
    assert ask(port, table([1, 2]), method, path, Content_Type=kind)[0] == status


def open_sockets(port, text, n):
    made = [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(n)]
    for one in made:
        one.sendall(text)
    return made


@pytest.mark.parametrize("text", [b"", b"POST /invocations HTTP/1.1\r\nHost: local"])
def test_a_request_that_never_comes_is_not_waited_for(port, text):
    for one in open_sockets(port, text, 50):
        with one, contextlib.suppress(ConnectionResetError):
            assert one.recv(100) == b""
    assert ask(port, table([1, 2]))[0] == 200


def test_a_body_that_never_comes_is_not_waited_for(port):
    head = b"POST /invocations HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\n"
    (one,) = open_sockets(port, head + b"Content-Length: 99\r\n\r\nwidth", 1)
    with one:
        assert b" 408 " in one.recv(100)


def test_connections_have_a_bound(port):
    with contextlib.ExitStack() as stack:
        for one in open_sockets(port, b"", model_server.MAX_CONNECTIONS):
            stack.enter_context(one)
        (more,) = open_sockets(port, b"GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n", 1)
        with more:
            assert b" 503 " in more.recv(100)
    end = time.monotonic() + 10
    while not served(port):
        assert time.monotonic() < end
        time.sleep(0.05)


def served(port):
    (one,) = open_sockets(port, b"GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n", 1)
    with one:
        return b" 200 " in one.recv(100)


def test_a_defect_is_said_without_a_traceback():
    async def broken(scope, receive, send):
        raise ZeroDivisionError

    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.request", "body": b"{}"}

    head = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    scope = {"type": "http", "path": "/invocations", "method": "POST", "headers": head}
    asyncio.run(model_server.Guard(broken)(scope, receive, send))
    assert sent[0]["status"] == 500
    assert "Traceback" not in strict(sent[1]["body"])["message"]


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e39, None])
def test_load_model_refuses_what_is_not_finite_by_row_and_column(value):
    import pandas as pd

    with pytest.raises(FoursplitError, match=r"row 2, column \(1,\)"):
        Sums().predict([[1, 2], [3, value]])
    with pytest.raises(FoursplitError, match="row 2, column 'height'"):
        Sums().predict(pd.DataFrame([[1, 2], [3, value]], columns=NAMES))
