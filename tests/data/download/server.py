"""A local HTTP server whose answers a test scripts, fault by fault."""

import contextlib
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[["Handler", bytes], None]
"""Writes one answer; gets the request and the content that it is about."""


class Handler(BaseHTTPRequestHandler):
    """Take the next answer of the script; the last one serves for all that follow."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_GET(self):
        script = self.server.script
        self.server.asked.append(self.headers.get("Range", ""))
        answer = script.pop(0) if len(script) > 1 else script[0]
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            answer(self, self.server.content)
        self.close_connection = True

    def end_headers(self):
        self.send_header("Connection", "close")
        super().end_headers()

    def log_message(self, *_: Any):
        """Say nothing."""

    def start(self, n: int, content: bytes) -> bytes:
        """Send the head of an answer that honours Range, with length `n`; give what is asked."""
        wanted = self.headers.get("Range", "")
        at = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        self.send_response(206 if wanted else 200)
        if wanted:
            self.send_header("Content-Range", f"bytes {at}-{n - 1}/{n}")
        self.send_header("Content-Length", str(n - at))
        self.end_headers()
        return content[at:]


class Server(ThreadingHTTPServer):
    """Serve `content` at `url` as `script` says."""

    daemon_threads = True

    def __init__(self, content: bytes, *script: Answer) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.script, self.asked = content, list(script), []
        self.thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/file"

    def stop(self):
        self.shutdown()
        self.server_close()


def whole(handler: Handler, content: bytes) -> None:
    handler.wfile.write(handler.start(len(content), content))


def cut(n: int) -> Answer:
    """Break the connection after `n` bytes."""

    def answer(handler: Handler, content: bytes) -> None:
        handler.wfile.write(handler.start(len(content), content)[:n])

    return answer


def no_range(handler: Handler, content: bytes) -> None:
    """Send everything, whatever was asked for."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def chunked(n: int) -> Answer:
    """Send `n` bytes without saying how many there are, then end as if that were all."""

    def answer(handler: Handler, content: bytes) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for at in range(0, n, 1000):
            part = content[at : min(at + 1000, n)]
            handler.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        handler.wfile.write(b"0\r\n\r\n")

    return answer


def status(code: int, **headers: str) -> Answer:
    def answer(handler: Handler, content: bytes) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def instead(other: bytes) -> Answer:
    """Send other content."""

    def answer(handler: Handler, content: bytes) -> None:
        handler.wfile.write(handler.start(len(other), other))

    return answer


def dripping(pause_s: float, n: int = 1) -> Answer:
    """Send `n` bytes at a time with a pause after each."""

    def answer(handler: Handler, content: bytes) -> None:
        left = handler.start(len(content), content)
        for at in range(0, len(left), n):
            handler.wfile.write(left[at : at + n])
            time.sleep(pause_s)

    return answer


def silent(seconds: float) -> Answer:
    """Begin an answer and say nothing more for a while."""

    def answer(handler: Handler, content: bytes) -> None:
        handler.start(len(content), content)
        time.sleep(seconds)

    return answer
