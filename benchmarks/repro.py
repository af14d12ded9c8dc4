"""What a warm start saves: the default pipeline from clean, `dvc repro` against `foursplit repro`.

Both run in clean clones of the last commit, one after the other, and must end with the same
hashes in every lock; a second `dvc repro`, with nothing to do, is timed too.  Run it on a quiet
machine; it takes about five minutes on two cores.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from foursplit.core import environment
from foursplit.doors.verify import compare, locks

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "benchmarks" / "results" / "repro.json"


def clone(folder: Path) -> dict[str, str]:
    """Clone the project; give the environment in which the clone's own code runs."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    return {
        **os.environ,
        **environment.QUIET,
        "PYTHONPATH": str(folder / "src"),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "FOURSPLIT_ROOT": str(folder),
        "FOURSPLIT_ACCELERATOR": "cpu",
    }


def seconds(folder: Path, env: dict[str, str], *command: str) -> float:
    """Time a command from start to end."""
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, env=env, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def processor() -> str:
    """Name the processor as Linux does, or as Python does elsewhere."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def main() -> None:
    """Run both ways, compare their locks, and keep the figures."""
    with tempfile.TemporaryDirectory(prefix="foursplit-bench-") as name:
        cold, warm = Path(name) / "cold", Path(name) / "warm"
        cold_env, warm_env = clone(cold), clone(warm)
        cold_s = seconds(cold, cold_env, "dvc", "repro", "--quiet")
        again_s = seconds(cold, cold_env, "dvc", "repro", "--quiet")
        # With the runs written to MLflow and the table, which plain DVC does not do.
        warm_s = seconds(warm, warm_env, "foursplit", "repro")
        differing = compare(locks(cold), locks(warm))
        n_stages = len(locks(cold))
    if differing:
        sys.exit("the two ways differ:\n" + "\n".join(differing))
    result = {
        "device": processor(),
        "cores": os.cpu_count(),
        "stages": n_stages,
        "dvc_repro_s": round(cold_s, 1),
        "foursplit_repro_s": round(warm_s, 1),
        "ratio": round(cold_s / warm_s, 2),
        "dvc_repro_again_s": round(again_s, 1),
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))
    print(f"every lock entry of {n_stages} stages is equal; kept in {RESULT}")


if __name__ == "__main__":
    main()
