"""One line on stderr that says how far long work is."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

INTERVAL_S = 5.0  # between lines where the output is not a terminal
REFRESH_S = 0.1  # between updates of the line on a terminal


class StatusLine:
    """Rewrite one line on a terminal; elsewhere write a line every few seconds."""

    def __init__(self) -> None:
        self.start = self.last = time.monotonic()
        self.live = sys.stderr.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.close()

    def is_due(self) -> bool:
        return time.monotonic() - self.last >= (REFRESH_S if self.live else INTERVAL_S)

    def seconds_left(self, share_done: float) -> float:
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
def announce(text: str) -> Iterator[None]:
    """Say on a terminal what is being done, as long as it is done; elsewhere nothing."""
    with StatusLine() as status:
        if status.live:
            status.write(text)
        yield
