"""Steps of a network in NumPy beside torch's, in one run: dense, batch normalization, Adam.

A step is forward and backward; of Adam it is the update of one matrix. CPU time on one thread, in
turn, so that both meet the same machine.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent))

from repro import ROOT, processor
from threadpoolctl import threadpool_limits

from foursplit.core.seeds import generator
from foursplit_courses.from_scratch import adam, batch_norm
from foursplit_courses.from_scratch.dense import dense, dense_backward

RESULT = ROOT / "benchmarks" / "results" / "network_steps.json"
SIZES = ((64, 256, 256), (64, 512, 512), (256, 512, 512))  # examples, inputs, units
TYPES = ("float32", "float64")
ROUNDS, AT_LEAST_S = 15, 0.02
Call = Callable[[], Any]


def cpu_seconds(run: Call, calls: int) -> float:
    """Return the CPU time of a call, over `calls` of them."""
    start = time.process_time()
    for _ in range(calls):
        run()
    return (time.process_time() - start) / calls


def race(ours: Call, theirs: Call) -> dict[str, float]:
    """Time both in turn; return the medians and the median of the ratios."""
    calls = [max(1, int(AT_LEAST_S / max(cpu_seconds(run, 3), 1e-7))) for run in (ours, theirs)]
    pairs = [(cpu_seconds(ours, calls[0]), cpu_seconds(theirs, calls[1])) for _ in range(ROUNDS)]
    return {
        "numpy_us": round(1e6 * median(a for a, _ in pairs), 1),
        "torch_us": round(1e6 * median(b for _, b in pairs), 1),
        "ratio": round(median(a / b for a, b in pairs), 3),
    }


def dense_steps(size: tuple[int, int, int], dtype: str) -> tuple[Call, Call]:
    """Return the dense layer's step, ours and torch's, after they have given the same."""
    n, n_in, n_out = size
    rng = generator("benchmark: network steps", "dense", n, n_in)
    x, w = (rng.normal(size=shape).astype(dtype) for shape in ((n, n_in), (n_in, n_out)))
    b, dz = rng.normal(size=n_out).astype(dtype), rng.normal(size=(n, n_out)).astype(dtype)
    tensors = [torch.from_numpy(a.copy()).requires_grad_() for a in (x, w.T.copy(), b)]
    grad = torch.from_numpy(dz)

    def ours() -> Any:
        dense(x, w, b)
        return dense_backward(dz, x, w)

    def theirs() -> Any:
        outputs = torch.nn.functional.linear(*tensors)
        return torch.autograd.grad(outputs, tensors, grad)

    mine, other = ours(), theirs()
    close = {"rtol": 1e-3, "atol": 1e-2} if dtype == "float32" else {"rtol": 1e-9, "atol": 1e-9}
    np.testing.assert_allclose(mine.x, other[0].numpy(), **close)
    np.testing.assert_allclose(mine.w, other[1].numpy().T, **close)
    return ours, theirs


def batch_norm_steps(size: tuple[int, int, int], dtype: str) -> tuple[Call, Call]:
    """Return the step of batch normalization of all units."""
    n, _, n_out = size
    rng = generator("benchmark: network steps", "batch norm", n, n_out)
    x, grad = (rng.normal(2, 3, (n, n_out)).astype(dtype) for _ in range(2))
    state = batch_norm.BatchNormState(*(a.astype(dtype) for a in batch_norm.init_state(n_out)))
    layer = torch.nn.BatchNorm1d(n_out, dtype=getattr(torch, dtype))
    tensor, of_outputs = torch.from_numpy(x.copy()).requires_grad_(), torch.from_numpy(grad)
    learnt = [tensor, layer.weight, layer.bias]

    def ours() -> Any:
        _, cache, updated = batch_norm.batch_norm(x, state)
        return batch_norm.batch_norm_backward(grad, cache, updated)

    def theirs() -> Any:
        return torch.autograd.grad(layer(tensor), learnt, of_outputs)

    np.testing.assert_allclose(ours().x, theirs()[0].numpy(), rtol=1e-2, atol=1e-4)
    return ours, theirs


def adam_steps(size: tuple[int, int, int], dtype: str) -> tuple[Call, Call]:
    """Return Adam's step of the weights of a layer, in place as torch's."""
    _, n_in, n_out = size
    rng = generator("benchmark: network steps", "adam", n_in, n_out)
    w, gradient = (rng.normal(size=(n_in, n_out)).astype(dtype) for _ in range(2))
    parameter = torch.nn.Parameter(torch.from_numpy(w.copy()))
    parameter.grad = torch.from_numpy(gradient.copy())
    optimizer = torch.optim.Adam([parameter], lr=0.001, fused=True)
    kept: dict[str, Any] = {"w": [w], "state": adam.init_state([w])}

    def ours() -> Any:
        kept["w"], kept["state"] = adam.step(
            kept["w"], [gradient], kept["state"], 0.001, in_place=True
        )
        return kept["w"][0]

    def theirs() -> Any:
        optimizer.step()
        return parameter.detach().numpy()

    np.testing.assert_allclose(ours(), theirs(), rtol=1e-4, atol=1e-5)
    return ours, theirs


STEPS = {"dense": dense_steps, "batch_norm": batch_norm_steps, "adam": adam_steps}


def main() -> None:
    """Race every step at every size, print the ratios and store them."""
    torch.set_num_threads(1)
    rows = []
    with threadpool_limits(1):
        for name, steps in STEPS.items():
            for size in SIZES:
                for dtype in TYPES:
                    row = {"step": name, "size": list(size), "dtype": dtype}
                    rows.append({**row, **race(*steps(size, dtype))})
                    print(json.dumps(rows[-1]), flush=True)
    result = {"device": processor(), "threads": 1, "cases": rows}
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
