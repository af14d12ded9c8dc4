"""Progress in the terminal: the output of each ended stage, and one status line."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

LIVE_INTERVAL_S = 0.2  # between two updates of a terminal
PLAIN_INTERVAL_S = 15.0  # between two lines in a file


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The progress of a run."""

    done: int
    total: int
    waiting: int
    seconds_left: float
    running: Mapping[str, tuple[float, str]]  # title: seconds so far, last line of output

    def summary(self) -> str:
        """Return the status in one line."""
        return (
            f"{self.done} of {self.total} done · {len(self.running)} run · {self.waiting} wait"
            f" · about {format_duration(self.seconds_left)} left"
        )


class Display:
    """Write progress to a terminal, which is redrawn, or to a file, which grows."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.console = Console(highlight=False, soft_wrap=True)
        self.last = time.monotonic()
        self.live: Live | None = None

    @property
    def size(self) -> os.terminal_size | None:
        """Return the terminal size for the stages; None without a terminal."""
        if not self.console.is_terminal:
            return None
        return os.terminal_size((self.console.width, self.console.height))

    def open(self) -> None:
        if self.console.is_terminal:
            self.live = Live(console=self.console, auto_refresh=False, transient=True)
            self.live.start()

    def close(self) -> None:
        if self.live is not None:
            self.live.stop()
            self.live = None

    def print(self, text: str, style: str = "") -> None:
        self.console.print(Text(text, style=style))

    def print_text(self, text: str) -> None:
        """Print text with the colors that it has; nothing if it is empty."""
        if text:
            self.console.print(Text.from_ansi(text), end="" if text.endswith("\n") else "\n")

    def print_block(
        self, number: int, title: str, outcome: str, output: str, *, failed: bool = False
    ) -> None:
        """Print an ended stage: its outcome and all of its output."""
        style = "bold red" if failed else "bold"
        heading = Text(f"[{number} of {self.total}] {title}", style=style)
        heading.append(f"  {outcome}", style="red" if failed else "dim")
        # One write, so that the lines of two stages never mix.
        self.console.print(Group(heading, Text.from_ansi(output)) if output else heading)

    def draw(self, get_status: Callable[[], Status]) -> None:
        """Update the status, at most once per interval."""
        now = time.monotonic()
        if now - self.last < (PLAIN_INTERVAL_S if self.live is None else LIVE_INTERVAL_S):
            return
        self.last = now
        status = get_status()
        if self.live is None:
            running = ", ".join(
                f"{title} {format_duration(seconds)}"
                for title, (seconds, _) in status.running.items()
            )
            self.print(f"{status.summary()}: {running}")
        else:
            self.live.update(Group(*self._lines(status)), refresh=True)

    def _lines(self, status: Status) -> list[Text]:
        lines = []
        for title, (seconds, last_line) in status.running.items():
            line = Text(f"  {title} {format_duration(seconds)}", style="cyan")
            progress = Text(f"  {last_line}", style="dim")
            if line.cell_len + progress.cell_len <= self.console.width:
                lines.append(line.append_text(progress))
            else:  # a line of its own, which ends with the dev error and the time left
                lines += [line, Text("  ").append_text(progress)]
        lines.append(Text(status.summary(), style="bold"))
        for line in lines:
            line.no_wrap, line.overflow = True, "ellipsis"
            line.truncate(self.console.width, overflow="ellipsis")
        return lines


def format_duration(seconds: float) -> str:
    """Format a duration for people."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes / 60:.1f} h"
