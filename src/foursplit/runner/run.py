"""The run itself: what may start is started, what has ended is kept, until nothing is left."""

import contextlib
import logging
import os
import selectors
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from foursplit.config.schema import Params
from foursplit.core.errors import FoursplitError
from foursplit.runner import run_log
from foursplit.runner.duration_estimates import estimate_training_seconds
from foursplit.runner.dvc_adapter.graph import (
    DvcLockedError,
    DvcPipeline,
    PlannedStage,
    dvc_error_types,
)
from foursplit.runner.job import WORKER_LOST, Job, describe_ending
from foursplit.runner.progress_display import Display, Status, format_duration
from foursplit.runner.queue import StageQueue
from foursplit.runner.stage_changes import Change
from foursplit.runner.workers.pool import WorkerPool

POLL_S = 0.2  # between two looks when nothing happens

LOCK_WRITE_INTERVAL_S = (
    10.0  # between two writings of lock files; what ends in between is in the run-cache
)

RETRY_S = 1.0  # before asking again for what another DVC process holds

MAX_WAIT_S = 300.0  # for another DVC process, before the stage or the run is given up

KILL_GRACE_S = 1.5  # for what a second Ctrl-C has killed to go, before it is left alone

MAX_WORKER_LOSSES = 3  # times that a stage may lose its warm parent before it counts as failed

MAX_SHOWN_CHANGES = 4  # that are named where more were made while a stage ran

MAX_LOG_LINES = 40  # of a stage's words that are shown; its log has all

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(slots=True, kw_only=True)
class RunResult:
    """What became of each stage."""

    ran: list[str] = field(default_factory=list)
    restored: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)  # how
    skipped: dict[str, str] = field(default_factory=dict)  # whose failure
    interrupted: int = 0  # the signal
    seconds: float = 0.0
    bookkeeping_s: float = 0.0  # of these, spent on DVC's books


class PipelineRun:
    """One run of a plan.  Everything happens on one thread; only commands run side by side."""

    def __init__(
        self,
        graph: DvcPipeline,
        steps: dict[str, PlannedStage],
        queue: StageQueue,
        parents: WorkerPool,
        screen: Display,
    ) -> None:
        self.graph, self.steps, self.queue = graph, steps, queue
        self.parents, self.screen = parents, screen
        self.force = False
        self.outcome = RunResult()
        self.reasons: dict[str, list[Change]] = {}
        self.jobs: dict[str, Job] = {}
        self.reserved: dict[str, ExitStack] = {}
        self.losses: dict[str, int] = {}
        self.not_before: dict[str, float] = {}  # stages whose files another process holds
        self.waits: dict[str, float] = {}  # since when they wait
        self.killed = 0.0  # when a second Ctrl-C came
        self.written = time.monotonic()
        self.selector = selectors.DefaultSelector()

    def run(self, *, force: bool = False) -> RunResult:
        """Bring every stage of the plan up to date."""
        self.force = force
        began = time.monotonic()
        self.screen.open()
        with self._handle_signals(), _redirect_dvc_warnings(self.screen.say):
            try:
                while not self._over:
                    self._with_dvc_lock(self._advance)
                    self._wait()
                self._with_dvc_lock(self.graph.write)
            finally:
                for job in self.jobs.values():
                    job.kill()
                self.parents.close()
                for name in [*self.reserved]:  # not left to the interpreter's end, which may hang
                    self._release(name)
                self.screen.close()
        self.outcome.skipped = dict(self.queue.skipped)
        self.outcome.seconds = time.monotonic() - began
        return self.outcome

    @property
    def _over(self) -> bool:
        return self.queue.is_done or self._stopped

    @property
    def _stopped(self) -> bool:
        """Say whether the run was told to end, and nothing runs that would."""
        hopeless = self.killed and time.monotonic() - self.killed > KILL_GRACE_S
        return bool(self.outcome.interrupted and (hopeless or not self.jobs))

    def _with_dvc_lock(self, work: Callable[[], None]) -> None:
        """Work while DVC's lock is ours; wait for it where another command has it, not for good."""
        told, since = False, time.monotonic()
        while True:
            try:
                with self.graph.alone():
                    began = time.monotonic()
                    work()
                    self.outcome.bookkeeping_s += time.monotonic() - began
                return
            except DvcLockedError as busy:
                if self._stopped:
                    return  # what has ended is in the run-cache
                if time.monotonic() - since > MAX_WAIT_S and not self._has_running_jobs:
                    waited = f"waited {format_duration(MAX_WAIT_S)}: {busy}"
                    raise FoursplitError(f"{waited}. End it, and run again.") from busy
                if not told:
                    self.screen.say(f"waiting: {busy}")
                    told = True
                self._wait()

    def _advance(self) -> None:
        """Keep what has ended, and start what may start."""
        for name in [name for name, job in self.jobs.items() if job.code is not None]:
            self._handle_exit(name)
        moved = True
        while moved and not self.outcome.interrupted:
            moved = False
            for name in self.queue.ready_by_priority():
                moved = self._try_stage(name) or moved
                if self.selector.select(0):
                    moved = False
                    break
        if self.graph.unwritten_stages and time.monotonic() - self.written > LOCK_WRITE_INTERVAL_S:
            self.graph.write()
            self.written = time.monotonic()

    def _try_stage(self, name: str) -> bool:
        """Look at a stage that may start; True if that brought the run on."""
        with self._fail_on_error(name):
            if not self.steps[name].commands:
                did = self.graph.do(name, force=self.force)
                self.queue.finish(name)
                (self.outcome.ran if did else self.outcome.unchanged).append(name)
                return True
            if name not in self.reasons:
                changes = [Change(kind="force")] if self.force else self.graph.changes(name)
                if not changes:
                    self.queue.finish(name)
                    self.outcome.unchanged.append(name)
                    return True
                self.reasons[name] = changes
            if self.queue.fits(name) and time.monotonic() >= self.not_before.get(name, 0):
                return self._start(name)
            return False
        return True

    def _start(self, name: str) -> bool:
        stack = ExitStack()
        try:
            stack.enter_context(self.graph.reserve(name))
        except DvcLockedError as busy:
            return self._retry_later(name, busy)
        self.reserved[name] = stack
        began = time.monotonic()
        for line in self.graph.clear(name):
            self.screen.say(line)
        if not self.force and self.graph.restore(name, self.screen.say):
            self.graph.finish(name)
            self._release(name)
            self.queue.finish(name)
            self.outcome.restored.append(name)
            run_log.write(name, "restored", time.monotonic() - began, self.reasons[name])
            self._print_result(name, "restored from the run-cache", "")
            return True
        self.graph.begin(name)
        self.queue.start(name)
        job = Job(name, self.graph.launches(name), run_log.log_path(name), self.screen.size)
        self.jobs[name] = job
        self._begin(job)
        return True

    def _retry_later(self, name: str, busy: DvcLockedError) -> bool:
        """Let a stage try again later, or fail it where it has waited too long; True if so."""
        now = time.monotonic()
        if name not in self.waits:
            self.screen.say(f"{self.steps[name].title} waits: {busy}")
        if now - self.waits.setdefault(name, now) > MAX_WAIT_S:
            self._fail(
                name,
                f"waited {format_duration(MAX_WAIT_S)}: {busy}. End it, and run again",
                MAX_WAIT_S,
                "",
            )
            return True
        self.not_before[name] = now + RETRY_S
        return False

    def _begin(self, job: Job) -> None:
        job.begin(self.parents)
        job.code = None
        self.selector.register(job.exit, selectors.EVENT_READ, (job, "exit"))
        if job.output is not None and job.output not in self.selector.get_map():
            self.selector.register(job.output, selectors.EVENT_READ, (job, "output"))
        if self.outcome.interrupted and not job.told:  # while it was being started
            job.signal(signal.SIGKILL if self.killed else self.outcome.interrupted)

    def _wait(self) -> None:
        """Sleep until something happens, and take note of it."""
        for key, _ in self.selector.select(0 if self._has_ended_jobs() else POLL_S):
            job, what = key.data
            if job is None:
                os.read(key.fd, 1024)
            elif what == "output":
                job.read()
            elif job.read_exit():
                self.selector.unregister(key.fd)
                if job.code == 0 and job.launches and not self.outcome.interrupted:
                    self._begin(job)
        if self.outcome.interrupted:
            for job in self.jobs.values():
                job.signal_new_processes(self.outcome.interrupted)
        self.screen.draw(self._status)

    def _has_ended_jobs(self) -> bool:
        return any(job.code is not None for job in self.jobs.values())

    @property
    def _has_running_jobs(self) -> bool:
        return any(job.code is None for job in self.jobs.values())

    def _handle_exit(self, name: str) -> None:
        """Keep what a command that has ended wrote, or say how it failed."""
        job = self.jobs.pop(name)
        if job.output is not None:
            self.selector.unregister(job.output)
        said, seconds = job.close(), time.monotonic() - job.began
        self._release(name)
        if job.code == WORKER_LOST and not self.outcome.interrupted:
            self.losses[name] = self.losses.get(name, 0) + 1
            if self.losses[name] <= MAX_WORKER_LOSSES:
                self.screen.say(f"{self.steps[name].title}: its process was killed; starting again")
                self.queue.put_back(name)
                return
        if job.code == 0 and not job.launches:
            with self._fail_on_error(name, seconds):
                changed = self.graph.finish(name)
                if changed:
                    self._fail(name, _changed_inputs_message(changed), seconds, said)
                    return
                self.queue.finish(name)
                self.outcome.ran.append(name)
                run_log.write(name, "ran", seconds, self.reasons[name])
                self._print_result(name, format_duration(seconds), said)
            return
        how = describe_ending(WORKER_LOST if job.code is None else job.code)
        if not said:
            run_log.log_path(name).write_text(how + "\n", encoding="utf-8")
        self._fail(name, how, seconds, said)

    @contextmanager
    def _fail_on_error(self, name: str, seconds: float = 0.0) -> Iterator[None]:
        """Let DVC's complaint about a stage, or ours, fail that stage, and no other."""
        blamed: tuple[type[Exception], ...] = (*dvc_error_types(), FoursplitError)
        try:
            yield
        except blamed as error:
            causes = [str(error)]
            while (error := error.__cause__) is not None:  # type: ignore[assignment]
                causes.append(str(error))
            log = run_log.log_path(name)
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("a", encoding="utf-8") as file:
                file.write("\n".join(causes) + "\n")
            self._release(name)
            self._fail(name, causes[0], seconds, "")

    def _fail(self, name: str, how: str, seconds: float, said: str) -> None:
        if self.outcome.interrupted:  # it did not fail: it was told to stop
            self.queue.running.discard(name)
            return
        self.queue.fail(name)
        self.outcome.failed[name] = how
        run_log.write(name, "failed", seconds, self.reasons.get(name, []))
        self._print_result(name, how, said, failed=True)

    def _release(self, name: str) -> None:
        if name in self.reserved:
            self.reserved.pop(name).close()

    def _print_result(self, name: str, how: str, said: str, *, failed: bool = False) -> None:
        number = len(self.queue.done) + len(self.queue.failed)
        lines = said.splitlines()
        if len(lines) > MAX_LOG_LINES:
            lines = [
                f"… {len(lines) - MAX_LOG_LINES} lines more in {run_log.log_path(name)}",
                *lines[-MAX_LOG_LINES:],
            ]
        self.screen.block(number, self.steps[name].title, how, "\n".join(lines), failed=failed)

    def _status(self) -> Status:
        now = time.monotonic()
        elapsed = {name: now - job.began for name, job in self.jobs.items()}
        return Status(
            done=len(self.queue.done),
            total=len(self.steps),
            waiting=len(self.queue.waiting) + len(self.queue.ready),
            seconds_left=self.queue.seconds_left(elapsed),
            running={
                self.steps[name].title: (elapsed[name], job.last_line())
                for name, job in self.jobs.items()
            },
        )

    @contextmanager
    def _handle_signals(self) -> Iterator[None]:
        """Pass Ctrl-C and its like on to the stages, and wait for them; a second one kills."""

        def take(number: int, _frame: object) -> None:
            again = self.outcome.interrupted
            self.outcome.interrupted = number
            for job in self.jobs.values():
                job.signal(signal.SIGKILL if again else number)
            if again:
                self.killed = self.killed or time.monotonic()
                self.parents.kill()

        woken, waker = os.pipe()
        for end in (woken, waker):
            os.set_blocking(end, False)
        self.selector.register(woken, selectors.EVENT_READ, (None, "signal"))
        ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN  # as `nohup` wants it
        heeded = [number for number in SIGNALS if not (ignored and number == signal.SIGHUP)]
        before = {number: signal.signal(number, take) for number in heeded}
        old = signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(old)
            for number, handler in before.items():
                signal.signal(number, handler)
            self.selector.close()
            os.close(woken)
            os.close(waker)


def _changed_inputs_message(changed: list[Change]) -> str:
    """Say why a stage that ended well counts for nothing."""
    named = [change.sentence() for change in changed[:MAX_SHOWN_CHANGES]]
    more = [f"{len(changed) - MAX_SHOWN_CHANGES} more"] if len(changed) > MAX_SHOWN_CHANGES else []
    return f"not recorded: while it ran, this changed: {'; '.join([*named, *more])}. Run again"


EMPTY_OUTPUT_MESSAGE = "'%s' is empty."
"""What DVC says of an output without a file: so is the raw folder of what is generated."""


@contextmanager
def _redirect_dvc_warnings(say: Callable[[str], None]) -> Iterator[None]:
    """Show DVC's warnings among our own lines, once, and not what is so by design."""

    class Handler(logging.Handler):
        def emit(self, entry: logging.LogRecord) -> None:
            if entry.msg != EMPTY_OUTPUT_MESSAGE:
                with contextlib.suppress(Exception):
                    say(f"DVC: {entry.getMessage()}")

    logger = logging.getLogger("dvc")
    theirs = logger.handlers  # they write over the line that a person follows
    logger.handlers = [Handler(logging.WARNING)]
    try:
        yield
    finally:
        logger.handlers = theirs


def build_queue(steps: dict[str, PlannedStage], params: Params, slots: int) -> StageQueue:
    """Lay out a plan; a command of ours takes as many threads as params.yaml gives it."""
    threads, guesses = params.run.threads, estimate_training_seconds(params)
    ours = {
        name: any(command.startswith("foursplit ") for command in step.commands)
        for name, step in steps.items()
    }
    return StageQueue(
        needs={name: step.needs & steps.keys() for name, step in steps.items()},
        threads={name: threads if ours[name] else 1 for name in steps},
        seconds={n: run_log.expected_seconds(n, step.title, guesses) for n, step in steps.items()},
        slots=slots,
    )
