"""Two small experiments as the stages leave them: a winning classifier and a regression."""

import json

import numpy as np
import pandas as pd

from foursplit.config import paths
from foursplit.config.load import load
from foursplit.io import artifacts

N = 8  # examples a split
CURVES = "epoch,train_loss,dev_error\n1,0.9,0.5\n2,0.7,0.375\n3,0.6,0.25\n"

FIT = {"seeds": [1], "learning_rate": 0.1, "max_epochs": 3, "batch_size": None}
DIRECT = {"seeds": [1]}
SHARES = {"train": 0.4, "train_dev": 0.2, "dev": 0.2, "test": 0.2}


def _experiment(dataset, task, model, group, fit):
    names = {"week": "C3 W1", "dataset": dataset, "task": task, "model": model, "group": group}
    return {**names, "model_args": {}, "fit": fit}


PARAMS = {
    "run": {"accelerator": "cpu", "threads": 1, "instruction_set": "portable"},
    "diagnosis": {
        "n_resamples": 100,
        "confidence": 0.95,
        "min_gap": 0.005,
        "min_gap_fraction": 0.1,
        "co_primary_fraction": 0.5,
        "seed": 1,
        "tie_probability": 0.05,
    },
    "datasets": {
        name: {"origin": "x", "split": {"seed": 1, "domains": {"source": SHARES}}}
        for name in ("wine", "diabetes")
    },
    "groups": {
        "improving": {
            "wines": {"dataset": "wine", "task": "classify", "metric": "error"},
            "sugar": {"dataset": "diabetes", "task": "regress", "metric": "error"},
        }
    },
    "experiments": {
        "improving": {
            "wines_soft": _experiment("wine", "classify", "mlp", "wines", FIT),
            "sugar_line": _experiment("diabetes", "regress", "linear_sklearn", "sugar", DIRECT),
        }
    },
}
PARAMS["experiments"]["improving"]["wines_soft"]["model_args"] = {"hidden": [4, 2], "dropout": 0.1}


STEP = {"rank": 1, "action": "read 100 dev errors", "gain": 0.1, "stop_rule": "dev falls"}
FOUND = {
    "schema": "foursplit.diagnosis/2",
    "tags": {"tags": [{"tag": "blurry/dark", "share": 0.5, "ceiling": 0.125}]},
    "slices": {
        "slices": [
            {
                "where": {"band": "low"},
                "confirmed": True,
                "recoverable": 0.0625,
                "blackbox": {"value": 0.375},
            },
            {
                "where": {"band": "high"},
                "confirmed": False,
                "recoverable": 0.01,
                "blackbox": {"value": 0.3},
            },
        ]
    },
    "leakage": {"overlaps": [{"n": 2}, {"n": 0}]},
    "labels": {"decision": {"noise": 0.03125}},
    "findings": [{"code": "ST003"}],
    "next": [STEP],
}
"""What a diagnosis says beside splits, ledger and verdict."""


def make(root):
    """Write params.yaml and what train, evaluate, select and final write; give the parameters."""
    (root / "params.yaml").write_text(json.dumps(PARAMS), encoding="utf-8")  # JSON is YAML
    (root / "dvc.yaml").write_text("stages: {}\n")
    paths.root.cache_clear()
    params = load()
    classes = ["barolo", "barbera"]
    write_results("wines_soft", params.experiment("wines_soft"), classes=classes, winner=True)
    write_results("sugar_line", params.experiment("sugar_line"))
    return params


def write_results(key, experiment, *, classes=(), winner=False, dev_error=0.25, curves=CURVES):
    models = paths.seed_folder(paths.models(experiment.group, key), 1)
    manifest = _manifest(key, experiment, classes)
    artifacts.write_json(models / "manifest.json", manifest)
    if "max_epochs" in dir(experiment.fit):
        artifacts.write_text(models / "curves.csv", curves)
    summary = {**_summary(("train", "train_dev", "dev"), dev_error), "manifest": manifest}
    folder = paths.predictions(experiment.group) / key
    _write(folder, summary, classes)
    if winner:
        row = {"key": key, "meets_bounds": True, "broken": []}
        artifacts.write_json(
            paths.selected(experiment.group), {"winner": key, "best": key, "ranking": [row]}
        )
        summary = {**_summary(SHARES, dev_error), "manifest": manifest}
        _write(paths.final(experiment.group), summary, classes)


def _write(folder, summary, classes):
    split = paths.seed_folder(folder, 1)
    artifacts.write_json(split / "summary.json", summary)
    _dev_table(classes).to_parquet(split / "dev.parquet", index=False)
    told = {name: summary[name] for name in ("splits", "human", "ledger", "verdict")}
    artifacts.write_json(paths.diagnosis(folder), {**told, **FOUND})  # last: who finds it reads all


def _manifest(key, experiment, classes):
    return {
        "experiment": key,
        "task": experiment.task,
        "model": experiment.model,
        "model_args": dict(experiment.model_args),
        "seed": 1,
        "shape": {"classes": list(classes), "target_iqr": 10.0},
        "device": "cpu",
        "threads": 1,
        "instruction_set": "portable",
        "data": {"train.npy": "d1"},
        "model_hash": "w1",
        "n_parameters": 42,
        "flops": 78 if classes else None,
        "size_bytes": 536,
    }


def _between(value):
    return {"value": value, "lo": value - 0.1, "hi": value + 0.1, "n": N, "n_groups": N}


def _summary(splits, dev_error):
    errors = dict.fromkeys(splits, 0.125) | {"dev": dev_error}
    ends = {"from": "train_dev", "to": "dev"}
    sizes = {"p_largest": 0.75, **_between(dev_error - 0.125)}
    gap = {"gap": "mismatch", "status": "primary", **ends, **sizes}
    return {
        "splits": {split: _between(error) for split, error in errors.items()},
        "metrics": {split: {"error": error} for split, error in errors.items()},
        "human": None,
        "baseline": {"dev": {"error": 0.5, "gain": _between(0.5 - dev_error), "beaten": True}},
        "ledger": [gap],
        "verdict": {"primary": ["mismatch"], "sentence": "Work on data mismatch (+12.5%)."},
    }


def _dev_table(classes):
    wrong = np.arange(N) % 4 == 0  # 2 of 8
    if classes:
        y = np.array(classes, dtype=object)[np.arange(N) % 2]
        y_hat = np.where(wrong, classes[1], y)
        loss = {"loss": wrong.astype(float), "log_loss": np.arange(N) / N}
    else:
        y = np.arange(N, dtype=float)
        y_hat = y + 6.0 * wrong
        loss = {"loss": 0.6 * wrong, "absolute_error": 6.0 * wrong}
    known = {"example_id": [f"e{n}" for n in range(N)], "split": "dev", "is_error": wrong}
    return pd.DataFrame({**known, "y": y, "y_hat": y_hat, **loss, "meta.band": "low"})
