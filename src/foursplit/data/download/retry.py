"""Timeouts and retries of a download."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Bounds of one download; a try that received new bytes does not count as a failure."""

    attempts: int = 5  # in a row without a new byte
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 30.0  # without a byte, before the connection is closed
    min_bytes_per_s: int = 1024  # a connection below this for `slow_s` is given up, too
    min_speed_window_s: float = 60.0
    initial_backoff_s: float = 1.0  # doubled after each try
    max_backoff_s: float = 30.0
    max_attempts: int = 50  # whatever they brought: a server that cuts each kilobyte is no server

    def backoff_s(self, attempt: int) -> float:
        """Return the wait after the n-th failure in a row, in seconds."""
        return min(self.initial_backoff_s * 2 ** (attempt - 1), self.max_backoff_s)
