"""Train on 100 examples and write the curves: by itself, or by each process of torchrun."""

import json
import os
import sys
from pathlib import Path

import numpy as np
from tests.training.arrays import random_arrays

from foursplit.config.fit import TrainerConfig
from foursplit.core.examples import DataSpec
from foursplit.models import mlp
from foursplit.tasks import classify
from foursplit.training import device, initial_weights, network

SHAPE = DataSpec(inputs=(6,), classes=("a", "b", "c"))


def main(output: Path) -> None:
    device.set_deterministic(1)
    rng = np.random.default_rng(4)
    # 100 examples in batches of 33: the last batch has one, which one process gets.
    train, train_dev, dev = (random_arrays(classify, SHAPE, n, rng) for n in (100, 30, 30))
    fit = TrainerConfig(seeds=(1,), learning_rate=0.05, max_epochs=6, batch_size=33)
    net = initial_weights.build_with_seed(lambda: mlp.build(mlp.Args(hidden=(16,)), SHAPE), 1)
    training = network.Training(
        module=classify.module(net, fit, SHAPE), train=train,
        validation={"train_dev": train_dev, "dev": dev}, fit=fit, seed=1, kind="cpu",
        state=output / "state",
    )  # fmt: skip
    rows = network.fit(training, "lightning")
    rank = os.environ.get("RANK", "alone")
    (output / f"{rank}.json").write_text(json.dumps(rows))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
