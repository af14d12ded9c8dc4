"""A miniature project: what the stages before `report` leave behind, made in memory."""

import atexit
import json
import shutil
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from foursplit import plugins
from foursplit.config import paths
from foursplit.config.load import build
from foursplit.core.examples import Examples
from foursplit.core.splits import SEEN, SPLITS
from foursplit.data import store
from foursplit.data.infer_data_spec import infer_data_spec
from foursplit.evaluation import experiment_tables
from foursplit.evaluation.diagnose_experiment import diagnose, validate_tables
from foursplit.evaluation.summary import summarize
from foursplit.io import artifacts

N = {"train": 40, "train_dev": 32, "dev": 35, "test": 30}
FIT = {"seeds": [1], "learning_rate": 0.1, "max_epochs": 3, "batch_size": None}


def experiment(dataset, task, group, *, model="linear", args=None, fit=None):
    names = {"week": "C3 W1", "dataset": dataset, "task": task, "model": model, "group": group}
    return {**names, "model_args": args or {}, "fit": fit or FIT}


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
        name: {
            "origin": "x",
            "split": {
                "seed": 1,
                "domains": {"source": {"train": 0.4, "train_dev": 0.2, "dev": 0.2, "test": 0.2}},
            },
        }
        for name in ("wine", "diabetes", "digits")
    },
    "groups": {
        "supervised": {
            "wines": {
                "dataset": "wine",
                "task": "classify",
                "metric": "error",
                "bounds": {"n_parameters": 100},
            },
            "sugar": {"dataset": "diabetes", "task": "regress", "metric": "error"},
            "figures": {"dataset": "digits", "task": "classify", "metric": "log_loss"},
        }
    },
    "experiments": {
        "supervised": {
            "wines_good": experiment("wine", "classify", "wines", fit={**FIT, "seeds": [1, 2]}),
            "wines_bad": experiment("wine", "classify", "wines"),
            "sugar_direct": experiment(
                "diabetes", "regress", "sugar", model="linear_sklearn", fit={"seeds": [1]}
            ),
            "figures_drawn": experiment("digits", "classify", "figures"),
        }
    },
}
"""Two classifiers (the first with two seeds), a regression without epochs, and one on pictures."""

SKILL = {"wines_good": 0.9, "wines_bad": 0.0, "sugar_direct": 0.8, "figures_drawn": 0.7}
"""Share of the truth in each experiment's answers."""


def make_project(root, params=PARAMS, winners=("wines_good", "sugar_direct", "figures_drawn")):
    """Write params.yaml and the data folders that `report` reads; made once for all tests."""
    made = _made(json.dumps(params), tuple(winners))
    shutil.copytree(made, root, copy_function=shutil.copyfile, dirs_exist_ok=True)
    paths.root.cache_clear()


@cache
def _made(content, winners):
    root = Path(tempfile.mkdtemp(prefix="foursplit-test-miniature-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("FOURSPLIT_ROOT", str(root))
            _make(root, json.loads(content), winners)
    finally:
        paths.root.cache_clear()
    return root


def _make(root, params, winners):
    (root / "params.yaml").write_text(json.dumps(params), encoding="utf-8")  # JSON is YAML
    (root / "dvc.yaml").write_text("stages: {}\n")
    paths.root.cache_clear()
    parsed = build(params)
    examples = {name: _dataset(name) for name in parsed.datasets}
    for name, group in parsed.groups["supervised"].items():
        for key in parsed.members(name):
            _experiment(parsed, key, group, examples[group.dataset], key in winners)
        _selected(name, parsed.members(name), winners)


def _dataset(name):
    """Write a dataset's seen splits and reports; give all four."""
    dataset, rng = plugins.dataset(name).SPEC, np.random.default_rng(len(name))
    made = {split: _examples(dataset, split, rng) for split in SPLITS}
    seen = paths.split(name) / "seen"
    seen.mkdir(parents=True)
    for split in SEEN:
        store.save(seen, split, made[split])
    blocks = {
        split: {
            "n": n,
            "share": n / 137,
            "n_groups": n,
            "domains": {"all": n},
            "detectable_gain": 0.2,
            "half_width_at_10_percent": 0.1,
        }
        for split, n in N.items()
    }
    report = {
        "title": dataset.title,
        "n_examples": 137,
        "unit": "row",
        "domains": {"all": {"role": "source", "n": 137}},
        "shifted": False,
        "few_groups": ["all"] if name == "wine" else [],
        "splits": blocks,
        "removed_duplicates": [{"example_id": "wine-train-0", "split": "train"}]
        if name == "wine"
        else [],
    }
    artifacts.write_json(paths.split(name) / "report.json", report)
    held = {"expectations": [{"success": True}, {"success": True}], "n_rows": 137, "success": True}
    artifacts.write_json(paths.validation(name) / "result.json", held)
    artifacts.write_text(paths.validation(name) / "index.html", "<p>holds</p>")
    return made


def _examples(dataset, split, rng):
    n = N[split]
    shape = (1, 4, 4) if dataset.picture else (len(dataset.features),)
    x = rng.random((n, *shape)).astype(np.float32)
    y = rng.integers(len(dataset.classes), size=n) if dataset.classes else rng.normal(150, 50, n)
    names = [f"{dataset.target}-{split}-{number}" for number in range(n)]
    rows = {"example_id": names, "group_id": names, "content": names, "domain": "all", "y": y}
    return Examples(
        x=x, metadata=pd.DataFrame({**rows, "meta.band": rng.choice(["low", "high"], n)})
    )


def _experiment(params, key, group, examples, winner):
    declared = plugins.dataset(group.dataset).SPEC
    experiment = params.experiment(key)
    shape = infer_data_spec(examples["train"], declared)
    seen_models, four_models = [], []
    for seed in experiment.fit.seeds:
        rng = np.random.default_rng(seed)
        made = {
            split: experiment_tables.build_table(
                examples[split],
                _answers(examples[split].y, shape, SKILL[key], rng),
                split,
                group.task,
                shape,
            )
            for split in SPLITS
        }
        manifest = {
            "experiment": key,
            "model": experiment.model,
            "task": experiment.task,
            "seed": seed,
            "shape": shape.as_json(),
            "device": "cpu",
            "threads": 1,
            "instruction_set": "portable",
            "n_parameters": 120 if key == "wines_bad" else 42,
            "flops": None if experiment.model.endswith("sklearn") else 78,
            "size_bytes": 500,
        }
        seen = {split: made[split] for split in SEEN}
        evaluated = paths.predictions(experiment.group) / key
        seen_models.append(_write(evaluated, seed, seen, manifest, group, params))
        if winner:
            final = paths.final(experiment.group)
            four_models.append(_write(final, seed, made, manifest, group, params))
        if not experiment.model.endswith("sklearn"):
            _curve(paths.seed_folder(paths.models(experiment.group, key), seed))
    _diagnose(paths.predictions(experiment.group) / key, seen_models, group, params)
    if winner:
        _diagnose(paths.final(experiment.group), four_models, group, params)


def _diagnose(folder, models, group, params):
    told = diagnose(models, group, plugins.dataset(group.dataset).SPEC, params.diagnosis)
    artifacts.write_json(paths.diagnosis(folder), told)


def _answers(y, shape, skill, rng):
    """Answer with the truth `skill` of the time, and at random else."""
    if not shape.classes:
        return skill * y + (1 - skill) * rng.permutation(y)
    guess = np.where(rng.random(len(y)) < skill, y, rng.integers(shape.n_classes, size=len(y)))
    proba = np.full((len(y), shape.n_classes), 0.1 / (shape.n_classes - 1))
    proba[np.arange(len(y)), guess] = 0.9
    return proba


def _write(folder, seed, made, manifest, group, params):
    part = paths.seed_folder(folder, seed)
    part.mkdir(parents=True)
    for split, table in made.items():
        experiment_tables.save(part, split, table)
    model = validate_tables(made, group.dataset)
    summary = summarize(made, model, group, plugins.dataset(group.dataset).SPEC, params.diagnosis)
    artifacts.write_json(part / "summary.json", {**summary, "manifest": manifest})
    return model


def _curve(folder):
    folder.mkdir(parents=True)
    (folder / "curves.csv").write_text(
        "epoch,train_loss,train_dev_loss,train_dev_error,dev_loss,dev_error\n"
        "1,1.0,0.9,0.5,0.9,0.5\n2,0.5,,,,\n3,0.25,0.6,0.25,0.7,0.3\n"
    )


def _selected(name, members, winners):
    """Rank the winner first; `wines_bad` has more parameters than its group allows."""
    ranking = [
        {
            "key": key,
            "metric": 0.1 if key in winners else 0.5,
            "costs": {"n_parameters": 120 if key == "wines_bad" else 42},
            "meets_bounds": key != "wines_bad",
            "broken": ["n_parameters 120 exceeds 100"] if key == "wines_bad" else [],
            "worse_than_best": None
            if key in winners
            else {"value": 0.4, "lo": 0.3, "hi": 0.5, "at_most": 0.5, "significant": True},
            "failed_seeds": [],
        }
        for key in sorted(members, key=lambda key: key not in winners)
    ]
    winner = next((key for key in members if key in winners), None)
    price = {"bound": "n_parameters", "winner": winner, "best": winner, "metric": 0.1, "gain": 0.0}
    chosen = {
        "group": name,
        "winner": winner,
        "best": winner,
        "tied": [winner] if winner else [],
        "not_distinguished": [],
        "prices": [price] if name == "wines" else [],
        "ranking": ranking,
        "price_of_bounds": 0.0,
    }
    artifacts.write_json(paths.selected(name), chosen)
