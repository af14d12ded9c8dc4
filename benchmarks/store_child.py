"""What the start of the gate's second process takes, which a time beyond imports leaves out."""

import subprocess
import sys
import time
from typing import Any

TWICE = """
import json, sys, time
from foursplit.core import environment
from foursplit.config.load import load
params = load()
environment.settle(params.run.instruction_set, params.run.threads)
from foursplit.promotion import benchmark_models
job = json.loads(sys.stdin.read())
benchmark_models.work(params, job)
began = time.perf_counter()
benchmark_models.work(params, job)
print(time.perf_counter() - began)
"""


def spared() -> list[float]:
    """Have the gate's timing of models run with a stopwatch; give the list it will be noted in.

    A process that does the same job twice tells what the job takes once all is imported; the rest
    of the gate's own process for it is its start.
    """
    from foursplit.promotion import benchmark_models

    noted: list[float] = []
    run = subprocess.run

    def timed(command: list[str], **given: Any) -> Any:
        began = time.perf_counter()
        done = run(command, **given)
        theirs = time.perf_counter() - began
        result = run([sys.executable, "-c", TWICE], **{**given, "check": True})
        measuring = time.perf_counter() - began - theirs
        noted.append(measuring + theirs - float(result.stdout.splitlines()[-1]))
        return done

    class Watched:
        """The module, with a stopwatch in one place."""

        def __getattr__(self, name: str) -> Any:
            return timed if name == "run" else getattr(subprocess, name)

    benchmark_models.subprocess = Watched()  # type: ignore[assignment]
    return noted
