"""A line that a person can follow while a model learns."""

import sys
import time

from foursplit.training.callbacks import Row

EVERY_S = 5.0  # between lines where the output is no terminal
REFRESH_S = 0.1


class Progress:
    """Rewrite one line on a terminal; elsewhere write one every few seconds."""

    def __init__(self, seed: int, max_epochs: int) -> None:
        self.seed, self.max_epochs = seed, max_epochs
        self.start = self.last = time.monotonic()
        self.live = sys.stderr.isatty()

    def __call__(self, row: Row) -> None:
        now = time.monotonic()
        if now - self.last < (REFRESH_S if self.live else EVERY_S):
            return
        self.last = now
        left = (now - self.start) * (self.max_epochs / row["epoch"] - 1)
        text = (
            f"  seed {self.seed} · epoch {row['epoch']:.0f}/{self.max_epochs}"
            f" · train loss {row['train_loss']:.4f}"
            + (f" · dev error {row['dev_error']:.2%}" if "dev_error" in row else "")
            + f" · {left:.0f} s left"
        )
        sys.stderr.write(f"\r\033[K{text}" if self.live else f"{text}\n")
        sys.stderr.flush()

    def close(self) -> None:
        if self.live:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()
