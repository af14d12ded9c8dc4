"""How fast training is, beside a loop written by hand.

`PYTHONPATH=src python benchmarks/training.py` needs torch, Lightning, NumPy, pandas, safetensors
and jaxtyping, and nothing else of what the pipeline needs.
"""

import argparse
import json
import os
import platform
import sys
import warnings
from pathlib import Path
from typing import Any

from foursplit.core import reproducible_env

RESULTS = Path(__file__).parent / "results"
KERNELS, THREADS = "portable", 1  # as in params.yaml
NOISE = 0.15  # of the loop against itself, beyond which nothing is said: as much as the goal allows
VERDICTS = {True: "met", False: "MISSED", None: "unclear"}


def main() -> int:
    """Print a table for each device and keep it; 1 if weights came out that differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")
    parser.add_argument("--device", choices=["cpu", "gpu"], help="one only (default: all here)")
    parser.add_argument("--quick", action="store_true", help="one repeat: does it run at all?")
    given = parser.parse_args()
    reproducible_env.configure_environment(KERNELS, THREADS)
    warnings.filterwarnings("ignore", message=".*no `val_dataloader`")  # the loop has none either
    import torch

    same = True
    kinds = [given.device] if given.device else ["cpu", "gpu"][: 1 + torch.cuda.is_available()]
    for kind in kinds:
        result = measure(kind, repeats=1 if given.quick else 7)
        print(table(result))
        given.out.mkdir(parents=True, exist_ok=True)
        path = given.out / f"training-{kind}.json"
        path.write_text(json.dumps(result, indent=1) + "\n")
        print(f"kept in {path}\n")
        same &= not any(row["weights_apart"] for row in result["cases"])
    return 0 if same else 1


def measure(kind: Any, repeats: int) -> dict[str, Any]:
    """Race all cases: on a CPU with the pipeline's thread count and, to inform, with all cores."""
    import pytorch_lightning as L
    import torch
    from race import CASES, LARGE, race

    from foursplit.training import device

    cores = len(os.sched_getaffinity(0))
    cases = {**CASES, **(LARGE if kind == "gpu" else {})}
    rows = []
    for threads in dict.fromkeys([THREADS] if kind == "gpu" else [THREADS, cores]):
        device.set_deterministic(threads)
        for name, case in cases.items():
            row = race(case, kind, repeats if threads == THREADS else min(repeats, 3))
            rows.append(
                {"case": name, "loop": case.loop, "threads": threads, **row, **verdict(kind, row)}
            )
    return {
        "device": torch.cuda.get_device_name() if kind == "gpu" else _cpu(),
        "cpu": _cpu(),
        "cores": cores,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "lightning": L.__version__,
        "instruction_set": KERNELS,
        "cases": rows,
    }


def verdict(kind: str, row: dict[str, float]) -> dict[str, Any]:
    """Hold a row against what the project set itself."""
    if row["weights_apart"]:
        return {"goal": "the same weights", "met": False}
    if row["noise"] > NOISE:
        return {"goal": "a quieter machine: the loop itself varies too much", "met": None}
    if kind == "gpu":
        return {"goal": "no slower (within 5 %)", "met": row["ratio"] <= 1.05}
    limit = 1.05 if row["loop_ms_per_step"] >= 20 else 1.10
    return {"goal": f"at most {limit:.2f} times the loop", "met": row["ratio"] <= limit}


def table(result: dict[str, Any]) -> str:
    head = "case            threads  loop ms  engine ms  more ms  ratio  noise  examples/s  goal"
    lines = [
        f"{row['case']:<15} {row['threads']:>7} {row['loop_ms_per_step']:>8.3f}"
        f" {row['engine_ms_per_step']:>10.3f} {row['overhead_ms_per_step']:>8.3f}"
        f" {row['ratio']:>6.3f} {row['noise']:>6.1%} {row['engine_examples_per_s']:>11,.0f}"
        f"  {VERDICTS[row['met']]}: {row['goal']}"
        for row in result["cases"]
    ]
    title = f"{result['device']} · torch {result['torch']} · Lightning {result['lightning']}"
    return "\n".join((title, head, *lines))


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


if __name__ == "__main__":
    sys.exit(main())
