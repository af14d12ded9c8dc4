"""MLflow's scoring server behind a guard: what a request may weigh, take, ask and hear.

`foursplit serve` starts it on 127.0.0.1.  The guard is an ASGI application around MLflow's.
"""

import asyncio
import contextlib
import json
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from uvicorn.protocols.http.h11_impl import H11Protocol

from foursplit.core.terminal import printable
from foursplit.tracking.registry import pyfunc_model

MAX_BODY = 16 * 2**20  # bytes of a request
MAX_READ = 16 * MAX_BODY  # bytes that are read and dropped before a client is cut off
MAX_ERROR = 2000  # characters of an error's message: it never echoes a request whole
MAX_CONNECTIONS = 256
MAX_CONCURRENT = 2  # requests that are parsed and answered side by side; the others wait
BODY_S = 30.0  # for a request's body to arrive
HEAD_S = 10.0  # for a request's head to arrive
ANSWER_S = 60  # for the model

PATHS = {"/invocations": "POST", "/ping": "GET", "/health": "GET", "/version": "GET"}
TYPES = ("application/json", "text/csv")  # Parquet of a few bytes may unpack to gigabytes
HOSTS = frozenset({"127.0.0.1", "localhost"})

CODES = {
    400: "BAD_REQUEST", 403: "PERMISSION_DENIED", 404: "ENDPOINT_NOT_FOUND", 405: "BAD_REQUEST",
    408: "REQUEST_TIMEOUT", 413: "REQUEST_TOO_LARGE", 415: "UNSUPPORTED_MEDIA_TYPE",
}  # fmt: skip

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

log = logging.getLogger("uvicorn.error")


class RequestError(Exception):  # noqa: N818, it is an answer, and no defect
    """A request that is answered with `status` and a reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Guard:
    """Check a request before the application sees it, and its answer before the client does."""

    def __init__(self, app: App, *, body_s: float = BODY_S) -> None:
        self.app = app
        self.body_s = body_s
        self.turns = asyncio.Semaphore(MAX_CONCURRENT)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request, or pass on what is none."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            wrong = _check_head(scope)
            body = await self._body(receive, keep=wrong is None)
            if wrong is not None:
                raise wrong
            _check_body(body)
            status, head, answer = await self._answer(scope, body)
        except RequestError as refused:
            status, head, answer = refused.status, [], str(refused).encode()
        if status >= 400:
            head, answer = [], _error(status, answer)
        await _send(send, status, head, answer)

    async def _body(self, receive: Receive, *, keep: bool) -> bytes:
        try:
            return await asyncio.wait_for(_read(receive, keep=keep), self.body_s)
        except TimeoutError as error:
            raise RequestError(408, f"the body took more than {self.body_s:g} s") from error

    async def _answer(
        self, scope: Message, body: bytes
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """Have the application answer, and hold its answer back until it is whole."""
        start: Message = {"status": 500, "headers": []}
        parts: list[bytes] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                parts.append(message.get("body", b""))

        try:
            async with self.turns:
                await self.app(scope, receive, collect)
        except RecursionError as error:
            raise RequestError(400, "the JSON is nested too deeply") from error
        except Exception as error:  # MLflow answers what it expects; this it did not
            log.exception("a request could not be answered")
            raise RequestError(
                500, f"{type(error).__name__}; the server's log says more"
            ) from error
        return start["status"], [*start["headers"]], b"".join(parts)


def _check_head(scope: Message) -> RequestError | None:
    """Say what keeps a request from being asked for this server, by one of its paths."""
    host = _host_name(f"//{_header(scope, b'host')}")
    if host not in HOSTS:
        return RequestError(403, f"Host: {host!r} is not this server; ask 127.0.0.1 or localhost")
    origin = _header(scope, b"origin")
    if origin and _host_name(origin) not in HOSTS:
        return RequestError(
            403, f"Origin: {origin!r}: pages of other sites may not ask this server"
        )
    method = PATHS.get(scope["path"])
    if method is None:
        return RequestError(404, f"no such path; there are {', '.join(PATHS)}")
    if scope["method"] != method:
        return RequestError(405, f"{scope['path']} takes {method} alone")
    kind = _header(scope, b"content-type").partition(";")[0].strip().lower()
    if method == "POST" and kind not in TYPES:
        return RequestError(415, f"Content-Type: {kind!r}; this server takes {' and '.join(TYPES)}")
    return None


def _header(scope: Message, name: bytes) -> str:
    values = [value for key, value in scope["headers"] if key == name]
    return values[0].decode("latin-1") if len(values) == 1 else ""


def _host_name(address: str) -> str:
    """Return the host of an address in small letters, without a port."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


async def _read(receive: Receive, *, keep: bool) -> bytes:
    """Read a body to its end, so that who sends it hears the answer; hold no more than allowed."""
    parts, size, more = [], 0, True
    while more and size <= MAX_READ:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RequestError(400, "the client left before its request was whole")
        part = message.get("body", b"")
        size += len(part)
        if keep and size <= MAX_BODY:
            parts.append(part)
        else:
            parts.clear()
        more = message.get("more_body", False)
    if keep and size > MAX_BODY:
        reason = f"a request may have {MAX_BODY:,} bytes; send fewer examples at a time"
        raise RequestError(413, reason)
    return b"".join(parts)


def _check_body(body: bytes) -> None:
    """Refuse what is no UTF-8, which MLflow's reader of JSON would not expect."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RequestError(400, f"the body is no UTF-8 at byte {error.start:,}") from error


def _error(status: int, answer: bytes) -> bytes:
    """Return an error as JSON, its message cut where it echoes a long request."""
    text = answer.decode("utf-8", errors="replace")
    code = CODES.get(status, "INTERNAL_ERROR" if status >= 500 else "BAD_REQUEST")
    with contextlib.suppress(ValueError):
        told = json.loads(text)
        if isinstance(told, Mapping):
            code, text = str(told.get("error_code", code)), str(told.get("message", text))
    if len(text) > MAX_ERROR:  # the reason stands at the end, behind what was sent
        text = f"{text[: MAX_ERROR // 4]} … {text[-3 * MAX_ERROR // 4 :]}"
    return json.dumps({"error_code": code[:100], "message": printable(text)}).encode()


async def _send(send: Send, status: int, head: list[tuple[bytes, bytes]], answer: bytes) -> None:
    kept = [(key, value) for key, value in head if key.lower() != b"content-length"]
    kept = kept or [(b"content-type", b"application/json")]
    kept.append((b"content-length", str(len(answer)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": kept})
    await send({"type": "http.response.body", "body": answer})


class TimeoutProtocol(H11Protocol):
    """HTTP that closes a connection whose request does not arrive in time."""

    head_s = HEAD_S
    timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take what came, and wait no longer once a request's head is whole."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop()
        super().connection_lost(exc)

    def _watch(self) -> None:
        if not self._waits():
            self._stop()
        elif self.timer is None:
            self.timer = self.loop.call_later(self.head_s, self._close)

    def _waits(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _close(self) -> None:
        self.timer = None
        if self._waits():
            self.transport.abort()

    def _stop(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


def load_guarded(folder: str) -> Guard:
    """Load a version with MLflow, and return its server behind the guard."""
    import mlflow.pyfunc
    from mlflow.pyfunc import scoring_server

    return Guard(scoring_server.init(mlflow.pyfunc.load_model(folder)))


def main(host: str, port: int) -> None:
    """Serve until a signal ends the process."""
    import uvicorn

    os.environ["MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT"] = str(ANSWER_S)
    uvicorn.run(
        load_guarded(os.environ[pyfunc_model.SERVED]),
        host=host,
        port=port,
        http=TimeoutProtocol,
        ws="none",
        limit_concurrency=MAX_CONNECTIONS,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=3,
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
