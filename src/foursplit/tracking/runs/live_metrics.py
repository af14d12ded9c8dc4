"""Live metrics in MLflow during a long training; errors here never stop the training."""

import sys
import threading
import time
from collections.abc import Mapping
from queue import Empty, SimpleQueue
from typing import Any

from filelock import FileLock, Timeout

from foursplit.config import paths
from foursplit.config.schema import Experiment
from foursplit.core.errors import FoursplitError
from foursplit.tracking import store, store_errors
from foursplit.tracking.runs import ownership, queries
from foursplit.tracking.runs.queries import LIVE
from foursplit.tracking.runs.run_data import curve_points, run_name, thin
from foursplit.tracking.runs.run_key import live_key

START_AFTER_S = (
    20.0  # a shorter training ends before the page is open; MLflow alone takes 4 s to import
)

WRITE_INTERVAL_S = 3.0  # between two writes; the page refreshes every 30 s

MAX_ROWS_PER_WRITE = 50  # an epoch may take less than a millisecond

CLOSE_TIMEOUT_S = 10.0  # for the last rows after the training

Row = Mapping[str, float]


class LiveCurves:
    """A training callback that passes each row to a thread, which writes to MLflow."""

    def __init__(
        self, home: str, key: str, experiment: Experiment, seed: int, data: Mapping[str, str]
    ) -> None:
        self.experiment = f"{home}/{experiment.group}"
        self.name = run_name(key, seed)
        self.mark = live_key(key, experiment, seed, data)
        self.start = time.monotonic()
        self.rows: SimpleQueue[Row] = SimpleQueue()
        self.ended = threading.Event()
        self.thread: threading.Thread | None = None

    def __call__(self, row: Row) -> None:
        self.rows.put(row)
        if self.thread is None and time.monotonic() - self.start >= START_AFTER_S:
            # A thread, so that a slow or locked store does not delay training; as a daemon it ends
            # with an interrupted training and leaves the run to the next `foursplit track`.
            self.thread = threading.Thread(target=self._follow, name="live curves", daemon=True)
            self.thread.start()

    def close(self) -> None:
        """Write the last rows; the run stays open until `foursplit track` completes it."""
        self.ended.set()
        if self.thread is not None:
            self.thread.join(CLOSE_TIMEOUT_S)

    def _follow(self) -> None:
        failures: tuple[type[Exception], ...] = (*store.error_types(), FoursplitError)
        try:
            with _lock(self.mark).acquire(timeout=0):
                self._write()
        except Timeout:
            return  # another process logs the same training
        except failures as error:
            sys.stderr.write(f"\n  no live metrics in MLflow: {store_errors.reason(error)}\n")

    def _write(self) -> None:
        from mlflow.entities import Metric

        client = store.client()
        run_id, last = self._open(client)
        is_over = False
        while not is_over:
            is_over = self.ended.wait(WRITE_INTERVAL_S)
            rows = [row for row in self._waiting_rows() if row["epoch"] > last]
            now_ms = int(time.time() * 1000)
            points = curve_points(thin(rows, MAX_ROWS_PER_WRITE))
            store.log_batch(client, run_id, [Metric(n, v, now_ms, step) for n, v, step in points])

    def _open(self, client: Any) -> tuple[str, float]:
        """Create a run, or resume that of an interrupted training; return its id and last epoch."""
        experiment_id = store.get_or_create_experiment(client, self.experiment, "")
        for run in filter(ownership.is_owned, queries.live_runs(client, experiment_id, self.mark)):
            client.update_run(run.info.run_id, status="RUNNING")
            history = client.get_metric_history(run.info.run_id, "curve/train_loss")
            return run.info.run_id, max((point.step for point in history), default=0)
        start_ms = int((time.time() - (time.monotonic() - self.start)) * 1000)
        tags = {LIVE: self.mark, **ownership.tags()}
        run = client.create_run(experiment_id, start_time=start_ms, tags=tags, run_name=self.name)
        return run.info.run_id, 0

    def _waiting_rows(self) -> list[Row]:
        rows: list[Row] = []
        while True:
            try:
                rows.append(self.rows.get_nowait())
            except Empty:
                return rows


def is_training(client: Any, run: Any) -> bool:
    """Return whether a live run is in training: here by its lock, elsewhere by its metrics."""
    if ownership.is_owned(run):
        return is_training_here(run.data.tags[LIVE])
    curve = next(iter(run.data.metrics), None)
    points = client.get_metric_history(run.info.run_id, curve) if curve else []
    return not ownership.is_expired(
        max((p.timestamp for p in points), default=ownership.started_ms(run))
    )


def is_training_here(key: str) -> bool:
    """Return whether a local process is training this run: it holds the run's lock."""
    lock = _lock(key)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False


def _lock(key: str) -> FileLock:
    folder = paths.state() / "live"
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / f"{key}.lock")
