"""What one product of arrays saves over a loop in Python: the same sum, side by side.

Source: Ng, MLS C1 W2 and DLS C1 W2 (vectorization).
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from repro import ROOT, processor
from threadpoolctl import threadpool_limits

from foursplit.core.seeds import generator

RESULT = ROOT / "benchmarks" / "results" / "vectorised.json"
REPEATS = 7
SIZES = (100, 10_000, 1_000_000)  # numbers in a vector
TABLE = (1000, 30)  # examples and inputs of the gradient


def dot(a: np.ndarray, b: np.ndarray) -> float:
    """Add up products one by one."""
    total = 0.0
    for i in range(len(a)):
        total += a[i] * b[i]
    return total


def gradient(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Differentiate the squared-error cost by the weights, one number after the other."""
    slope = np.zeros(len(w))
    for i in range(len(y)):
        error = dot(x[i], w) - y[i]
        for j in range(len(w)):
            slope[j] += error * x[i, j]
    return slope / len(y)


def seconds(run: Callable[[], Any], at_least: float = 0.02) -> float:
    """Give the median CPU time of a call, each over so many calls that the clock can tell.

    CPU time, as on a busy machine a long loop is interrupted more often than a short product.
    """
    start = time.process_time()
    run()
    calls = max(1, int(at_least / max(time.process_time() - start, 1e-9)))
    found = []
    for _ in range(REPEATS):
        start = time.process_time()
        for _ in range(calls):
            run()
        found.append((time.process_time() - start) / calls)
    return median(found)


def race(name: str, loop: Callable[[], Any], product: Callable[[], Any]) -> dict[str, Any]:
    """Time both, after they have given the same."""
    np.testing.assert_allclose(loop(), product(), rtol=1e-9)
    slow, fast = seconds(loop), seconds(product)
    return {"what": name, "loop_s": slow, "product_s": fast, "ratio": slow / fast}


def measure() -> list[dict[str, Any]]:
    """Race dot products of growing length, and one gradient."""
    rng = generator("vectorised")
    rows = []
    for n in SIZES:
        a, b = rng.random(n), rng.random(n)
        rows.append(
            race(f"dot product of {n:,}", lambda a=a, b=b: dot(a, b), lambda a=a, b=b: a @ b)
        )
    n, n_inputs = TABLE
    x, y, w = rng.normal(size=TABLE), rng.normal(size=n), rng.normal(size=n_inputs)
    name = f"gradient of {n:,} examples by {n_inputs} inputs"
    rows.append(race(name, lambda: gradient(x, y, w), lambda: x.T @ (x @ w - y) / n))
    return rows


def main() -> None:
    with threadpool_limits(1):  # the product must not win by a second core
        rows = measure()
    print(f"{'':>42} {'loop':>12} {'product':>12} {'ratio':>8}")
    for row in rows:
        slow, fast = row["loop_s"] * 1e6, row["product_s"] * 1e6
        print(f"{row['what']:>42} {slow:9,.1f} µs {fast:9,.2f} µs {row['ratio']:8,.0f}")
    result = {"device": processor(), "threads": 1, "cases": rows}
    RESULT.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
