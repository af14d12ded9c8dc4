"""Every network on a GPU: the same bytes twice, an error near the CPU's, and the time of each.

`PYTHONPATH=src python benchmarks/on_gpu.py` trains each experiment that learns by gradient steps
and whose split lies in data/ (`foursplit repro` makes it): twice on the GPU, once on the CPU.
"""

import argparse
import json
import multiprocessing
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from foursplit.core import reproducible_env

RESULT = Path(__file__).parent / "results" / "gpu.json"
KERNELS, THREADS = "portable", 1  # as in params.yaml


def main() -> int:
    """Print a line for each experiment and keep all; 1 if one fails or differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("keys", nargs="*", help="experiments (default: all whose data is here)")
    parser.add_argument("--skip", nargs="+", default=[], help="experiments to leave out")
    parser.add_argument("--out", type=Path, default=RESULT, help="file of the results")
    parser.add_argument("--jobs", type=int, default=1, help="experiments trained side by side")
    given = parser.parse_args()
    reproducible_env.configure_environment(KERNELS, THREADS)
    # A state of a training cut short would be gone on with.
    os.environ["FOURSPLIT_SAVE_EVERY_S"] = "1e9"
    import torch

    if not torch.cuda.is_available():
        sys.exit("torch finds no GPU here")
    found = given.keys or sorted(here(), key=lambda key: -work(key))
    keys = [key for key in found if key not in given.skip]
    began = time.perf_counter()
    with multiprocessing.get_context("spawn").Pool(given.jobs) as pool:
        rows = []
        for row in pool.imap_unordered(trained, keys):
            print(line(row), flush=True)
            rows.append(row)
            keep(given.out, rows, time.perf_counter() - began, given.jobs)
    return 0 if rows and all(row.get("same_bytes") for row in rows) else 1


def here() -> Iterator[str]:
    """Name the experiments that learn by gradient steps and whose split lies here."""
    from foursplit.config.fit import TrainerConfig
    from foursplit.config.load import load

    for section in load().sections().values():
        for course in section.experiments.values():
            for key, experiment in course.items():
                if examples(experiment.dataset).is_file() and isinstance(
                    experiment.fit, TrainerConfig
                ):
                    yield key


def work(key: str) -> int:
    """Count the bytes that a training passes over: the longest start first."""
    from foursplit.config.load import load

    experiment = load().experiment(key)
    return int(examples(experiment.dataset).stat().st_size * experiment.fit.max_epochs)


def examples(dataset: str) -> Path:
    from foursplit.config import paths

    return paths.split(dataset) / "seen" / "train.npy"


def trained(key: str) -> dict[str, Any]:
    """Train the first seed of an experiment three times; a failure is a result too."""
    from foursplit.training import device

    try:
        gpu, again, cpu = (once(key, kind) for kind in ("gpu", "gpu", "cpu"))
    except Exception as error:  # which operations torch refuses is what is asked
        return {"experiment": key, "failed": f"{type(error).__name__}: {error}".splitlines()[0]}
    flops = gpu["flops"] * gpu["batch"]
    return {
        "experiment": key,
        "mflops_a_step": round(flops / 1e6, 3),  # forward
        "auto": "gpu" if device.runs_faster_on_gpu(gpu["flops"], gpu["batch"]) else "cpu",
        "same_bytes": gpu["hash"] == again["hash"],
        "gpu_s": again["seconds"],  # the first also loads CUDA's libraries
        "cpu_s": cpu["seconds"],
        "times_faster": round(cpu["seconds"] / again["seconds"], 2),
        "dev_error_gpu": gpu["dev_error"],
        "dev_error_cpu": cpu["dev_error"],
        "n_dev": gpu["n_dev"],
    }


def once(key: str, kind: str) -> dict[str, Any]:
    """Train with one seed on one kind of device, as stage train does, and measure dev."""
    import numpy as np

    from foursplit.config.load import load
    from foursplit.evaluation import experiment_tables
    from foursplit.evaluation.predict import load_predictor
    from foursplit.stages.train import prepare
    from foursplit.training import manifest as manifests
    from foursplit.training.train import train

    os.environ["FOURSPLIT_ACCELERATOR"] = kind
    params = load()
    job = prepare(key, params)
    fit, n_train, dev = job.experiment.fit, len(job.splits["train"]), job.splits["dev"]
    with tempfile.TemporaryDirectory(prefix="foursplit-bench-") as folder:
        target = Path(folder) / "model"
        began = time.perf_counter()
        made = train(job, target, fit.seeds[0])
        seconds = time.perf_counter() - began
        _, answer = load_predictor(target, params.run)
        table = experiment_tables.build_table(
            dev, answer(dev), "dev", made.task, manifests.shape(made)
        )
    return {
        "flops": made.flops,
        "batch": min(fit.batch_size or n_train, n_train),
        "hash": made.model_hash,
        "seconds": round(seconds, 2),
        "dev_error": float(np.average(table["loss"], weights=table["weight"])),
        "n_dev": len(dev),
    }


def line(row: dict[str, Any]) -> str:
    name = f"{row['experiment']:<36}"
    if "failed" in row:
        return f"{name} FAILED: {row['failed']}"
    same = "same bytes" if row["same_bytes"] else "BYTES DIFFER"
    times = f"gpu {row['gpu_s']:>7.2f} s  cpu {row['cpu_s']:>7.2f} s"
    errors = f"dev {row['dev_error_gpu']:.4f} on gpu, {row['dev_error_cpu']:.4f} on cpu"
    return f"{name} {row['mflops_a_step']:>9.3f} MFLOPs  {same}  {times}  {errors}"


def keep(path: Path, rows: list[dict[str, Any]], seconds: float, jobs: int) -> None:
    import torch

    known = {
        "gpu": torch.cuda.get_device_name(),
        "cpu_cores": os.cpu_count(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "instruction_set": KERNELS,
        "threads": THREADS,
        "side_by_side": jobs,
        "seconds": round(seconds, 1),
        "experiments": sorted(rows, key=lambda row: row["experiment"]),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
