"""What a diagnosis of a very wide table costs: 3,000 columns by twice 2,000 rows, from CSV to text.

It runs `foursplit diagnose` as a person does, its start included, and notes seconds and memory.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parent))

from repro import ROOT, processor

from foursplit.core.seeds import generator

RESULT = ROOT / "benchmarks" / "results" / "wide_table.json"
COLUMNS, ROWS = 3000, 2000  # rows a split
RATES = {"train": 0.05, "dev": 0.2}
MOST_S = 20.0


def write(folder: Path) -> None:
    """Write both splits as CSV: columns of four levels, none of which has to do with errors."""
    for split, rate in RATES.items():
        rng = generator("benchmark", split, ROWS)
        known = pd.DataFrame(
            {
                "example_id": [f"{split}-{number}" for number in range(ROWS)],
                "loss": (rng.random(ROWS) < rate).astype(float),
            }
        )
        names = [f"meta.c{number:04d}" for number in range(COLUMNS)]
        columns = pd.DataFrame(rng.integers(0, 4, (ROWS, COLUMNS)).astype(np.int8), columns=names)
        pd.concat([known, columns], axis=1).to_csv(folder / f"{split}.csv", index=False)


def main() -> None:
    """Time the command and keep the figures."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    with tempfile.TemporaryDirectory(prefix="foursplit-bench-") as name:
        write(Path(name))
        command = [sys.executable, "-m", "foursplit", "diagnose", name]
        began = time.perf_counter()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        seconds = time.perf_counter() - began
    assert f"{COLUMNS:,} columns" in done.stdout, done.stdout
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = {
        "device": processor(),
        "cores": os.cpu_count(),
        "columns": COLUMNS,
        "rows_a_split": ROWS,
        "splits": len(RATES),
        "diagnose_s": round(seconds, 2),
        "cpu_s": round(used.ru_utime + used.ru_stime, 2),
        "most_s": MOST_S,
        "peak_gb": round(used.ru_maxrss / 1e6, 2),
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))
    print(f"kept in {RESULT}")


if __name__ == "__main__":
    main()
