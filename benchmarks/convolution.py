"""Convolution of NumPy alone beside PyTorch's and beside explicit loops, on one thread.

3 by 3 kernels, padded, on pictures of 32 by 32 with 16 to 64 channels in and out; forward, and
forward with the whole backward pass. Times are CPU times; rounds of both alternate, and the ratio
is the median over rounds.
"""

import json
import sys
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

import torch
from repro import ROOT, processor
from threadpoolctl import threadpool_limits
from torch.nn import functional as F

from foursplit.core.seeds import generator
from foursplit_courses.from_scratch.convolution import (
    Geometry,
    convolve,
    convolve_backward,
    convolve_by_loops,
)

RESULT = ROOT / "benchmarks" / "results" / "convolution.json"
SIDE, KERNEL, BATCH = 32, 3, 16
CHANNELS = (16, 32, 64)
SAME = Geometry(padding=KERNEL // 2)
ROUNDS = 15
AT_LEAST_S = 0.05  # of a measurement, so that the clock can tell
LOOPED_CHANNELS, LOOPED_SIDE = 16, 10  # the loops' time for 32 by 32 is that many times more
GOALS = {"times_torch": 3.0, "times_loops": 300.0}

Run = Callable[[], Any]


def calls_needed(run: Run) -> int:
    """Return how often to call for a measurement that the clock can tell."""
    run()
    start = time.process_time()
    run()
    return max(1, int(AT_LEAST_S / max(time.process_time() - start, 1e-9)))


def seconds(run: Run, calls: int) -> float:
    start = time.process_time()
    for _ in range(calls):
        run()
    return (time.process_time() - start) / calls


def race(ours: Run, theirs: Run) -> dict[str, float]:
    """Time both in turn; the ratio is that of each round."""
    calls = calls_needed(ours), calls_needed(theirs)
    rounds = [(seconds(ours, calls[0]), seconds(theirs, calls[1])) for _ in range(ROUNDS)]
    return {
        "ours_ms": round(1000 * median(a for a, _ in rounds), 3),
        "torch_ms": round(1000 * median(b for _, b in rounds), 3),
        "ratio": round(median(a / b for a, b in rounds), 2),
    }


def beside_torch(n_in: int, n_out: int, dtype: type[np.floating]) -> list[dict[str, Any]]:
    """Race forward passes, and forward with backward, after they have given the same."""
    rng = generator("benchmark: convolution", n_in, n_out)
    x = rng.normal(size=(BATCH, n_in, SIDE, SIDE)).astype(dtype)
    w = (rng.normal(size=(n_out, n_in, KERNEL, KERNEL)) / KERNEL).astype(dtype)
    b, dy = rng.normal(size=n_out).astype(dtype), np.ones((BATCH, n_out, SIDE, SIDE), dtype)
    tensors = [torch.from_numpy(a).requires_grad_() for a in (x, w, b)]
    gradient = torch.from_numpy(dy)

    def theirs_both() -> tuple[torch.Tensor, ...]:
        return torch.autograd.grad(F.conv2d(*tensors, padding=1), tensors, gradient)

    def theirs_forward() -> torch.Tensor:
        with torch.no_grad():
            return F.conv2d(*tensors, padding=1)

    def ours_both() -> tuple[np.ndarray, ...]:
        convolve(x, w, b, SAME)
        return convolve_backward(dy, x, w, SAME)

    tolerance = 1e-3 if dtype is np.float32 else 1e-9
    for own, other in zip(ours_both(), theirs_both(), strict=True):
        np.testing.assert_allclose(own, other.numpy(), rtol=tolerance, atol=10 * tolerance)
    about = {"channels_in": n_in, "channels_out": n_out, "numbers": np.dtype(dtype).name}
    return [
        {**about, "pass": "forward", **race(lambda: convolve(x, w, b, SAME), theirs_forward)},
        {**about, "pass": "forward and backward", **race(ours_both, theirs_both)},
    ]


def beside_loops() -> dict[str, float]:
    """Time one picture by loops, on a part of its positions, and by one matrix product."""
    rng = generator("benchmark: convolution by loops")
    n = LOOPED_CHANNELS
    x = rng.normal(size=(1, n, SIDE + 2, SIDE + 2))
    w, b = rng.normal(size=(n, n, KERNEL, KERNEL)), rng.normal(size=n)
    part = x[:, :, :LOOPED_SIDE, :LOOPED_SIDE]
    np.testing.assert_allclose(convolve(part, w, b), convolve_by_loops(part, w, b), rtol=1e-9)
    share = (SIDE / (LOOPED_SIDE - 2)) ** 2
    loops = share * median(seconds(lambda: convolve_by_loops(part, w, b), 1) for _ in range(3))
    calls = calls_needed(lambda: convolve(x, w, b))
    product_s = median(seconds(lambda: convolve(x, w, b), calls) for _ in range(ROUNDS))
    return {
        "channels": n,
        "loops_ms": round(1000 * loops, 1),
        "ours_ms": round(1000 * product_s, 3),
        "ratio": round(loops / product_s),
    }


def main() -> None:
    """Time all, keep the figures, and say which goals are met."""
    torch.set_num_threads(1)
    with threadpool_limits(1):
        rows = [
            row
            for dtype, n_in, n_out in product((np.float32, np.float64), CHANNELS, CHANNELS)
            for row in beside_torch(n_in, n_out, dtype)
        ]
        loops = beside_loops()
    worst = max(row["ratio"] for row in rows)
    result = {
        "device": processor(),
        "threads": 1,
        "batch": BATCH,
        "goals": GOALS,
        "met": {
            "times_torch": worst <= GOALS["times_torch"],
            "times_loops": loops["ratio"] >= GOALS["times_loops"],
        },
        "worst_ratio": worst,
        "cases": rows,
        "loops": loops,
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    for row in rows:
        print(*row.values())
    print(json.dumps({"loops": loops, "worst_ratio": worst, "met": result["met"]}, indent=1))


if __name__ == "__main__":
    main()
