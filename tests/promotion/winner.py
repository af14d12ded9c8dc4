"""A group's winner as the stages leave it: a real small model, its four tables, its choice."""

import atexit
import json
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from foursplit import plugins
from foursplit.config import paths
from foursplit.config.load import load
from foursplit.core.examples import Examples
from foursplit.core.splits import SPLITS
from foursplit.data import store as examples_on_disk
from foursplit.data.infer_data_spec import infer_data_spec
from foursplit.evaluation import experiment_tables
from foursplit.evaluation.predict import load_predictor
from foursplit.io import artifacts
from foursplit.models import logistic_sklearn
from foursplit.promotion.benchmark_models import work
from foursplit.tracking import store
from foursplit.training import manifest, sklearn_estimator

GROUP, KEY, SEEDS = "wines", "wines_logistic", (1, 2)

N = {"train": 120, "train_dev": 60, "dev": 600, "test": 600}

WEAK, STRONG = slice(0, 3), slice(3, 6)  # inputs that tell the three classes a little, and well

PARAMS = {
    "run": {"accelerator": "cpu", "threads": 1, "instruction_set": "portable"},
    "diagnosis": {
        "n_resamples": 100,
        "confidence": 0.95,
        "min_gap": 0.005,
        "min_gap_fraction": 0.1,
        "co_primary_fraction": 0.5,
        "seed": 1,
    },
    "datasets": {
        "wine": {
            "origin": "x",
            "split": {
                "seed": 1,
                "domains": {"source": {"train": 0.4, "train_dev": 0.2, "dev": 0.2, "test": 0.2}},
            },
        }
    },
    "groups": {"supervised": {GROUP: {"dataset": "wine", "task": "classify", "metric": "error"}}},
    "experiments": {
        "supervised": {
            KEY: {
                "week": "C2 W3",
                "dataset": "wine",
                "task": "classify",
                "model_args": {},
                "model": "logistic_sklearn",
                "group": GROUP,
                "fit": {"seeds": [*SEEDS]},
            }
        }
    },
}


@cache
def empty_database():
    """Make MLflow's tables once: it takes seconds."""
    folder = tempfile.mkdtemp(prefix="foursplit-test-registry-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = Path(folder) / "mlflow.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{path}")
        store.client()
    return path


def make(root):
    """Write params.yaml and an empty store."""
    _settings(root)
    shutil.copyfile(empty_database(), root / "mlflow.db")


def _settings(root):
    (root / "params.yaml").write_text(json.dumps(PARAMS), encoding="utf-8")  # JSON is YAML
    (root / "dvc.yaml").write_text("stages: {}\n")
    paths.root.cache_clear()


def examples(split, *, drawn=0):
    """Draw examples of three classes; another number `drawn` gives other ones."""
    rng = np.random.default_rng([drawn, len(split)])
    dataset = plugins.dataset("wine").SPEC
    n = N[split]
    y = np.arange(n) % len(dataset.classes)
    x = rng.normal(size=(n, len(dataset.features)))
    x[:, WEAK] += 1.0 * np.eye(3)[y]
    x[:, STRONG] += 4.0 * np.eye(3)[y]
    names = [f"{split}-{drawn}-{number}" for number in range(n)]
    band = np.where(np.arange(n) % 5 < 2, "low", "high")
    rows = {"example_id": names, "group_id": names, "content": names, "domain": "all", "y": y}
    return Examples(x=x.astype(np.float32), metadata=pd.DataFrame({**rows, "meta.band": band}))


def train(*, sees_strong, drawn=0, trained_on=0):
    """Leave what train, select and final leave: a model that is good if it `sees_strong`.

    `drawn` numbers the examples of dev and test, `trained_on` those of train.
    """
    for folder in (paths.models(GROUP, KEY), paths.final(GROUP)):
        shutil.rmtree(folder, ignore_errors=True)
    made = _trained(sees_strong, drawn, trained_on)
    shutil.copytree(made, paths.data(), copy_function=shutil.copyfile, dirs_exist_ok=True)


@cache
def _trained(sees_strong, drawn, trained_on):
    """Train in a folder of its own, once for all tests; give the folder of the data."""
    folder = Path(tempfile.mkdtemp(prefix="foursplit-test-winner-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("FOURSPLIT_ROOT", str(folder))
            _settings(folder)
            _train(sees_strong, drawn, trained_on)
    finally:
        paths.root.cache_clear()
    return folder / "data"


def _train(sees_strong, drawn, trained_on):
    experiment = load().experiment(KEY)
    splits = {s: examples(s, drawn=trained_on if s == "train" else drawn) for s in SPLITS}
    shape = infer_data_spec(splits["train"], plugins.dataset("wine").SPEC)
    _deal(splits)
    for seed in SEEDS:
        trained = paths.seed_folder(paths.models(GROUP, KEY), seed)
        _fit(trained, experiment, seed, splits["train"], shape, sees_strong=sees_strong)
        made, answer = load_predictor(trained, load().run)
        part = paths.seed_folder(paths.final(GROUP), seed)
        part.mkdir(parents=True)
        for split, found in splits.items():
            experiment_tables.save(
                part,
                split,
                experiment_tables.build_table(found, answer(found), split, "classify", shape),
            )
        artifacts.write_json(part / "summary.json", {"manifest": made.as_json()})
    for folder in (paths.predictions(GROUP) / KEY, paths.final(GROUP)):
        artifacts.write_json(paths.diagnosis(folder), {})
    artifacts.write_json(paths.selected(GROUP), {"winner": KEY, "best": KEY, "ranking": []})


def _deal(splits):
    """Leave what split leaves."""
    for part in ("seen", "sealed"):
        (paths.split("wine") / part).mkdir(parents=True, exist_ok=True)
    for split, found in splits.items():
        part = "sealed" if split == "test" else "seen"
        examples_on_disk.save(paths.split("wine") / part, split, found)


def _fit(folder, experiment, seed, found, shape, *, sees_strong):
    folder.mkdir(parents=True)
    x = found.x.copy()
    if not sees_strong:
        x[:, STRONG] = 0.0
    chosen = np.random.default_rng(seed).permutation(len(x))[: len(x) * 3 // 4]  # seeds differ
    model = logistic_sklearn.build(logistic_sklearn.Args(), shape, seed)
    path = folder / "model.skops"
    fitted = sklearn_estimator.fit(model, x[chosen], found.y[chosen])
    sklearn_estimator.save(path, fitted)
    manifest.save(
        folder,
        manifest.Manifest(
            experiment=KEY,
            task=experiment.task,
            model=experiment.model,
            model_args={},
            engine="estimator",
            seed=seed,
            shape=shape.as_json(),
            device="cpu",
            threads=1,
            instruction_set="portable",
            code=manifest.code_hash(experiment.model),
            data={"train.npy": artifacts.sha256_bytes(x.tobytes())},
            model_hash=artifacts.sha256_file(path),
            n_parameters=sklearn_estimator.count_parameters(fitted, path),
            flops=None,
            size_bytes=path.stat().st_size,
        ),
    )


def timed_here(command, *, input="", run=subprocess.run, **how):
    """Do in this process what the gate does in another: imports cost more than all of it."""
    if "foursplit.promotion.benchmark_models" not in command:
        return run(command, input=input or None, **how)
    told = work(load(), json.loads(input))
    return subprocess.CompletedProcess(command, 0, stdout=json.dumps(told), stderr="")
