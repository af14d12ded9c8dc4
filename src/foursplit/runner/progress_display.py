"""What a person sees of a run: each stage's words in one piece, and one line on how it stands."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

LIVE_INTERVAL_S = 0.2  # between two drawings on a terminal
PLAIN_INTERVAL_S = 15.0  # between two lines where the output is a file


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How far a run is."""

    done: int
    total: int
    waiting: int
    seconds_left: float
    running: Mapping[str, tuple[float, str]]  # title: seconds so far, the line it shows

    def summary(self) -> str:
        """Say it in one line."""
        return (
            f"{self.done} of {self.total} done · {len(self.running)} run · {self.waiting} wait"
            f" · about {format_duration(self.seconds_left)} left"
        )


class Display:
    """A terminal that is drawn anew, or a file that grows."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.console = Console(highlight=False, soft_wrap=True)
        self.last = time.monotonic()
        self.live: Live | None = None

    @property
    def size(self) -> os.terminal_size | None:
        """Give the size of the terminal that stages shall see; None where there is none."""
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

    def say(self, text: str, style: str = "") -> None:
        self.console.print(Text(text, style=style))

    def block(self, number: int, title: str, how: str, said: str, *, failed: bool = False) -> None:
        """Show a stage that has ended: how, and everything it said, in one piece."""
        style = "bold red" if failed else "bold"
        heading = Text(f"[{number} of {self.total}] {title}", style=style)
        heading.append(f"  {how}", style="red" if failed else "dim")
        # One write: two stages' lines are never mixed.
        self.console.print(Group(heading, Text.from_ansi(said)) if said else heading)

    def draw(self, look: Callable[[], Status]) -> None:
        """Show how the run stands, if it is time to."""
        now = time.monotonic()
        if now - self.last < (PLAIN_INTERVAL_S if self.live is None else LIVE_INTERVAL_S):
            return
        self.last = now
        standing = look()
        if self.live is None:
            running = ", ".join(
                f"{title} {format_duration(seconds)}"
                for title, (seconds, _) in standing.running.items()
            )
            self.say(f"{standing.summary()}: {running}")
        else:
            self.live.update(Group(*self._lines(standing)), refresh=True)

    def _lines(self, standing: Status) -> list[Text]:
        lines = []
        for title, (seconds, shown) in standing.running.items():
            line = Text(f"  {title} {format_duration(seconds)}", style="cyan")
            line.append(f"  {shown}", style="dim")
            lines.append(line)
        lines.append(Text(standing.summary(), style="bold"))
        for line in lines:
            line.no_wrap, line.overflow = True, "ellipsis"
            line.truncate(self.console.width, overflow="ellipsis")
        return lines


def format_duration(seconds: float) -> str:
    """Write a time as people say it."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes / 60:.1f} h"
