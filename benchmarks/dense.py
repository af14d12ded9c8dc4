"""A layer as one matrix product beside the loops that say the same, in one run.

The layer is the digit network's first: 400 inputs, 25 units, 1,000 examples.
"""

import argparse
import json
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from repro import ROOT, processor

from foursplit.core.seeds import generator
from foursplit_courses.from_scratch.dense import dense, dense_by_unit

RESULT = ROOT / "benchmarks" / "results" / "dense.json"
N_IN, N_UNITS, N_EXAMPLES = 400, 25, 1000
LOOPED = 20  # of the examples: the loops' time for all is that many times more
REPEATS = 5


def median_s(work: object, repeats: int) -> float:
    """Time a function of nothing."""
    assert callable(work)
    taken = []
    for _ in range(repeats):
        start = perf_counter()
        work()
        taken.append(perf_counter() - start)
    return median(taken)


def main() -> None:
    """Time both and keep the figures."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    rng = generator("benchmark: dense")
    x = rng.normal(size=(N_EXAMPLES, N_IN))
    w, b = rng.normal(size=(N_IN, N_UNITS)), rng.normal(size=N_UNITS)
    some = x[:LOOPED]
    np.testing.assert_allclose(dense(some, w, b), dense_by_unit(some, w, b), rtol=1e-10)
    product_s = median_s(lambda: dense(x, w, b), 20 * REPEATS)
    loops_s = median_s(lambda: dense_by_unit(some, w, b), REPEATS) * N_EXAMPLES / LOOPED
    found = {
        "device": processor(),
        "inputs": N_IN,
        "units": N_UNITS,
        "examples": N_EXAMPLES,
        "product_ms": round(1000 * product_s, 3),
        "loops_ms": round(1000 * loops_s, 1),
        "ratio": round(loops_s / product_s),
    }
    RESULT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
