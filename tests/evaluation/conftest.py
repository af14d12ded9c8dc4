"""A small experiment to train on nested subsets of train."""

import numpy as np
import pandas as pd
import pytest

from foursplit.config.schema import (
    EstimatorConfig,
    Experiment,
    LearningCurve,
    RuntimeConfig,
    TrainerConfig,
)
from foursplit.core.dataset_spec import DatasetSpec
from foursplit.core.examples import Examples
from foursplit.data.infer_data_spec import infer_data_spec
from foursplit.training.train import Job

N = {"train": 120, "train_dev": 60, "dev": 60}
NETWORK = TrainerConfig(seeds=(1,), learning_rate=0.05, max_epochs=6, batch_size=16)
SETTINGS = LearningCurve(
    group="g", dataset="s", task="t", model="m", n_sizes=3, n_repeats=2, min_fraction=0.2
)


def blobs(rng, n, *, n_classes=3, per_group=1, apart=1.2):
    """Give points around a middle for each class, so that more of them help."""
    y = np.arange(n) % n_classes
    x = rng.normal(size=(n, 4)) + apart * np.eye(4)[y]
    group = [f"g{number // per_group}" for number in range(n)]
    rows = {"example_id": [f"e{i}" for i in range(n)], "group_id": group, "domain": "all", "y": y}
    rows["content"] = rows["example_id"]
    return Examples(x=x.astype(np.float32), metadata=pd.DataFrame(rows))


def line(rng, n):
    x = rng.normal(size=(n, 4))
    y = x @ [3.0, -2.0, 1.0, 0.0] + rng.normal(size=n) + 50
    rows = {"example_id": [f"e{i}" for i in range(n)], "domain": "all", "y": y}
    rows["group_id"] = rows["content"] = rows["example_id"]
    return Examples(x=x.astype(np.float32), metadata=pd.DataFrame(rows))


@pytest.fixture
def job(project, rng):
    """Give a function that makes a job in a project of its own."""

    def made(model="mlp", task="classify", *, fit=NETWORK, args=None, make=blobs, n=N, **how):
        splits = {split: make(rng, count, **how) for split, count in n.items()}
        classes = ("a", "b", "c") if task == "classify" else ()
        if task == "classify_binary":
            classes = ("a", "b")
        dataset = DatasetSpec(title="made", provenance="", files=(), target="y", classes=classes)
        return Job(
            key="small",
            experiment=Experiment(
                week="own",
                dataset="wine",
                task=task,
                model=model,
                model_args=args or {},
                fit=fit,
                group="g",
            ),
            run=RuntimeConfig(accelerator="cpu", threads=1, instruction_set="portable"),
            splits=splits,
            dataset=dataset,
            shape=infer_data_spec(splits["train"], dataset),
            data={"train.npy": "1"},
        )

    return made


@pytest.fixture
def direct():
    return EstimatorConfig(seeds=(1,))


class Silent:
    """Count the models that are trained, and say nothing."""

    def __init__(self):
        self.begun = []

    def begin(self, n, max_epochs):
        self.begun.append((n, max_epochs))

    def __call__(self, row):
        self.row = row


@pytest.fixture
def follower():
    return Silent()
