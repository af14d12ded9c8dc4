"""How fast k-means from first principles is, beside scikit-learn's, from the same start.

`PYTHONPATH=src python benchmarks/kmeans.py`: Lloyd's algorithm in both, one thread, double
precision, the same centroids to begin with, the same rule to end.
"""

import argparse
import json
import os
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.cluster import KMeans  # here: what is loaded within the limit is not limited by it
from sklearn.datasets import load_sample_image
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parent))

from repro import processor

from foursplit.core.seeds import generator
from foursplit.io import artifacts
from foursplit_courses.from_scratch import kmeans

RESULT = Path(__file__).parent / "results" / "kmeans.json"
GOAL = 2.5  # times scikit-learn's time, for equal inertia
EQUAL = 1e-4  # relative difference of two inertias that are the same: bytes lie half-way between
# two centroids often, and rounding then sends them to either


def photo() -> np.ndarray:
    """Give the (pixel, channel) colours of scikit-learn's flower, 0 to 1."""
    return load_sample_image("flower.jpg").reshape(-1, 3) / 255


def blobs(n: int, n_inputs: int, n_blobs: int) -> np.ndarray:
    """Draw (example, input) around centres that overlap."""
    rng = generator("benchmark blobs", n, n_inputs)
    centres = rng.normal(size=(n_blobs, n_inputs))
    return centres[rng.integers(n_blobs, size=n)] + 0.5 * rng.normal(size=(n, n_inputs))


CASES = {
    "flower, 16 colours": (photo, 16),
    "flower, 64 colours": (photo, 64),
    "100,000 x 10, 20 clusters": (lambda: blobs(100_000, 10, 20), 20),
    "50,000 x 64, 50 clusters": (lambda: blobs(50_000, 64, 50), 50),
    "20,000 x 2, 8 clusters": (lambda: blobs(20_000, 2, 8), 8),
}


def race(x: np.ndarray, n_clusters: int, repeats: int) -> dict[str, Any]:
    """Run both in turn; give each one's least time, and what they ended with."""
    start = kmeans.init_kmeans_plus_plus(x, n_clusters, generator("benchmark start", n_clusters))
    took: dict[str, list[float]] = {"ours": [], "sklearn": []}
    for _ in range(repeats):
        begin = time.perf_counter()
        ours = kmeans.lloyd(x, start)
        took["ours"].append(time.perf_counter() - begin)
        begin = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # may tell that it has not converged: both stop there
            theirs = KMeans(n_clusters, init=start, n_init=1, algorithm="lloyd").fit(x)
        took["sklearn"].append(time.perf_counter() - begin)
    ours_s, theirs_s = min(took["ours"]), min(took["sklearn"])
    return {
        "n": len(x),
        "n_inputs": x.shape[1],
        "n_clusters": n_clusters,
        "ours_s": round(ours_s, 4),
        "sklearn_s": round(theirs_s, 4),
        "ratio": round(ours_s / theirs_s, 2),
        "ours_inertia": ours.inertia,
        "sklearn_inertia": float(theirs.inertia_),
        "ours_steps": ours.n_iter,
        "sklearn_steps": int(theirs.n_iter_),
        "equal": abs(ours.inertia / float(theirs.inertia_) - 1) < EQUAL,
    }


def main() -> int:
    """Print and keep the races; 1 where one is slower than the goal or ends elsewhere."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    with threadpool_limits(1):
        rows = {name: race(make(), k, given.repeats) for name, (make, k) in CASES.items()}
    result = {
        "device": processor(),
        "cores": len(os.sched_getaffinity(0)),
        "threads": 1,
        "goal": GOAL,
        "cases": rows,
    }
    artifacts.write_json(RESULT, result)
    print(json.dumps(result, indent=1))
    met = all(row["equal"] and row["ratio"] <= GOAL for row in rows.values())
    print("met" if met else "MISSED")
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main())
