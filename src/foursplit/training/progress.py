"""Progress of training, on one line."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import fmean
from typing import Any

from foursplit.io.status_line import StatusLine
from foursplit.training.callbacks import Row


@contextmanager
def report_progress(model: Any, seed: int) -> Iterator[None]:
    """Show the progress of a model with its own fit(), if it calls `on_progress`."""
    with StatusLine() as line:

        def show(text: str, share_done: float) -> None:
            if line.is_due():
                line.write(f"  seed {seed} · {text} · {line.seconds_left(share_done):.0f} s left")

        if hasattr(model, "on_progress"):
            model.on_progress = show
        yield


class Progress:
    """Show the progress of one training."""

    def __init__(self, seed: int, max_epochs: int) -> None:
        self.seed, self.max_epochs = seed, max_epochs
        self.line = StatusLine()

    def __call__(self, row: Row) -> None:
        if not self.line.is_due():
            return
        self.line.write(
            f"  seed {self.seed} · epoch {row['epoch']:.0f}/{self.max_epochs}"
            f" · train loss {row['train_loss']:.4f}"
            + (f" · dev error {row['dev_error']:.2%}" if "dev_error" in row else "")
            + f" · {self.line.seconds_left(row['epoch'] / self.max_epochs):.0f} s left"
        )

    def close(self) -> None:
        self.line.close()


class SeedBatchProgress:
    """Show the progress of several seeds that are trained at once, by the means over them."""

    def __init__(self, n_seeds: int, max_epochs: int) -> None:
        self.n_seeds, self.max_epochs = n_seeds, max_epochs
        self.line = StatusLine()

    def __call__(self, rows: Sequence[Row]) -> None:
        if not self.line.is_due():
            return
        means = {name: fmean(row[name] for row in rows) for name in rows[0]}
        self.line.write(
            f"  {self.n_seeds} seeds · epoch {means['epoch']:.0f}/{self.max_epochs}"
            f" · mean train loss {means['train_loss']:.4f}"
            + (f" · mean dev error {means['dev_error']:.2%}" if "dev_error" in means else "")
            + f" · {self.line.seconds_left(means['epoch'] / self.max_epochs):.0f} s left"
        )

    def close(self) -> None:
        self.line.close()


class SearchProgress:
    """Show the progress of a search: trials done, of those that its budget allows about."""

    def __init__(self, n_trials: int) -> None:
        self.n_trials, self.line = n_trials, StatusLine()

    def begin(self, done: int) -> None:
        """Say that so many trials are done."""
        if self.line.is_due():
            self.line.write(f"  trial {done} of about {self.n_trials}")

    def close(self) -> None:
        self.line.close()


class LearningCurveProgress:
    """Show the progress of many trainings, one after the other."""

    def __init__(self, n_models: int) -> None:
        self.n_models = n_models
        self.number, self.n, self.max_epochs = 0, 0, 0
        self.line = StatusLine()

    def begin(self, n: int, max_epochs: int) -> None:
        """Start the next model: it has `n` examples; without epochs, `max_epochs` is 0."""
        self.number, self.n, self.max_epochs = self.number + 1, n, max_epochs
        self._show(0.0)

    def __call__(self, row: Row) -> None:
        self._show(row["epoch"] / self.max_epochs)

    def _show(self, share: float) -> None:
        done = (self.number - 1 + share) / self.n_models
        if self.line.is_due() and done > 0:
            at = f" · epoch {share * self.max_epochs:.0f}/{self.max_epochs}" if share else ""
            self.line.write(
                f"  model {self.number} of {self.n_models} · {self.n:,} examples{at}"
                f" · {self.line.seconds_left(done):.0f} s left"
            )

    def close(self) -> None:
        self.line.close()
