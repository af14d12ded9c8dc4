"""The cat networks of the Deep Learning Specialization's first course, from its own first weights.

The course draws them from NumPy's old generator with one seed, and so its figures repeat to the
digit.  Other seeds of the same draw say how much of a figure is that seed's luck.  The test photos
are those that the course prints its accuracy of; nothing is chosen here.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml

sys.path.insert(0, str(Path(__file__).parent))

from published import PUBLISHED
from repro import ROOT, processor

from foursplit import plugins
from foursplit.core.examples import OFFICIAL, DataSpec
from foursplit.data import fetch
from foursplit.io import artifacts
from foursplit.models import mlp

RESULT = ROOT / "benchmarks" / "results" / "published_starts.json"
Pair = tuple[torch.Tensor, torch.Tensor]


def read(name: str) -> dict[str, Pair]:
    """Fetch the photos; give the published train and test, values from 0 to 1 in double.

    (example, row, column, channel), as published: drawn weights belong to inputs in that order.
    """
    file = plugins.dataset(name)
    with tempfile.TemporaryDirectory(prefix="foursplit-published-") as folder:
        fetch.fetch(file.SPEC, Path(folder) / "raw")
        found = file.read(Path(folder) / "raw")
    kind, y = (
        found.metadata[OFFICIAL].to_numpy(),
        found.metadata[file.SPEC.target].to_numpy(np.float64),
    )
    x = np.ascontiguousarray(found.x.transpose(0, 2, 3, 1), dtype=np.float64)
    return {
        part: (torch.from_numpy(x[kind == part]), torch.from_numpy(y[kind == part])[:, None])
        for part in ("train", "test")
    }


def started(recipe: Mapping[str, Any], shape: DataSpec, seed: int) -> torch.nn.Module:
    """Build the network with the course's first weights: normal draws, layer by layer."""
    args = mlp.Args(hidden=tuple(recipe["hidden"]), single_logit=True, standardize=False)
    net = mlp.build(args, shape).double()
    layers = [layer for layer in net if isinstance(layer, torch.nn.Linear)]
    sizes = pairwise((shape.n_inputs, *recipe["hidden"], 1))
    draw = np.random.RandomState(seed)  # no other generator gives the same numbers
    with torch.no_grad():
        for layer, (n_in, n_out) in zip(layers, sizes, strict=True):
            scale = n_in**-0.5 if recipe["scale"] == "inputs" else float(recipe["scale"])
            layer.weight.copy_(torch.from_numpy(draw.randn(n_out, n_in) * scale))
            layer.bias.zero_()
    return net


def trained(recipe: Mapping[str, Any], parts: Mapping[str, Pair], seed: int) -> dict[str, float]:
    """Take the course's steps on all photos of train; give what it prints."""
    x, y = parts["train"]
    net = started(recipe, DataSpec(inputs=tuple(x.shape[1:]), classes=("no", "yes")), seed)
    steps = torch.optim.SGD(net.parameters(), lr=recipe["learning_rate"])
    costs = []
    for _ in range(recipe["iterations"]):
        steps.zero_grad()
        cost = torch.nn.functional.binary_cross_entropy_with_logits(net(x), y)
        cost.backward()
        steps.step()
        costs.append(float(cost.detach()))
    with torch.no_grad():
        right = {p: ((net(a) > 0).double() == b).double().mean() for p, (a, b) in parts.items()}
    return {
        "train_accuracy": float(right["train"]),
        "test_accuracy": float(right["test"]),
        "cost_printed": costs[recipe["printed"]],
    }


def figures(recipe: Mapping[str, Any], parts: Mapping[str, Pair], others: int) -> dict[str, Any]:
    """Make the course's figures, and those of other seeds of the same draw."""
    start = time.perf_counter()
    course = trained(recipe, parts, recipe["seed"])
    seconds = time.perf_counter() - start
    drawn = others if recipe["scale"] else 0  # without a draw, every seed is the same
    tests = [trained(recipe, parts, 100 + n)["test_accuracy"] for n in range(drawn)]
    share = float(parts["test"][1].mean())
    result = {"seconds": round(seconds, 1), "course": course, "trivial": max(share, 1 - share)}
    if tests:
        result["others"] = {
            "n": len(tests),
            "mean": float(np.mean(tests)),
            "lo": min(tests),
            "hi": max(tests),
            "as_good": sum(t >= course["test_accuracy"] for t in tests),
        }
    return result


def main() -> None:
    torch.set_num_threads(1)
    content = yaml.safe_load(PUBLISHED.read_text(encoding="utf-8"))
    found: dict[str, Any] = {}
    for name, recipe in content["starts"].items():
        parts = read(recipe["dataset"])
        found[name] = figures(recipe, parts, content["other_starts"])
        print(name, json.dumps(found[name]), flush=True)
    result = {"device": processor(), "cores": len(os.sched_getaffinity(0)), "tables": found}
    artifacts.write_json(RESULT, result)


if __name__ == "__main__":
    main()
