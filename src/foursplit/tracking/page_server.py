"""MLflow's server, whose page opens experiments on their runs.

MLflow 3.17 has two sets of pages, and an experiment opens on those for language models unless the
address or the browser's storage names model training; the links in its list of experiments drop the
address' query.  So its page is served with a line that notes the choice in the browser, where the
browser has none yet; the switch on the page works as before.  `mlflow server --app-name foursplit`
finds this module by its entry point.
"""

from collections.abc import Awaitable, Callable
from importlib.metadata import entry_points
from typing import Any

APP = "foursplit"

ENTRY_POINTS = "mlflow.app"  # MLflow's group of applications

STORED_KEY = "mlflow.workflowType_v1"  # in the browser's storage, as MLflow's page reads it

STORED_VALUE = "machine_learning"

SCRIPT = (
    f"<script>try{{if(localStorage.getItem('{STORED_KEY}')===null)"
    f"localStorage.setItem('{STORED_KEY}','\"{STORED_VALUE}\"')}}catch(e){{}}</script>"
).encode()

CONDITIONS = (b"if-none-match", b"if-modified-since")
"""Headers by which a browser asks for what has changed since: it may hold MLflow's own page."""

VALIDATORS = (b"etag", b"last-modified", b"content-length")

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


def is_installed() -> bool:
    """Return whether MLflow finds this application; an older environment lacks its entry point."""
    return bool(entry_points(group=ENTRY_POINTS, name=APP))


def create_app() -> App:
    """Return MLflow's application with our page."""
    from mlflow.server.fastapi_app import app

    return TrainingPage(app)


class TrainingPage:
    """An ASGI application that adds the script to the head of the page, and passes all else on."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["path"] != "/":
            await self.app(scope, receive, send)
            return
        headers = [(name, value) for name, value in scope["headers"] if name not in CONDITIONS]
        start: Message = {}
        parts: list[bytes] = []

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                parts.append(message.get("body", b""))

        await self.app({**scope, "headers": headers}, receive, collect)
        body = b"".join(parts).replace(b"<head>", b"<head>" + SCRIPT, 1)
        kept = [(name, value) for name, value in start["headers"] if name not in VALIDATORS]
        length = (b"content-length", str(len(body)).encode())
        await send({**start, "headers": [*kept, length, (b"cache-control", b"no-store")]})
        await send(
            {"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body}
        )
