"""A line that a person can follow while a model learns."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from foursplit.training.callbacks import Row

EVERY_S = 5.0  # between lines where the output is no terminal
REFRESH_S = 0.1


class Line:
    """Rewrite one line on a terminal; elsewhere write one every few seconds."""

    def __init__(self) -> None:
        self.start = self.last = time.monotonic()
        self.live = sys.stderr.isatty()

    @property
    def due(self) -> bool:
        return time.monotonic() - self.last >= (REFRESH_S if self.live else EVERY_S)

    def left(self, share_done: float) -> float:
        """Estimate the seconds left from the share (above 0) that is done."""
        return (time.monotonic() - self.start) * (1 / share_done - 1)

    def write(self, text: str) -> None:
        self.last = time.monotonic()
        sys.stderr.write(f"\r\033[K{text}" if self.live else f"{text}\n")
        sys.stderr.flush()

    def close(self) -> None:
        if self.live:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()


@contextmanager
def report_progress(model: Any, seed: int) -> Iterator[None]:
    """Write how far a model with a fit of its own is, if it tells."""
    line = Line()

    def tell(text: str, share_done: float) -> None:
        if line.due:
            line.write(f"  seed {seed} · {text} · {line.left(share_done):.0f} s left")

    if hasattr(model, "tell"):
        model.tell = tell
    try:
        yield
    finally:
        line.close()


class Progress:
    """Say how far the training of one model is."""

    def __init__(self, seed: int, max_epochs: int) -> None:
        self.seed, self.max_epochs = seed, max_epochs
        self.line = Line()

    def __call__(self, row: Row) -> None:
        if not self.line.due:
            return
        self.line.write(
            f"  seed {self.seed} · epoch {row['epoch']:.0f}/{self.max_epochs}"
            f" · train loss {row['train_loss']:.4f}"
            + (f" · dev error {row['dev_error']:.2%}" if "dev_error" in row else "")
            + f" · {self.line.left(row['epoch'] / self.max_epochs):.0f} s left"
        )

    def close(self) -> None:
        self.line.close()


class LearningCurveProgress:
    """Say how far the training of many models is, one after the other."""

    def __init__(self, n_models: int) -> None:
        self.n_models = n_models
        self.number, self.n, self.max_epochs = 0, 0, 0
        self.line = Line()

    def begin(self, n: int, max_epochs: int) -> None:
        """Turn to the next model: it has `n` examples; without epochs, `max_epochs` is 0."""
        self.number, self.n, self.max_epochs = self.number + 1, n, max_epochs
        self._say(0.0)

    def __call__(self, row: Row) -> None:
        self._say(row["epoch"] / self.max_epochs)

    def _say(self, share: float) -> None:
        done = (self.number - 1 + share) / self.n_models
        if self.line.due and done > 0:
            at = f" · epoch {share * self.max_epochs:.0f}/{self.max_epochs}" if share else ""
            self.line.write(
                f"  model {self.number} of {self.n_models} · {self.n:,} examples{at}"
                f" · {self.line.left(done):.0f} s left"
            )

    def close(self) -> None:
        self.line.close()
