"""What the diagnosis engine costs: a diagnosis at 100,000 rows a split, and at ten million in all.

Beside it, in the same run: the ledger's intervals by a plain bootstrap that draws rows, and the
slices of the `sliceline` package on the same columns.  It takes some minutes on two cores.
"""

import argparse
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parent))

from repro import ROOT, processor

from foursplit.core.seeds import generator
from foursplit.diagnosis import prediction_table
from foursplit.diagnosis.decomposition.decompose import decompose
from foursplit.diagnosis.diagnose import diagnose_as_json
from foursplit.diagnosis.prediction_table import Model, PredictionTable
from foursplit.diagnosis.settings import Settings
from foursplit.diagnosis.slices import slice_report
from foursplit.diagnosis.stats import bootstrap

RESULT = ROOT / "benchmarks" / "results" / "diagnosis.json"
SMALL, LARGE = 100_000, 2_500_000  # rows a split, of four
COLUMNS = 30
GROUPS = 2_000  # a split, of SMALL rows
DRAWS = 200  # of the plain bootstrap: its time for 2,000 is ten times that
SLICELINE_ROWS, SLICELINE_COLUMNS = 50_000, 8


def made(split: str, n: int, rate: float, n_columns: int = COLUMNS) -> PredictionTable:
    """Make a table with one bad slice among random columns of words and two of numbers."""
    rng = generator("benchmark", split, n)
    columns: dict[str, Any] = {
        f"meta.c{k}": rng.integers(0, 4 + k % 7, n).astype(np.int8) for k in range(n_columns - 2)
    }
    columns |= {f"meta.x{k}": rng.normal(size=n).astype(np.float32) for k in range(2)}
    bad = (columns["meta.c0"] == 1) & (columns["meta.c1"] == 2)
    loss = (rng.random(n) < np.where(bad, 4 * rate, rate)).astype(float)
    names = np.char.add(f"{split}-", np.arange(n).astype(str))
    return prediction_table.validate(
        pd.DataFrame({"example_id": names, "loss": loss, **columns}), split
    )


def model(n: int) -> Model:
    rates = {"train": 0.01, "train_dev": 0.02, "dev": 0.08, "test": 0.08}
    return Model(tables={split: made(split, n, rate) for split, rate in rates.items()})


def grouped(n: int, n_groups: int) -> Model:
    """Put the rows of each split into groups at random."""
    tables = {}
    for split, table in model(n).tables.items():
        drawn = generator("benchmark", split, "groups").integers(0, n_groups, n)
        names = np.char.add(f"{split}-", drawn.astype(str))
        tables[split] = prediction_table.validate(table.frame.assign(group_id=names), split)
    return Model(tables=tables)


def diagnose_grouped() -> dict[str, float]:
    """Time a whole diagnosis of rows in groups; CPU seconds, because other work may share it."""
    given = grouped(SMALL, GROUPS)
    cpu = time.process_time()
    whole_s, result = timed(lambda: diagnose_as_json([given], Settings(human_error=0.005)))
    cpu = time.process_time() - cpu
    assert result["slices"]["n_confirmed"] > 0
    return {
        "rows_a_split": SMALL,
        "groups_a_split": GROUPS,
        "columns": COLUMNS,
        "everything_s": round(whole_s, 2),
        "everything_cpu_s": round(cpu, 2),
    }


def timed(work: Any) -> tuple[float, Any]:
    start = time.perf_counter()
    found = work()
    return time.perf_counter() - start, found


def plain(table: PredictionTable) -> None:
    """Draw rows with replacement, as a book would have it."""
    rng = np.random.default_rng(1)
    for _ in range(DRAWS):
        rows = rng.integers(0, len(table), len(table))
        np.average(table.loss[rows], weights=table.weight[rows])


def beside_sliceline() -> dict[str, float]:
    """Search the same table by the package and by ours."""
    from sliceline.slicefinder import Slicefinder

    table = made("dev", SLICELINE_ROWS, 0.08, SLICELINE_COLUMNS)
    words = [name for name in table.meta if name.startswith("meta.c")]
    finder = Slicefinder(alpha=0.95, k=5, max_l=2, min_sup=500, verbose=False)
    theirs, _ = timed(lambda: finder.fit(table.frame[words].to_numpy(), table.loss))
    ours, found = timed(lambda: slice_report.find_slices(table, np.random.default_rng(1)))
    assert found.confirmed
    return {
        "rows": SLICELINE_ROWS,
        "columns": SLICELINE_COLUMNS,
        "sliceline_s": round(theirs, 2),
        "ours_s": round(ours, 2),
    }


def main() -> None:
    """Time both sizes and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--grouped", action="store_true", help="time the rows in groups alone")
    if parser.parse_args().grouped:
        kept = json.loads(RESULT.read_text()) | {"grouped": diagnose_grouped()}
        RESULT.write_text(json.dumps(kept, indent=1) + "\n")
        print(json.dumps(kept["grouped"], indent=1))
        return
    small = model(SMALL)
    whole_s, result = timed(lambda: diagnose_as_json([small], Settings(human_error=0.005)))
    assert result["slices"]["n_confirmed"] > 0
    rows_s, _ = timed(lambda: plain(small.tables["dev"]))
    rng = np.random.default_rng(1)
    dev = small.tables["dev"]
    ours_s, _ = timed(
        lambda: bootstrap.estimate(
            dev.loss, dev.weight, dev.groups, rng, n_resamples=2000, confidence=0.95
        )
    )
    result = {
        "device": processor(),
        "cores": os.cpu_count(),
        "small": {"rows_a_split": SMALL, "columns": COLUMNS, "everything_s": round(whole_s, 2)},
        "interval": {
            "rows": SMALL,
            "draws": 2000,
            "ours_s": round(ours_s, 4),
            "rows_drawn_s": round(rows_s * 2000 / DRAWS, 1),
        },
        "grouped": diagnose_grouped(),
        "sliceline": beside_sliceline(),
    }
    print(json.dumps(result, indent=1), flush=True)
    large = model(LARGE)
    known = Settings(human_error=0.005)
    ledger_s, _ = timed(lambda: decompose([large], known, same_distribution=False))
    slices_s, found = timed(
        lambda: slice_report.find_slices(large.tables["dev"], np.random.default_rng(1))
    )
    result["large"] = {
        "rows": 4 * LARGE,
        "columns": COLUMNS,
        "ledger_s": round(ledger_s, 2),
        "slices_s": round(slices_s, 2),
        "rows_sliced": LARGE,
        "confirmed": len(found.confirmed),
        "peak_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result["large"], indent=1))
    print(f"kept in {RESULT}")


if __name__ == "__main__":
    main()
