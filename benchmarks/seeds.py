"""What ten seeds trained at once cost, in trainings of one seed alone.

`PYTHONPATH=src python benchmarks/seeds.py` measures CPU seconds, on one thread.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from statistics import median
from typing import Any

from foursplit.core import reproducible_env

RESULTS = Path(__file__).parent / "results" / "seeds.json"
KERNELS, THREADS = "portable", 1  # as in params.yaml
N_SEEDS = 10
GOAL = 4.0
WAYS = ("vmap", "torch_bmm", "numpy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A network of the courses' size, and the data that it is trained on."""

    model: str
    args: Mapping[str, Any]
    inputs: tuple[int, ...]
    n: int  # examples of train; a quarter of it in each of the splits evaluated meanwhile
    fit: Mapping[str, Any]
    n_classes: int = 10


CASES: Mapping[str, Case] = {
    "small mlp": Case(
        model="mlp",
        args={"hidden": (64, 32)},
        inputs=(1, 8, 8),
        n=1088,
        fit={"learning_rate": 0.001, "batch_size": 64, "max_epochs": 60},
    ),
    "mlp with dropout": Case(
        model="mlp",
        args={"hidden": (64, 32), "dropout": 0.2},
        inputs=(1, 8, 8),
        n=1088,
        fit={"learning_rate": 0.001, "batch_size": 64, "max_epochs": 60},
    ),
    "full batch": Case(
        model="mlp",
        args={"hidden": (40, 40)},
        inputs=(2,),
        n=394,
        n_classes=6,
        fit={"learning_rate": 0.001, "batch_size": None, "max_epochs": 1000},
    ),
    "lenet": Case(
        model="lenet",
        args={},
        inputs=(1, 8, 8),
        n=1088,
        fit={"learning_rate": 0.001, "batch_size": 64, "max_epochs": 12},
    ),
}


def main() -> int:
    """Print the ratios and store them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=RESULTS, help="file of the results")
    parser.add_argument("--repeats", type=int, default=7, help="of each case")
    given = parser.parse_args()
    for name in reproducible_env.DETERMINING_VARIABLES:
        os.environ.pop(name, None)
    os.environ.update(reproducible_env.settings(KERNELS, THREADS))  # before NumPy is imported
    import torch

    from foursplit.training import device

    device.set_deterministic(THREADS)
    rows = [{"case": name, **race(case, given.repeats)} for name, case in CASES.items()]
    ways = {name: steps(CASES[name], given.repeats) for name in ("small mlp", "full batch")}
    result = {
        "cpu": _cpu(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "instruction_set": KERNELS,
        "threads": THREADS,
        "n_seeds": N_SEEDS,
        "goal": GOAL,
        "cases": rows,
        "step_ms": ways,
    }
    given.out.write_text(json.dumps(result, indent=1) + "\n")
    for row in rows:
        print(
            f"{row['case']:<18} one {row['one_s']:.2f} s, ten {row['ten_s']:.2f} s, ratio"
            f" {row['ratio']:.2f} (noise {row['noise']:.0%}), weights"
            f" {row['weights_apart']:.0e} from alone (by rounding"
            f" {row['weights_by_rounding']:.0e}), curves {row['curves_apart']:.0e}"
            f" ({row['curves_by_rounding']:.0e})"
        )
    for name, row in ways.items():
        print(f"{name:<18} a step of ten: {', '.join(f'{w} {row[w]:.2f} ms' for w in WAYS)}")
    return 0


def race(case: Case, repeats: int) -> dict[str, Any]:
    """Time one, ten, one, `repeats` times; return medians of CPU seconds and of their ratio.

    `noise` is the median difference of the two trainings of one seed.  `weights_by_rounding` is how
    far one seed's weights move alone if its first weights are rounded the other way: what
    `weights_apart` has to be compared with.
    """
    from foursplit.training import network, seed_batch

    ones, tens, noise = [], [], []
    for _ in range(repeats):
        before, alone, rows = _timed(case, 1, lambda ts: [network.fit(ts[0])])
        ten, batch, more = _timed(case, N_SEEDS, lambda ts: seed_batch.fit_batch(ts, 4096 // 10))
        after, _, _ = _timed(case, 1, lambda ts: [network.fit(ts[0])])
        ones.append((before + after) / 2)
        tens.append(ten)
        noise.append(abs(after / before - 1))
    ratio = median(ten / one for ten, one in zip(tens, ones, strict=True))
    _, rounded, others = _timed(case, 1, _with_weights_rounded)
    return {
        "one_s": median(ones),
        "ten_s": median(tens),
        "ratio": ratio,
        "met": ratio <= GOAL,
        "noise": median(noise),
        "repeats": repeats,
        "weights_apart": _weights_apart(alone[0], batch[0]),
        "weights_by_rounding": _weights_apart(alone[0], rounded[0]),
        "curves_apart": _curves_apart(rows[0], more[0]),
        "curves_by_rounding": _curves_apart(rows[0], others[0]),
    }


def _weights_apart(weights: Any, others: Any) -> float:
    return max(float((a - b).abs().max()) for a, b in zip(weights, others, strict=True))


def _curves_apart(rows: Any, others: Any) -> float:
    return max(abs(a[key] - b[key]) for a, b in zip(rows, others, strict=True) for key in a)


def _with_weights_rounded(trainings: Any) -> Any:
    import torch

    from foursplit.training import network

    with torch.no_grad():
        for weights in trainings[0].module.net.parameters():
            weights.copy_(torch.nextafter(weights, weights + 1))
    return [network.fit(trainings[0])]


def _timed(case: Case, n: int, way: Any) -> tuple[float, list[Any], Any]:
    """Return CPU seconds from the first weights to the last, the weights and the curves."""
    from foursplit.training import network

    with tempfile.TemporaryDirectory() as folder:
        arrays, fit = _data(case), _fit(case)
        start = time.process_time()
        trainings = [
            network.Training(
                module=_module(case, seed),
                train=arrays["train"],
                validation=arrays,
                fit=fit,
                seed=seed,
                kind="cpu",
                state=Path(folder) / "state",
            )
            for seed in range(1, n + 1)
        ]
        rows = way(trainings)
        seconds = time.process_time() - start
    nets = [training.module.net for training in trainings]
    return seconds, [[p.detach() for p in net.parameters()] for net in nets], rows


def steps(case: Case, repeats: int) -> dict[str, float]:
    """Return the milliseconds of a step of ten seeds in three ways, and of one seed alone."""
    import torch
    from torch.func import functional_call, stack_module_state, vmap
    from torch.nn import functional as F

    from foursplit.training import stacked_network

    arrays = {name: torch.from_numpy(values) for name, values in _data(case)["train"].items()}
    size = case.fit["batch_size"] or case.n
    x, y = (arrays[name][:size] for name in ("x", "y"))
    nets = [_module(case, seed).net for seed in range(N_SEEDS)]
    tens = x.expand(N_SEEDS, *x.shape).clone(), y.expand(N_SEEDS, size).clone()
    weights = {k: torch.nn.Parameter(v.detach()) for k, v in stack_module_state(nets)[0].items()}
    buffers = stack_module_state(nets)[1]

    def alone() -> Any:
        return F.cross_entropy(nets[0](x), y)

    def by_vmap() -> Any:
        def loss(own: Any, fixed: Any, x: Any, y: Any) -> Any:
            return F.cross_entropy(functional_call(nets[1], (own, fixed), (x,)), y)

        return vmap(loss)(weights, buffers, *tens).sum()

    def by_torch(x: Any, weight: Any, bias: Any) -> Any:
        return torch.baddbmm(bias.view(N_SEEDS, 1, -1), x, weight.transpose(1, 2))

    def stacked(net: Any) -> Any:
        outputs = net(net.preprocess(tens[0].flatten(0, 1)).view(N_SEEDS, size, -1))
        losses = F.cross_entropy(outputs.flatten(0, 1), tens[1].flatten(), reduction="none")
        return losses.view(N_SEEDS, size).mean(dim=1).sum()

    own = stacked_network.StackedNetwork(nets)
    ours = stacked_network._Products.apply
    timed: dict[str, list[float]] = {name: [] for name in ("alone", *WAYS)}
    for _ in range(repeats):
        timed["alone"].append(_step_ms(alone, nets[0].parameters()))
        timed["vmap"].append(_step_ms(by_vmap, weights.values()))
        timed["numpy"].append(_step_ms(lambda: stacked(own), own.parameters()))
        stacked_network._Products.apply = by_torch
        timed["torch_bmm"].append(_step_ms(lambda: stacked(own), own.parameters()))
        stacked_network._Products.apply = ours
    return {name: median(values) for name, values in timed.items()}


def _step_ms(loss: Any, parameters: Any, n: int = 40) -> float:
    import torch

    optimizer = torch.optim.Adam(list(parameters), lr=1e-3, fused=True)
    for number in range(n + 5):
        if number == 5:  # the first ones warm up
            start = time.process_time()
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
    return 1e3 * (time.process_time() - start) / n


def _data(case: Case) -> dict[str, Any]:
    """Draw inputs, and classes by which of some random directions is nearest."""
    import numpy as np

    from foursplit.core.seeds import generator

    rng, parts = generator("seeds", case.model), {"train": case.n}
    parts |= dict.fromkeys(("train_dev", "dev"), case.n // 4)
    directions = rng.normal(size=(prod(case.inputs), case.n_classes)).astype(np.float32)
    arrays = {}
    for split, n in parts.items():
        x = rng.normal(size=(n, *case.inputs)).astype(np.float32)
        arrays[split] = {"x": x, "y": (x.reshape(n, -1) @ directions).argmax(axis=1)}
    return arrays


def _shape(case: Case) -> Any:
    from foursplit.core.examples import DataSpec

    return DataSpec(inputs=case.inputs, classes=tuple(map(str, range(case.n_classes))))


def _fit(case: Case) -> Any:
    from foursplit.config.fit import TrainerConfig

    return TrainerConfig(seeds=tuple(range(1, N_SEEDS + 1)), **case.fit)


def _module(case: Case, seed: int) -> Any:
    from foursplit import plugins
    from foursplit.tasks import classify
    from foursplit.training import initial_weights

    file = plugins.model(case.model)
    net = initial_weights.build_with_seed(
        lambda: file.build(file.Args(**case.args), _shape(case)), seed
    )
    return classify.module(net, _fit(case), _shape(case))


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


if __name__ == "__main__":
    sys.exit(main())
