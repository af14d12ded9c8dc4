"""What the start of the gate's second process takes, which a time beyond imports leaves out."""

import subprocess
import sys
import time
from typing import Any

TWICE = """
import json, sys, time
from foursplit.core import environment
from foursplit.core.params import load
params = load()
environment.settle(params.run.kernels, params.run.threads)
from foursplit.doors import side_by_side
job = json.loads(sys.stdin.read())
side_by_side.work(params, job)
began = time.perf_counter()
side_by_side.work(params, job)
print(time.perf_counter() - began)
"""


def spared() -> list[float]:
    """Have the gate's timing of models run with a stopwatch; give the list it will be noted in.

    A process that does the same job twice tells what the job takes once all is imported; the rest
    of the gate's own process for it is its start.
    """
    from foursplit.doors import side_by_side

    noted: list[float] = []
    run = subprocess.run

    def timed(command: list[str], **given: Any) -> Any:
        began = time.perf_counter()
        done = run(command, **given)
        theirs = time.perf_counter() - began
        told = run([sys.executable, "-c", TWICE], **{**given, "check": True})
        measuring = time.perf_counter() - began - theirs
        noted.append(measuring + theirs - float(told.stdout.splitlines()[-1]))
        return done

    class Watched:
        """The module, with a stopwatch in one place."""

        def __getattr__(self, name: str) -> Any:
            return timed if name == "run" else getattr(subprocess, name)

    side_by_side.subprocess = Watched()  # type: ignore[assignment]
    return noted
