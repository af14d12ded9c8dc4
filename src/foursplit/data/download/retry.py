"""How long a fetch waits, and how often it tries."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Bounds of one fetch; a try that brought new bytes does not count against `attempts`."""

    attempts: int = 5  # in a row without a new byte
    connect_s: float = 10.0
    silent_s: float = 30.0  # without a byte, before the connection is given up
    slow_bytes_s: int = 1024  # a connection below this for `slow_s` is given up, too
    slow_s: float = 60.0
    first_pause_s: float = 1.0  # doubled after each try
    longest_pause_s: float = 30.0
    most_tries: int = 50  # whatever they brought: a server that cuts each kilobyte is no server

    def pause(self, attempt: int) -> float:
        """Give the wait after the n-th failure in a row, in seconds."""
        return min(self.first_pause_s * 2 ** (attempt - 1), self.longest_pause_s)
