"""Which stage may start next: what it needs is done, its threads fit, the longest way comes first.

Knows names and numbers only: no DVC, no process, no clock.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class StageQueue:
    """Stages on their way from waiting to done.

    `needs` names what each stage waits for, `threads` how many each takes while it runs, and
    `seconds` about how long it takes.
    """

    needs: Mapping[str, frozenset[str]]
    threads: Mapping[str, int]
    seconds: Mapping[str, float]
    slots: int
    waiting: dict[str, set[str]] = field(init=False)  # stage: what it still waits for
    ready: set[str] = field(init=False)
    running: set[str] = field(init=False, default_factory=set)
    done: set[str] = field(init=False, default_factory=set)
    failed: set[str] = field(init=False, default_factory=set)
    skipped: dict[str, str] = field(init=False, default_factory=dict)  # stage: whose failure
    critical_path: dict[str, float] = field(
        init=False
    )  # seconds from a stage's start to the last end

    def __post_init__(self) -> None:
        self.waiting = {name: set(needed) for name, needed in self.needs.items()}
        self.ready = {name for name, needed in self.waiting.items() if not needed}
        for name in self.ready:
            del self.waiting[name]
        self.critical_path = critical_path_lengths(self.needs, self.seconds)

    def ready_by_priority(self) -> list[str]:
        """List the ready stages, the one with the longest way to the end first."""
        order = {name: place for place, name in enumerate(self.needs)}
        return sorted(self.ready, key=lambda name: (-self.critical_path[name], order[name]))

    def fits(self, name: str) -> bool:
        """Tell whether a stage's threads are free; one that needs more than all runs alone."""
        taken = sum(self.threads[other] for other in self.running)
        return taken + self.threads[name] <= self.slots or not self.running

    def start(self, name: str) -> None:
        assert self.fits(name)
        self.ready.remove(name)
        self.running.add(name)

    def put_back(self, name: str) -> None:
        """Let a stage that was cut off by no fault of its own start again."""
        self.running.remove(name)
        self.ready.add(name)

    def finish(self, name: str) -> None:
        """Mark a stage done, having run or not, and free what waits for it."""
        self.running.discard(name)
        self.ready.discard(name)
        self.done.add(name)
        for other, needed in list(self.waiting.items()):
            needed.discard(name)
            if not needed:
                del self.waiting[other]
                self.ready.add(other)

    def fail(self, name: str) -> None:
        """Mark a stage failed; what depends on it will not run, the rest will."""
        self.running.discard(name)
        self.ready.discard(name)
        self.failed.add(name)
        for other in list(self.waiting):
            if self.depends(other, name):
                del self.waiting[other]
                self.skipped.setdefault(other, name)

    def depends(self, name: str, on: str) -> bool:
        """Tell whether a stage needs another, directly or through others."""
        todo, seen = [name], set()
        while todo:
            for needed in self.needs[todo.pop()]:
                if needed == on:
                    return True
                if needed not in seen:
                    seen.add(needed)
                    todo.append(needed)
        return False

    @property
    def is_done(self) -> bool:
        return not (self.ready or self.running or self.waiting)

    def seconds_left(self, elapsed: Mapping[str, float]) -> float:
        """Estimate the time to the end: the work left over the slots, or the longest way left."""
        work, ways = 0.0, [0.0]
        for name in (*self.ready, *self.waiting, *self.running):
            gone = min(elapsed.get(name, 0.0), self.seconds[name])
            work += (self.seconds[name] - gone) * min(self.threads[name], self.slots)
            ways.append(self.critical_path[name] - gone)
        return max(work / self.slots, *ways)


def critical_path_lengths(
    needs: Mapping[str, Iterable[str]], seconds: Mapping[str, float]
) -> dict[str, float]:
    """Give each stage the time of the slowest chain that begins with it."""
    followers: dict[str, list[str]] = {name: [] for name in needs}
    for name, needed in needs.items():
        for other in needed:
            followers[other].append(name)
    left = {name: len(after) for name, after in followers.items()}
    ways = dict.fromkeys(needs, 0.0)
    ends = [name for name, count in left.items() if count == 0]
    while ends:
        name = ends.pop()
        ways[name] += seconds[name]
        for other in needs[name]:
            ways[other] = max(ways[other], ways[name])
            left[other] -= 1
            if left[other] == 0:
                ends.append(other)
    return ways
