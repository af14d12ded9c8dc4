"""The main loop of a run: start ready stages and commit finished ones until none is left."""

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
from foursplit.runner.duration_estimates import estimate_training_seconds, stored_seconds
from foursplit.runner.dvc_adapter.dvc_warnings import redirect_dvc_warnings
from foursplit.runner.dvc_adapter.graph import (
    DvcLockedError,
    DvcPipeline,
    PlannedStage,
    dvc_error_types,
)
from foursplit.runner.job import WORKER_LOST, Job, describe_ending
from foursplit.runner.progress_display import Display, Status, format_duration
from foursplit.runner.queue import StageQueue
from foursplit.runner.rerun_reasons import Change, changed_inputs_message
from foursplit.runner.workers.pool import WorkerPool

POLL_S = 0.2  # between two polls

LOCK_WRITE_INTERVAL_S = 60.0  # between two writes of lock files; the run-cache has the rest

RETRY_S = 1.0  # before retrying a lock that another DVC process holds

MAX_WAIT_S = 300.0  # for another DVC process, before the stage or the run fails

KILL_GRACE_S = 1.5  # for processes killed by a second Ctrl-C to end

MAX_WORKER_LOSSES = 3  # lost workers per stage before the stage fails

DECISION = "final@"
"""Prefix of the stages that decide a comparison; a part of the summary table can be printed."""

MAX_LOG_LINES = 40  # of a stage's output; its log has all

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(slots=True, kw_only=True)
class RunResult:
    """The result of each stage."""

    ran: list[str] = field(default_factory=list)
    restored: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)  # reason
    skipped: dict[str, str] = field(default_factory=dict)  # the failed stage
    interrupted: int = 0  # the signal
    seconds: float = 0.0
    bookkeeping_s: float = 0.0  # of these, spent in DVC


class PipelineRun:
    """One run of a plan, on one thread; only the stages' commands run in parallel."""

    def __init__(
        self,
        pipeline: DvcPipeline,
        stages: dict[str, PlannedStage],
        queue: StageQueue,
        pool: WorkerPool,
        display: Display,
        decided: Callable[[str], str] = lambda _: "",
    ) -> None:
        self.pipeline, self.stages, self.queue = pipeline, stages, queue
        self.pool, self.display = pool, display
        self.decided = decided  # returns what to print when a comparison group is decided
        self.force = False
        self.outcome = RunResult()
        self.reasons: dict[str, list[Change]] = {}
        self.jobs: dict[str, Job] = {}
        self.reserved: dict[str, ExitStack] = {}
        self.losses: dict[str, int] = {}
        self.not_before: dict[str, float] = {}  # stages whose files another process holds
        self.waits: dict[str, float] = {}  # start of the wait
        self.killed = 0.0  # time of the second Ctrl-C
        self.began = self.written = time.monotonic()
        self.selector = selectors.DefaultSelector()

    def run(self, *, force: bool = False) -> RunResult:
        """Bring every stage of the plan up to date."""
        self.force = force
        start = time.monotonic()
        self.display.open()
        with self._handle_signals(), redirect_dvc_warnings(self.display.print):
            try:
                while not self._over:
                    self._with_dvc_lock(self._advance)
                    self._wait()
                self._with_dvc_lock(self.pipeline.write_locks)
            finally:
                for job in self.jobs.values():
                    job.kill()
                self.pool.close()
                for name in [*self.reserved]:  # at the interpreter's exit it may hang
                    self._release(name)
                self.display.close()
        self.outcome.skipped = dict(self.queue.skipped)
        self.outcome.seconds = time.monotonic() - start
        return self.outcome

    @property
    def _over(self) -> bool:
        return self.queue.is_done or self._stopped

    @property
    def _stopped(self) -> bool:
        """Return whether the run was interrupted and no job is left to wait for."""
        hopeless = self.killed and time.monotonic() - self.killed > KILL_GRACE_S
        return bool(self.outcome.interrupted and (hopeless or not self.jobs))

    def _with_dvc_lock(self, action: Callable[[], None]) -> None:
        """Call `action` under DVC's project lock; wait up to MAX_WAIT_S for another command."""
        was_printed, wait_start = False, time.monotonic()
        while True:
            try:
                with self.pipeline.dvc_lock():
                    start = time.monotonic()
                    action()
                    self.outcome.bookkeeping_s += time.monotonic() - start
                return
            except DvcLockedError as error:
                if self._stopped:
                    return  # the run-cache has what ended
                if time.monotonic() - wait_start > MAX_WAIT_S and not self._has_running_jobs:
                    waited = f"waited {format_duration(MAX_WAIT_S)}: {error}"
                    message = f"{waited}. Stop that process and run again."
                    raise FoursplitError(message) from error
                if not was_printed:
                    self.display.print(f"waiting: {error}")
                    was_printed = True
                self._wait()

    def _advance(self) -> None:
        """Commit ended jobs, and start ready stages."""
        for name in [name for name, job in self.jobs.items() if job.code is not None]:
            self._handle_exit(name)
        has_progress = True
        while has_progress and not self.outcome.interrupted:
            has_progress = False
            for name in self.queue.ready_by_priority():
                has_progress = self._try_stage(name) or has_progress
                if self.selector.select(0):
                    has_progress = False
                    break
        if (
            self.pipeline.unwritten_stages
            and time.monotonic() - self.written > LOCK_WRITE_INTERVAL_S
        ):
            self.pipeline.write_locks()
            self.written = time.monotonic()

    def _try_stage(self, name: str) -> bool:
        """Start, restore or skip a ready stage; return whether its state changed."""
        with self._fail_on_error(name):
            if not self.stages[name].commands:
                did = self.pipeline.run_stage(name, force=self.force)
                self.queue.finish(name)
                (self.outcome.ran if did else self.outcome.unchanged).append(name)
                return True
            if name not in self.reasons:
                changes = [Change(kind="force")] if self.force else self.pipeline.changes(name)
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
            stack.enter_context(self.pipeline.reserve(name))
        except DvcLockedError as error:
            return self._retry_later(name, error)
        self.reserved[name] = stack
        start = time.monotonic()
        for line in self.pipeline.remove_outputs(name):
            self.display.print(line)
        if not self.force and self.pipeline.restore(name, self.display.print):
            self.pipeline.finish(name)
            self._release(name)
            self.queue.finish(name)
            self.outcome.restored.append(name)
            run_log.write(name, "restored", time.monotonic() - start, self.reasons[name])
            self._print_result(name, "restored from the run-cache", "")
            return True
        self.pipeline.record_inputs(name)
        self.queue.start(name)
        job = Job(name, self.pipeline.launches(name), run_log.log_path(name), self.display.size)
        self.jobs[name] = job
        self._begin(job)
        return True

    def _retry_later(self, name: str, error: DvcLockedError) -> bool:
        """Schedule a retry, or fail the stage after MAX_WAIT_S; return whether it failed."""
        now = time.monotonic()
        if name not in self.waits:
            self.display.print(f"{self.stages[name].title} waits: {error}")
        if now - self.waits.setdefault(name, now) > MAX_WAIT_S:
            self._fail(
                name,
                f"waited {format_duration(MAX_WAIT_S)}: {error}. End it, and run again",
                MAX_WAIT_S,
                "",
            )
            return True
        self.not_before[name] = now + RETRY_S
        return False

    def _begin(self, job: Job) -> None:
        job.start_command(self.pool)
        job.code = None
        self.selector.register(job.exit, selectors.EVENT_READ, (job, "exit"))
        if job.output is not None and job.output not in self.selector.get_map():
            self.selector.register(job.output, selectors.EVENT_READ, (job, "output"))
        if self.outcome.interrupted and not job.signal_sent:  # during its start
            job.signal(signal.SIGKILL if self.killed else self.outcome.interrupted)

    def _wait(self) -> None:
        """Wait for events, and handle them."""
        for key, _ in self.selector.select(0 if self._has_ended_jobs() else POLL_S):
            job, event = key.data
            if job is None:
                os.read(key.fd, 1024)
            elif event == "output":
                job.read()
            elif job.read_exit():
                self.selector.unregister(key.fd)
                if job.code == 0 and job.launches and not self.outcome.interrupted:
                    self._begin(job)
        if self.outcome.interrupted:
            for job in self.jobs.values():
                job.signal_new_processes(self.outcome.interrupted)
        self.display.draw(self._status)

    def _has_ended_jobs(self) -> bool:
        return any(job.code is not None for job in self.jobs.values())

    @property
    def _has_running_jobs(self) -> bool:
        return any(job.code is None for job in self.jobs.values())

    def _handle_exit(self, name: str) -> None:
        """Commit the outputs of an ended command, or record its failure."""
        job = self.jobs.pop(name)
        if job.output is not None:
            self.selector.unregister(job.output)
        output, seconds = job.close(), time.monotonic() - job.began
        self._release(name)
        if job.code == WORKER_LOST and not self.outcome.interrupted:
            self.losses[name] = self.losses.get(name, 0) + 1
            if self.losses[name] <= MAX_WORKER_LOSSES:
                self.display.print(
                    f"{self.stages[name].title}: its process was killed; starting again"
                )
                self.queue.put_back(name)
                return
        if job.code == 0 and not job.launches:
            with self._fail_on_error(name, seconds):
                changed = self.pipeline.finish(name)
                if changed:
                    self._fail(name, changed_inputs_message(changed), seconds, output)
                    return
                self.queue.finish(name)
                self.queue.learn(name, seconds)
                self.outcome.ran.append(name)
                run_log.write(name, "ran", seconds, self.reasons[name])
                self._print_result(name, format_duration(seconds), output)
            return
        reason = describe_ending(WORKER_LOST if job.code is None else job.code)
        if not output:
            run_log.log_path(name).write_text(reason + "\n", encoding="utf-8")
        self._fail(name, reason, seconds, output)

    @contextmanager
    def _fail_on_error(self, name: str, seconds: float = 0.0) -> Iterator[None]:
        """Turn an error of DVC or Foursplit into the failure of this stage alone."""
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

    def _fail(self, name: str, reason: str, seconds: float, output: str) -> None:
        if self.outcome.interrupted:  # not failed but interrupted
            self.queue.running.discard(name)
            return
        self.queue.fail(name)
        self.outcome.failed[name] = reason
        run_log.write(name, "failed", seconds, self.reasons.get(name, []))
        self._print_result(name, reason, output, failed=True)

    def _release(self, name: str) -> None:
        if name in self.reserved:
            self.reserved.pop(name).close()

    def _print_result(self, name: str, outcome: str, output: str, *, failed: bool = False) -> None:
        number = len(self.queue.done) + len(self.queue.failed)
        lines = output.splitlines()
        if len(lines) > MAX_LOG_LINES:
            lines = [
                f"… {len(lines) - MAX_LOG_LINES} lines more in {run_log.log_path(name)}",
                *lines[-MAX_LOG_LINES:],
            ]
        title = self.stages[name].title
        self.display.print_block(number, title, outcome, "\n".join(lines), failed=failed)
        if title.startswith(DECISION) and not failed:
            self.display.print_text(self.decided(title.removeprefix(DECISION)))

    def _status(self) -> Status:
        now = time.monotonic()
        elapsed = {name: now - job.began for name, job in self.jobs.items()}
        return Status(
            done=len(self.queue.done),
            total=len(self.stages),
            waiting=len(self.queue.waiting) + len(self.queue.ready),
            seconds_left=self.queue.seconds_left(elapsed, now - self.began),
            running={
                self.stages[name].title: (elapsed[name], job.last_line())
                for name, job in self.jobs.items()
            },
        )

    @contextmanager
    def _handle_signals(self) -> Iterator[None]:
        """Forward signals such as Ctrl-C to the stages and wait; a second one kills them."""

        def handle(number: int, _frame: object) -> None:
            again = self.outcome.interrupted
            self.outcome.interrupted = number
            for job in self.jobs.values():
                job.signal(signal.SIGKILL if again else number)
            if again:
                self.killed = self.killed or time.monotonic()
                self.pool.kill()

        read_end, write_end = os.pipe()
        for end in (read_end, write_end):
            os.set_blocking(end, False)
        self.selector.register(read_end, selectors.EVENT_READ, (None, "signal"))
        ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN  # by `nohup`
        handled = [number for number in SIGNALS if not (ignored and number == signal.SIGHUP)]
        previous_handlers = {number: signal.signal(number, handle) for number in handled}
        old = signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(old)
            for number, handler in previous_handlers.items():
                signal.signal(number, handler)
            self.selector.close()
            os.close(read_end)
            os.close(write_end)


def build_queue(stages: dict[str, PlannedStage], params: Params, slots: int) -> StageQueue:
    """Build the queue of a plan; Foursplit's commands take run.threads of params.yaml."""
    threads = params.run.threads
    estimates, stored = estimate_training_seconds(params), stored_seconds()
    is_own = {
        name: any(command.startswith("foursplit ") for command in step.commands)
        for name, step in stages.items()
    }
    return StageQueue(
        needs={name: step.needs & stages.keys() for name, step in stages.items()},
        threads={name: threads if is_own[name] else 1 for name in stages},
        seconds={
            name: run_log.expected_seconds(name, step.title, estimates, stored)
            for name, step in stages.items()
        },
        slots=slots,
        kinds={name: step.title.partition("@")[0] for name, step in stages.items()},
        milestones=frozenset(n for n, step in stages.items() if step.title.startswith(DECISION)),
    )
