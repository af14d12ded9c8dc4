"""Scheduling: a stage may start when its dependencies are done and its threads are free.

All slots go to the first milestone (a decided comparison), the shortest, so that the first
results come early.  Then one slot goes through the others, the shortest first, and the rest take
the longest critical path, so that the end comes early.  Knows names and numbers only: no DVC, no
process, no clock.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from foursplit.runner.duration_learning import DurationLearning


@dataclass(slots=True, kw_only=True)
class StageQueue:
    """Stages that wait, are ready, run, or are done.

    `needs` holds the dependencies of each stage, `threads` its threads, `seconds` its estimated
    duration; `milestones` are the stages whose results people wait for.
    """

    needs: Mapping[str, frozenset[str]]
    threads: Mapping[str, int]
    seconds: Mapping[str, float]
    slots: int
    milestones: frozenset[str] = frozenset()
    on_done: Callable[[str], None] = lambda _: None  # called with each stage that is done
    waiting: dict[str, set[str]] = field(init=False)  # stage: its unfinished dependencies
    ready: set[str] = field(init=False)
    running: set[str] = field(init=False, default_factory=set)
    done: set[str] = field(init=False, default_factory=set)
    failed: set[str] = field(init=False, default_factory=set)
    skipped: dict[str, str] = field(init=False, default_factory=dict)  # stage: the failed stage
    critical_path: dict[str, float] = field(init=False)  # seconds from a stage's start to the end
    ancestors: dict[str, set[str]] = field(init=False)  # of each milestone, and itself
    kinds: Mapping[str, str] = field(default_factory=dict)  # of stages, whose durations are alike
    durations: DurationLearning = field(init=False)

    def __post_init__(self) -> None:
        kinds = {name: self.kinds.get(name, "") for name in self.needs}
        self.durations = DurationLearning(self.seconds, kinds)
        self.waiting = {name: set(needed) for name, needed in self.needs.items()}
        self.ready = {name for name, needed in self.waiting.items() if not needed}
        for name in self.ready:
            del self.waiting[name]
        self.critical_path = critical_path_lengths(self.needs, self.seconds)
        ways = {name: self._with_ancestors(name) for name in self.needs if name in self.milestones}
        seconds = {name: sum(self.seconds[s] for s in way) for name, way in ways.items()}
        self.ancestors = {name: ways[name] for name in sorted(ways, key=seconds.__getitem__)}

    def ready_by_priority(self) -> list[str]:
        """List the ready stages in the order in which to start them.

        First those of the first milestone; of a later one a single one, unless one runs; then by
        the longest critical path.
        """
        order = {name: position for position, name in enumerate(self.needs)}
        ready = sorted(self.ready, key=lambda name: (-self.critical_path[name], order[name]))
        for name, way in self.ancestors.items():
            if name in self.done or not way.isdisjoint(self.failed) or name in self.skipped:
                continue
            first = [stage for stage in ready if stage in way]
            if not self.done.isdisjoint(self.ancestors):
                if not way.isdisjoint(self.running):
                    break
                first = first[:1]
            return [*first, *(stage for stage in ready if stage not in first)]
        return ready

    def fits(self, name: str) -> bool:
        """Return whether enough threads are free; a stage that needs more than all runs alone."""
        threads_in_use = sum(self.threads[running] for running in self.running)
        return threads_in_use + self.threads[name] <= self.slots or not self.running

    def start(self, name: str) -> None:
        assert self.fits(name)
        self.ready.remove(name)
        self.running.add(name)

    def put_back(self, name: str) -> None:
        """Make a running stage ready again, because it was interrupted from outside."""
        self.running.remove(name)
        self.ready.add(name)

    def finish(self, name: str) -> None:
        """Mark a stage done, whether it ran or not, and release its dependents."""
        self.running.discard(name)
        self.ready.discard(name)
        self.done.add(name)
        for dependent, needed in list(self.waiting.items()):
            needed.discard(name)
            if not needed:
                del self.waiting[dependent]
                self.ready.add(dependent)
        self.on_done(name)

    def fail(self, name: str) -> None:
        """Mark a stage failed, and skip the stages that depend on it."""
        self.running.discard(name)
        self.ready.discard(name)
        self.failed.add(name)
        for dependent in list(self.waiting):
            if self.depends(dependent, name):
                del self.waiting[dependent]
                self.skipped.setdefault(dependent, name)

    def depends(self, name: str, on: str) -> bool:
        """Return whether a stage depends on another, directly or indirectly."""
        return on in self._with_ancestors(name) - {name}

    def _with_ancestors(self, name: str) -> set[str]:
        """Return all stages that a stage depends on, and itself."""
        todo, way = [name], {name}
        while todo:
            more = self.needs[todo.pop()] - way
            way |= more
            todo += more
        return way

    @property
    def is_done(self) -> bool:
        return not (self.ready or self.running or self.waiting)

    def learn(self, name: str, seconds: float) -> None:
        """Note how long a stage took that ran: the time left follows from it."""
        self.durations.learn(name, seconds)

    def seconds_left(self, elapsed: Mapping[str, float], wall: float = 0.0) -> float:
        """Estimate the time to the end: remaining work per slot, or the longest critical path.

        `elapsed` holds the seconds so far of each running stage, `wall` those of the run.
        """
        unfinished = (*self.ready, *self.waiting, *self.running)
        rest = {
            name: self.durations.rest(name, elapsed[name])
            if name in elapsed
            else self.durations.seconds(name)
            for name in unfinished
        }
        work = sum(rest[name] * min(self.threads[name], self.slots) for name in unfinished)
        needs = {name: self.needs[name] & rest.keys() for name in unfinished}
        longest = max(critical_path_lengths(needs, rest).values(), default=0.0)
        busy = self.durations.busy_share(elapsed, wall, self.slots)
        return max(work / self.slots / busy, longest)


def critical_path_lengths(
    needs: Mapping[str, Iterable[str]], seconds: Mapping[str, float]
) -> dict[str, float]:
    """Compute the duration of the slowest chain that starts with each stage."""
    dependents: dict[str, list[str]] = {name: [] for name in needs}
    for name, needed in needs.items():
        for dependency in needed:
            dependents[dependency].append(name)
    n_unfinished = {name: len(stages) for name, stages in dependents.items()}
    lengths = dict.fromkeys(needs, 0.0)
    ends = [name for name, count in n_unfinished.items() if count == 0]
    while ends:
        name = ends.pop()
        lengths[name] += seconds[name]
        for dependency in needs[name]:
            lengths[dependency] = max(lengths[dependency], lengths[name])
            n_unfinished[dependency] -= 1
            if n_unfinished[dependency] == 0:
                ends.append(dependency)
    return lengths
