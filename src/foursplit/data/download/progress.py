"""Progress of a download: bytes, speed and time left."""

import time

from foursplit.io.status_line import StatusLine


class DownloadProgress(StatusLine):
    """Show how many bytes of a file are here."""

    def __init__(self, name: str, total: int) -> None:
        super().__init__()
        self.name, self.total = name, total
        self.first: tuple[float, int] | None = None  # time of the first byte, and bytes before it

    def update(self, n_bytes: int) -> None:
        now = time.monotonic()
        if self.first is None or n_bytes < self.first[1]:
            self.first = (now, n_bytes)
        if self.is_due():
            self.write(self.text(n_bytes, now))

    def text(self, n_bytes: int, now: float) -> str:
        """Return the line for `n_bytes` at the time `now`."""
        assert self.first is not None
        received, seconds = n_bytes - self.first[1], now - self.first[0]
        speed = received / seconds if seconds > 0 else 0.0
        left = f" · {(self.total - n_bytes) / speed:.0f} s left" if speed else ""
        filled = round(20 * n_bytes / self.total) if self.total else 20
        bar = "━" * filled + "╌" * (20 - filled)
        megabytes = f"{n_bytes / 1e6:.1f} of {self.total / 1e6:.1f} MB"
        return f"  {self.name} {bar} {megabytes} · {speed / 1e6:.1f} MB/s{left}"
