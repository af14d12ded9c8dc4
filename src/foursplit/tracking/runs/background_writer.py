"""Write runs to MLflow beside the stages, in a process that `foursplit repro` starts and directs.

Started as `python -m foursplit.tracking.runs.background_writer`.  Requests are lines of JSON on
standard input, replies lines of JSON on standard output.  When the input closes, the runner has
ended: the process ends after the run that it is writing.  An error ends it too; the runner then
writes the runs itself, and reports the error if it lasts.
"""

import json
import os
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping, Sequence
from queue import SimpleQueue
from typing import Any

from foursplit.config.load import load
from foursplit.config.pipelines import FULL
from foursplit.core import redact
from foursplit.evaluation.results import collect
from foursplit.tracking import store
from foursplit.tracking.runs import sync
from foursplit.tracking.runs.provenance import LockFiles

NICENESS = 5
"""Lower priority than the stages, but enough that not all is left for the end of a full machine."""

GRACE_S = 5.0  # for the last run after the input has closed: a store may hang

CHUNK = 1 << 16

STDIN = 0


def main() -> None:
    """Serve the requests on standard input."""
    os.nice(NICENESS)
    try:
        _serve(Requests())
    except Exception:
        sys.stderr.write(redact.hide(traceback.format_exc(), store.uri()))
        sys.exit(1)


class Requests:
    """The requests of the runner, read ahead by a thread, so that it never waits."""

    def __init__(self) -> None:
        self.queue: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
        self.closed, self.idle = threading.Event(), threading.Event()
        self.idle.set()
        threading.Thread(target=self._read, daemon=True).start()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        while (request := self.queue.get()) is not None and not self.closed.is_set():
            self.idle.clear()
            yield request
            self.idle.set()

    def until_closed(self, items: Sequence[Any]) -> Iterator[Any]:
        """Pass items on until the input closes."""
        for item in items:
            if self.closed.is_set():
                return
            yield item

    def _read(self) -> None:
        received = b""
        # Not by `sys.stdin`: a thread that waits in it at the interpreter's exit is a fatal error.
        while data := os.read(STDIN, CHUNK):
            *lines, received = (received + data).split(b"\n")
            for line in lines:
                self.queue.put(json.loads(line))
        self.closed.set()
        self.queue.put(None)
        os._exit(0 if self.idle.wait(GRACE_S) else 1)


def _serve(requests: Requests) -> None:
    store.error_types()  # imports MLflow, while the first stages run
    params, n_written = load(), 0
    for request in requests:
        match request:
            case {"group": group, "pipeline": of, "locks": locks}:
                entries = collect(params.of(of), group)
                unwritten = LockFiles(locks)
                n_written += sync.sync_group(params, entries, unwritten, requests.until_closed)
            case {"lesson": name}:
                n_written += sync.sync_lessons(params, [name], requests.until_closed)
            case {"search": name}:
                n_written += sync.sync_searches(params, [name])
            case {"finish": "everything"}:
                _reply(counts=_sync_everything(n_written))
            case {"finish": "requested"}:
                _reply(counts={"new": n_written, "kept": 0})


def _sync_everything(n_written: int) -> Mapping[str, int]:
    """Sync all runs, as `foursplit track`; count the `n_written` before as new."""
    params = load()  # it may have been edited
    entries = [*collect(params), *collect(params.of(FULL))]
    counts = sync.sync_runs(params, entries, lambda text: _reply(message=text), _report_progress)
    return {"new": counts.new + n_written, "kept": max(counts.kept - n_written, 0)}


def _report_progress(total: int) -> sync.Progress:
    done = 0

    def report(items: Sequence[Any]) -> Iterator[Any]:
        nonlocal done
        for item in items:
            _reply(progress=sync.progress_text(done, total))
            yield item
            done += 1

    return report


def _reply(**content: Any) -> None:
    sys.stdout.write(json.dumps(content) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
