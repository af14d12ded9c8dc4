"""What the courses print for their small tables, made again with our data sets and models.

The courses' figures are of the training set, and of runs that stop before they have converged.
So they are made here: on all rows, with the course's start, rate and number of steps.  Beside each
stand the converged value, the trivial one, and the honest one: the same recipe on held-out folds.

Source: Nadeau and Bengio (2003), "Inference for the generalization error", section 4: the variance
of repeated folds, whose training sets overlap, is corrected by the ratio of their sizes.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml

sys.path.insert(0, str(Path(__file__).parent))

from repro import ROOT, processor

from foursplit import plugins
from foursplit.config.fit import TrainerConfig
from foursplit.core.examples import DataSpec
from foursplit.core.seeds import generator
from foursplit.data import fetch
from foursplit.io import artifacts
from foursplit.training.manifest import arguments

RESULT = ROOT / "benchmarks" / "results" / "published.json"
PUBLISHED = ROOT / "docs" / "published.yaml"
OF_LOSS = {"regress": 0.5, "classify_binary": 1.0}  # the course's cost as a share of our loss
EVERY = 10  # the courses print the cost this often in a run
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """All rows of a dataset, in double precision: as many digits as the course prints."""

    x: np.ndarray  # (example, input)
    y: np.ndarray  # (example,)
    classes: tuple[str, ...]

    def take(self, chosen: np.ndarray) -> "Table":
        return Table(x=self.x[chosen], y=self.y[chosen], classes=self.classes)


def read(name: str) -> Table:
    """Fetch a dataset's files and read its columns."""
    declared, frame = plugins.dataset(name).SPEC, rows(name)
    return Table(
        x=frame[list(declared.features)].to_numpy(np.float64, copy=True),
        y=frame[declared.target].to_numpy(np.float64, copy=True),
        classes=declared.classes,
    )


def rows(name: str) -> Any:
    """Fetch a dataset's files and give its table as the dataset reads it."""
    file = plugins.dataset(name)
    with tempfile.TemporaryDirectory(prefix="foursplit-published-") as folder:
        fetch.fetch(file.SPEC, Path(folder) / "raw")
        return file.read(Path(folder) / "raw")


def steps(recipe: Mapping[str, Any], table: Table) -> tuple[Any, list[float]]:
    """Train as the course does; give the task's module, and the cost (no penalty) before each step.

    Inputs are not scaled: nothing lets the model measure them.
    """
    module = _module(recipe, table)
    x, y = _tensors(table)
    optimizer, costs = module.configure_optimizers(), []
    for _ in range(recipe["iterations"]):
        optimizer.zero_grad()
        loss = module.loss({"x": x, "y": y})
        costs.append(float(loss.detach() * OF_LOSS[recipe["task"]]))
        loss.backward()
        optimizer.step()
    return module, costs


def converged(recipe: Mapping[str, Any], table: Table) -> Any:
    """Minimise the same cost to the end, by L-BFGS."""
    module = _module(recipe, table)
    x, y = _tensors(table)
    minimiser = torch.optim.LBFGS(
        module.net.parameters(),
        max_iter=20_000,
        max_eval=40_000,
        tolerance_grad=1e-10,
        tolerance_change=1e-16,
        history_size=30,
        line_search_fn="strong_wolfe",
    )

    def closure() -> torch.Tensor:
        minimiser.zero_grad()
        cost = OF_LOSS[recipe["task"]] * module.loss({"x": x, "y": y}) + _penalty(
            recipe, module, len(table.y)
        )
        cost.backward()
        return cost

    minimiser.step(closure)
    return module


def _module(recipe: Mapping[str, Any], table: Table) -> Any:
    """Build the model at the course's start."""
    shape = DataSpec(inputs=table.x.shape[1:], classes=table.classes)
    args = arguments(recipe["model"], dict(recipe["model_args"]), "model_args")
    net = plugins.model(recipe["model"]).build(args, shape)
    net.double()
    head, start = net[-1], recipe["start"]
    # The course draws from NumPy's old generator; no other gives the same numbers.
    drawn = np.random.RandomState(start["seed"]).rand(head.in_features)
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(start["scale"] * (drawn + start["shift"])))
        head.bias.fill_(start["bias"])
    fit = TrainerConfig(
        seeds=(1,),
        learning_rate=recipe["learning_rate"] * OF_LOSS[recipe["task"]],
        max_epochs=recipe["iterations"],
        batch_size=None,
        optimizer="sgd",
        # Our loss is twice the cost of a regression, and so would be its penalty.
        weight_decay=recipe["penalty"] / len(table.y) / OF_LOSS[recipe["task"]],
    )
    return plugins.task(recipe["task"]).module(net, fit, shape)


def _tensors(table: Table) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.from_numpy(table.x), torch.from_numpy(table.y)[:, None]


def _penalty(recipe: Mapping[str, Any], module: Any, n: int) -> torch.Tensor:
    return recipe["penalty"] / (2 * n) * (module.net[-1].weight ** 2).sum()


def measured(recipe: Mapping[str, Any], module: Any, table: Table) -> dict[str, float]:
    """Give what the course prints of a fit: its cost, and accuracy or the line itself."""
    with torch.no_grad():
        x, y = _tensors(table)
        cost = OF_LOSS[recipe["task"]] * module.loss({"x": x, "y": y})
        found = {"cost": float(cost + _penalty(recipe, module, len(table.y)))}
        if recipe["task"] == "classify_binary":
            found["accuracy"] = float(((module.net(x) > 0).double() == y).double().mean())
        else:
            head = module.net[-1]
            found |= {"weight": float(head.weight), "bias": float(head.bias)}
            for value in recipe["answers_for"]:
                answer = float(module.net(torch.tensor([[value]], dtype=torch.float64)))
                found[f"answer_{value}"] = answer * recipe["answer_unit"]
    return found


def trivial(recipe: Mapping[str, Any], train: Table, judged: Table) -> dict[str, float]:
    """Give the same of a constant answer: the mean, or the share of the second class."""
    mean = float(train.y.mean())
    if recipe["task"] == "regress":
        return {"cost": float(((judged.y - mean) ** 2).mean() / 2)}
    share = float(judged.y.mean())
    cost = -(share * np.log(mean) + (1 - share) * np.log(1 - mean))
    return {"cost": float(cost), "accuracy": float((judged.y == (mean > 0.5)).mean())}


def held_out(recipe: Mapping[str, Any], table: Table, folds: Mapping[str, int]) -> dict[str, Any]:
    """Train on all folds but one and judge on that one; its cost is without penalty."""
    free = {**recipe, "penalty": 0}
    found: dict[str, list[dict[str, float]]] = {"course": [], "converged": [], "trivial": []}
    for train, judged in split_folds(len(table.y), folds):
        learnt, rest = table.take(train), table.take(judged)
        found["course"].append(measured(free, steps(recipe, learnt)[0], rest))
        found["converged"].append(measured(free, converged(recipe, learnt), rest))
        found["trivial"].append(trivial(recipe, learnt, rest))
    return {
        way: {
            name: estimate([row[name] for row in rows], folds["n_folds"])
            for name in ("cost", "accuracy")
            if name in rows[0]
        }
        for way, rows in found.items()
    }


def split_folds(n: int, folds: Mapping[str, int]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Shuffle again for each repeat, and hold out each fold in turn."""
    for repeat in range(folds["repeats"]):
        order = generator("published folds", folds["seed"], repeat).permutation(n)
        for fold in np.array_split(order, folds["n_folds"]):
            judged = np.isin(np.arange(n), fold)
            yield ~judged, judged


def estimate(values: Sequence[float], n_folds: int) -> dict[str, float]:
    """Give mean and interval of repeated folds, corrected for their overlap."""
    from scipy import stats

    mean, n = float(np.mean(values)), len(values)
    variance = (1 / n + 1 / (n_folds - 1)) * float(np.var(values, ddof=1))
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, n - 1)) * variance**0.5
    return {"mean": mean, "lo": mean - half, "hi": mean + half}


def reproduce(recipe: Mapping[str, Any], table: Table) -> dict[str, Any]:
    """Make all figures of one table but the held-out ones, and time the course's own run."""
    start = time.perf_counter()
    module, costs = steps(recipe, table)
    seconds = time.perf_counter() - start
    last_printed = recipe["iterations"] - recipe["iterations"] // EVERY
    return {
        "n": len(table.y),
        "seconds": round(seconds, 2),
        "course": {
            **measured(recipe, module, table),
            "cost_printed": costs[last_printed],
        },
        "converged": measured(recipe, converged(recipe, table), table),
        "trivial": trivial(recipe, table, table),
    }


def main() -> None:
    import published_anomalies

    torch.set_num_threads(1)
    published = yaml.safe_load(PUBLISHED.read_text(encoding="utf-8"))
    found: dict[str, Any] = {}
    for name, recipe in published["recipes"].items():
        table = read(recipe["dataset"])
        out = held_out(recipe, table, published["folds"])
        found[name] = {**reproduce(recipe, table), "held_out": out}
    found |= published_anomalies.tables(published["anomalies"])
    result = {
        "device": processor(),
        "cores": len(os.sched_getaffinity(0)),
        "folds": published["folds"],
        "tables": found,
    }
    artifacts.write_json(RESULT, result)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
