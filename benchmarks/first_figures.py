"""How soon a clean run prints its first figures: the errors of the first decided comparison.

`foursplit repro` runs in a clean clone of the last commit, bound to two cores, and is interrupted
as by Ctrl-C once the first comparisons are printed.  What is printed is read line by line, as a
person sees it.  Run it on a quiet machine.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from repro import ROOT, clone, processor

from foursplit.runner.run import DECISION

RESULT = ROOT / "benchmarks" / "results" / "first_figures.json"

GOAL_S = 30.0

CORES = 2

COMPARISONS = 3  # after which the run is interrupted

HEADING = re.compile(r"\[\d+ of \d+\] (\S+)")


def printed(lines: Iterator[str], start: float) -> Iterator[tuple[float, str]]:
    """Yield the seconds from the start at which each comparison's errors are printed, and it."""
    title = ""
    for line in lines:
        heading = HEADING.match(line)
        title = heading[1] if heading else title
        if not heading and title.startswith(DECISION) and "%" in line:
            yield time.perf_counter() - start, title.removeprefix(DECISION)
            title = ""


def once() -> list[tuple[float, str]]:
    """Run until the first comparisons are printed, then interrupt the run."""
    with tempfile.TemporaryDirectory(prefix="foursplit-bench-") as name:
        folder = Path(name) / "clone"
        env = clone(folder)
        start = time.perf_counter()
        run = subprocess.Popen(
            ["foursplit", "repro"], cwd=folder, env=env, stdout=subprocess.PIPE, text=True
        )
        assert run.stdout is not None
        found = []
        for moment in printed(run.stdout, start):
            found.append(moment)
            if len(found) == COMPARISONS:
                break
        run.send_signal(signal.SIGINT)
        run.communicate()
        return found


def main() -> None:
    """Repeat, and keep the median round."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    rounds = [once() for _ in range(parser.parse_args().repeats)]
    first = [found[0][0] for found in rounds]
    result: dict[str, Any] = {
        "device": processor(),
        "cores": len(os.sched_getaffinity(0)),
        "rounds": len(rounds),
        "goal_s": GOAL_S,
        "first_figures_s": round(median(first), 1),
        "slowest_round_s": round(max(first), 1),
        "comparisons": [
            {"comparison": name, "seconds": round(seconds, 1)} for seconds, name in rounds[0]
        ],
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))
    print(f"kept in {RESULT}")
    if median(first) > GOAL_S:
        sys.exit(f"{median(first):.0f} s exceed the goal of {GOAL_S:.0f} s")


if __name__ == "__main__":
    main()
