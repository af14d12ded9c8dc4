"""What warm and parallel stages save: the default pipeline from clean, DVC's way and ours.

`dvc repro` and `foursplit repro` run in turn in clean clones of the last commit and must end with
the same hashes in every lock; both are then run with nothing to do.  Run it on a quiet machine:
a round takes about half an hour on two cores, most of it DVC's.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from foursplit.cli.commands.verify import compare, locks
from foursplit.core import reproducible_env

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "benchmarks" / "results" / "repro.json"
AGAIN = 5  # runs with nothing to do, for a median


def clone(folder: Path) -> dict[str, str]:
    """Clone the project; give the environment in which the clone's own code runs."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    return clean_environment(folder)


def clean_environment(folder: Path) -> dict[str, str]:
    """Give the environment in which the code of `folder` runs on the project in `folder`."""
    return {
        **os.environ,
        **reproducible_env.QUIET,
        "PYTHONPATH": str(folder / "src"),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "FOURSPLIT_ROOT": str(folder),
        "FOURSPLIT_ACCELERATOR": "cpu",
    }


def cost(folder: Path, env: dict[str, str], *command: str) -> tuple[float, float]:
    """Give the seconds and the CPU seconds of a command and all it waits for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, env=env, check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def processor() -> str:
    """Name the processor as Linux does, or as Python does elsewhere."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def once() -> dict[str, Any]:
    """Run both ways from clean, compare their locks, and run both again with nothing to do."""
    with tempfile.TemporaryDirectory(prefix="foursplit-bench-") as name:
        cold, warm = Path(name) / "cold", Path(name) / "warm"
        cold_env, warm_env = clone(cold), clone(warm)
        cold_s, _ = cost(cold, cold_env, "dvc", "repro", "--quiet")
        # With the runs written to MLflow and the table, which plain DVC does not do.
        warm_s, _ = cost(warm, warm_env, "foursplit", "repro")
        differing = compare(locks(cold), locks(warm))
        if differing:
            sys.exit("the two ways differ:\n" + "\n".join(differing))
        idle = [
            (
                cost(cold, cold_env, "dvc", "repro", "--quiet")[1],
                cost(warm, warm_env, "foursplit", "repro")[1],
            )
            for _ in range(AGAIN)
        ]
        return {
            "stages": sum(not name.startswith("pipelines/full") for name in locks(cold)),
            "dvc_repro_s": cold_s,
            "foursplit_repro_s": warm_s,
            "idle_dvc_cpu_s": median(dvc for dvc, _ in idle),
            "idle_foursplit_cpu_s": median(ours for _, ours in idle),
        }


def main() -> None:
    """Repeat, and keep the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    rounds = [once() for _ in range(parser.parse_args().repeats)]
    middle = {name: round(median(r[name] for r in rounds), 2) for name in rounds[0]}
    result = {
        "device": processor(),
        "cores": os.cpu_count(),
        "rounds": len(rounds),
        **middle,
        "ratio": round(median(r["dvc_repro_s"] / r["foursplit_repro_s"] for r in rounds), 2),
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))
    print(f"every lock entry of {middle['stages']:.0f} stages is equal; kept in {RESULT}")


if __name__ == "__main__":
    main()
