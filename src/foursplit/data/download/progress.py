"""Progress line of a download: bytes, speed, time left."""

import sys
import time
from types import TracebackType
from typing import Self

EVERY_S = 5.0  # between lines where the output is no terminal
REFRESH_S = 0.1


class Progress:
    """Rewrite a bar on a terminal; elsewhere write a line every few seconds."""

    def __init__(self, name: str, total: int) -> None:
        self.name, self.total = name, total
        self.begin: tuple[float, int] | None = None  # when the first byte came, and what we had
        self.last = time.monotonic()
        self.live = sys.stderr.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _at: TracebackType | None,
    ) -> None:
        if self.live:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()

    def at(self, have: int) -> None:
        """Show that `have` bytes are here."""
        now = time.monotonic()
        if self.begin is None or have < self.begin[1]:
            self.begin = (now, have)
        if now - self.last < (REFRESH_S if self.live else EVERY_S):
            return
        self.last = now
        text = self.text(have, now)
        sys.stderr.write(f"\r\033[K{text}" if self.live else f"{text}\n")
        sys.stderr.flush()

    def text(self, have: int, now: float) -> str:
        """Write the line."""
        assert self.begin is not None
        came, seconds = have - self.begin[1], now - self.begin[0]
        speed = came / seconds if seconds > 0 else 0.0
        left = f" · {(self.total - have) / speed:.0f} s left" if speed else ""
        filled = round(20 * have / self.total) if self.total else 20
        bar = "━" * filled + "╌" * (20 - filled)
        megabytes = f"{have / 1e6:.1f} of {self.total / 1e6:.1f} MB"
        return f"  {self.name} {bar} {megabytes} · {speed / 1e6:.1f} MB/s{left}"
