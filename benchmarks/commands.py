"""What commands cost before their work begins, before and after they were made lazy, in one run.

Two clones, of the commit before and of the last one, run the same commands in turn: `--help`, wrong
names, `check`, a run with nothing to do, one experiment edited, one model edited that the target
does not use.  Runs with nothing to do are measured at 200 and 1,500 stages too.  It takes about ten
minutes on two cores, half of it the first look at 1,500 stages.
"""

import argparse
import hashlib
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from orchestration import chains, generated
from repro import ROOT, clone, processor

RESULT = ROOT / "benchmarks" / "results" / "commands.json"

BEFORE = "e28a2a38f"
"""The commit before the changes that are measured."""

KEY = "c2w3_wine_softmax"

REPEATS = 5

SIZES = (200, 1500)

FILES_A_STAGE = 8  # the default pipeline has 1,568 for 183 stages

COMMANDS: dict[str, list[str]] = {
    "help": ["--help"],
    "wrong_stage": ["stage", "train", "no_such"],
    "wrong_target": ["repro", "no_such"],
    "wrong_group": ["gate", "no_such"],
    "wrong_curve": ["learning-curve", "no_such"],
    "check": ["check"],
    "nothing_to_do": ["repro", KEY],
    "would_run": ["repro", "--dry", KEY],
}


def run(folder: Path, env: dict[str, str], *arguments: str) -> dict[str, float]:
    """Run a command; return its CPU seconds, and seconds until the table and until the end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    process = subprocess.Popen(
        ["foursplit", *arguments],
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    table = 0.0
    for line in process.stdout:
        if not table and line.startswith("experiment "):
            table = time.perf_counter() - start
    process.wait()
    end = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"cpu_s": cpu, "table_s": table or end, "end_s": end}


def edit_experiment(folder: Path, number: int) -> None:
    """Give the experiment another number of epochs."""
    path = folder / "params.yaml"
    pattern = rf"(\n    {KEY}:\n(?:      .*\n)*?      fit: .*max_epochs: )\d+"
    text, n = re.subn(pattern, rf"\g<1>{40 + number}", path.read_text())
    assert n == 1
    path.write_text(text)


def edit_model(folder: Path, number: int) -> None:
    """Edit a model that the experiment does not use."""
    path = folder / "src" / "foursplit_courses" / "models" / "lenet.py"
    path.write_text(f"{path.read_text().partition('EDIT = ')[0]}EDIT = {number}\n")


EDITS: dict[str, Callable[[Path, int], None]] = {
    "one_experiment_edited": edit_experiment,
    "another_model_edited": edit_model,
}


Clones = dict[str, tuple[Path, dict[str, str]]]
"""The folder and the environment of each clone."""


def in_turn(clones: Clones, repeats: int) -> dict[str, Any]:
    """Run each command in both clones, in turn; return medians by command and clone."""
    for folder, env in clones.values():
        for arguments in (["repro", KEY], ["repro", KEY], ["check"]):  # records are written
            run(folder, env, *arguments)
    rows = {}
    for name, arguments in (COMMANDS | {edit: ["repro", KEY] for edit in EDITS}).items():
        rounds = [_round(clones, number, name, arguments) for number in range(repeats)]
        rows[name] = _medians({which: [row[which] for row in rounds] for which in clones})
        print(f"  {name}: {rows[name]}", flush=True)
    return rows


def _round(
    clones: Clones, number: int, name: str, arguments: list[str]
) -> dict[str, dict[str, float]]:
    """Run a command once in each clone, after its edit if it has one."""
    found = {}
    for which in sorted(clones, reverse=number % 2 == 0):
        folder, env = clones[which]
        EDITS.get(name, lambda *_: None)(folder, number)
        found[which] = run(folder, env, *arguments)
    return found


def _medians(row: dict[str, list[dict[str, float]]]) -> dict[str, dict[str, float]]:
    return {
        which: {key: round(median(run[key] for run in runs), 3) for key in runs[0]}
        for which, runs in row.items()
    }


def made(folder: Path, n_stages: int) -> None:
    """Write what running `chains` writes: outputs, locks and cache, and more files beside."""
    content = (folder / "start.txt").read_bytes()
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    stored = folder / ".dvc" / "cache" / "files" / "md5" / md5[:2] / md5[2:]
    stored.parent.mkdir(parents=True)
    stored.write_bytes(content)
    threads = re.search(r"\n  threads: (\d+)", (folder / "params.yaml").read_text())
    assert threads
    lines = ["schema: '2.0'", "stages:"]
    for n in range(n_stages):
        source = f"s{n - 1}.out" if n % 5 else "start.txt"
        (folder / f"s{n}.out").write_bytes(content)
        state = f"      hash: md5\n      md5: {md5}\n      size: {len(content)}"
        lines += [
            f"  s{n}:\n    cmd: cp {source} s{n}.out\n    deps:\n    - path: {source}\n{state}",
            f"    params:\n      params.yaml:\n        run.threads: {threads[1]}",
            f"    outs:\n    - path: s{n}.out\n{state}",
        ]
        (folder / "data" / str(n)).mkdir(parents=True)
        for number in range(FILES_A_STAGE):
            (folder / "data" / str(n) / f"{number}").write_text("content")
    (folder / "dvc.lock").write_text("\n".join(lines) + "\n")


def nothing_to_do(n_stages: int, repeats: int) -> dict[str, Any]:
    """Measure the first look at a project that is up to date, and those that follow."""
    with generated(chains(n_stages)) as (folder, env):
        made(folder, n_stages)
        time.sleep(1)  # or its files are too young to be trusted
        first = run(folder, env, "repro")
        assert len(list(folder.glob(".foursplit/stages/*"))) == 0  # none ran
        again = [run(folder, env, "repro")["cpu_s"] for _ in range(repeats)]
    row = {"stages": n_stages, "first_cpu_s": first["cpu_s"], "again_cpu_s": median(again)}
    return {name: round(value, 3) for name, value in row.items()}


def main() -> None:
    """Measure, print and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--only", choices=("commands", "sizes"))
    arguments = parser.parse_args()
    result = json.loads(RESULT.read_text()) if arguments.only and RESULT.is_file() else {}
    result |= {"device": processor(), "cores": os.cpu_count(), "before": BEFORE}
    if arguments.only != "sizes":
        with tempfile.TemporaryDirectory(prefix="foursplit-bench-") as name:
            clones = {}
            for which in ("before", "after"):
                folder = Path(name) / which
                clones[which] = (folder, clone(folder))
            subprocess.run(
                ["git", "checkout", "--quiet", BEFORE], cwd=Path(name) / "before", check=True
            )
            result["commands"] = in_turn(clones, arguments.repeats)
    if arguments.only != "commands":
        result["sizes"] = [nothing_to_do(size, arguments.repeats) for size in SIZES]
        print(f"  {result['sizes']}")
    result["load"] = round(os.getloadavg()[2], 1)  # of the last 15 minutes, this run's own too
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    print(f"kept in {RESULT}")


if __name__ == "__main__":
    main()
