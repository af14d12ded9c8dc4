"""Which device a stage uses, and what it says where there is none."""

import platform
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from foursplit.config.fit import TrainerConfig
from foursplit.config.load import load
from foursplit.core.dataset_spec import DatasetSpec
from foursplit.core.errors import FoursplitError
from foursplit.core.examples import DataSpec, Examples
from foursplit.evaluation import predict
from foursplit.training import device, manifest, network
from foursplit.training.train import Job, train


def test_the_environment_has_the_last_word(monkeypatch):
    monkeypatch.setenv(device.VARIABLE, "cpu")
    assert device.resolve("auto", prefer_gpu=True) == "cpu"


def test_auto_uses_a_gpu_where_there_is_one_and_the_work_gains_by_it(monkeypatch):
    monkeypatch.delenv(device.VARIABLE, raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert device.resolve("auto", prefer_gpu=True) == "gpu"
    assert device.resolve("auto", prefer_gpu=False) == "cpu"
    assert device.resolve("gpu", prefer_gpu=False) == "gpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device.resolve("auto", prefer_gpu=True) == "cpu"


def test_a_step_gains_by_its_operations():
    """LeNet on 64 pictures of 8x8 pixels, then on 128 of 28x28."""
    assert not device.runs_faster_on_gpu(133_200, 64)
    assert device.runs_faster_on_gpu(2_499_280, 128)


def test_training_on_a_gpu_starts_where_steps_are_large(project, monkeypatch):
    """The device is asked for before the first step, so its name can be seen without a GPU."""
    monkeypatch.delenv(device.VARIABLE, raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    asked = []

    def fit(training, _loop):
        asked.append(training.kind)
        raise FoursplitError("far enough")

    monkeypatch.setattr(network, "fit", fit)
    monkeypatch.setattr(device, "name", lambda kind: kind)
    for side, batch in ((8, 64), (28, 128)):
        with pytest.raises(FoursplitError, match="far enough"):
            train(job(side, batch), project / "model", seed=1)
    assert asked == ["cpu", "gpu"]


@pytest.mark.parametrize(("trained_on", "on"), [("cpu", "cpu"), ("gpu: X1", "cuda")])
def test_a_model_answers_on_the_kind_of_device_that_trained_it(
    project, monkeypatch, trained_on, on
):
    monkeypatch.setenv(device.VARIABLE, "cpu")
    folder = project / "model"
    made = train(job(8, 64), folder, seed=1)
    manifest.save(folder, replace(made, device=trained_on))
    monkeypatch.setenv(device.VARIABLE, "auto")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    moved = []
    monkeypatch.setattr(torch.nn.Module, "to", lambda self, to: moved.append(str(to)) or self)
    predict.load_predictor(folder, load().run)
    assert moved == [on]


def job(side, batch):
    """Give LeNet a few random pictures of `side` pixels squared."""
    params = load()
    fit = TrainerConfig(seeds=(1,), learning_rate=0.01, max_epochs=1, batch_size=batch)
    rng = np.random.default_rng(3)
    n = batch + 2
    examples = Examples(
        x=rng.random((n, 1, side, side), dtype=np.float32),
        metadata=pd.DataFrame({"y": np.arange(n) % 2}),
    )
    return Job(
        key="two_classes",
        experiment=replace(params.experiment("c4w2_digits_lenet"), fit=fit),
        run=params.run,
        splits={"train": examples, "train_dev": examples, "dev": examples},
        dataset=DatasetSpec(title="made", provenance="", files=(), target="y", classes=("a", "b")),
        shape=DataSpec(inputs=(1, side, side), classes=("a", "b")),
        data={},
    )


def test_a_gpu_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.delenv(device.VARIABLE, raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(FoursplitError, match="torch finds no GPU. Use auto or cpu"):
        device.resolve("gpu", prefer_gpu=True)


def test_an_unknown_device_is_refused(monkeypatch):
    monkeypatch.setenv(device.VARIABLE, "tpu")
    with pytest.raises(FoursplitError, match="'tpu' must be auto, cpu or gpu"):
        device.resolve("auto", prefer_gpu=True)


HOLES = """
import sys
import numpy as np
from foursplit.training.freed_memory import give_back_freed_memory

if sys.argv[1] == "give":
    assert give_back_freed_memory()

def resident():
    for line in open("/proc/self/status"):
        if line.startswith("RssAnon"):
            return int(line.split()[1]) // 1024

# Blocks of many sizes that end in no order, as sounds of many lengths leave them.
rng, held = np.random.default_rng(0), []
np.ones(30 * 2**17)  # of 30 MB: glibc's own threshold is above all others then
for _ in range(80):
    held.append(np.ones(int(rng.integers(9, 28)) * 2**17))
    if len(held) > 5:
        held.pop(int(rng.integers(len(held))))
    small = np.ones(1000)
print(resident() - sum(block.nbytes for block in held) // 2**20)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="not glibc")
def test_freed_blocks_go_back_to_the_system_with_it_alone():
    """MB beyond what is in use, of the same process with and without."""
    beyond = {}
    for how in ("give", "keep"):
        command = [sys.executable, "-c", HOLES, how]
        beyond[how] = int(subprocess.run(command, check=True, capture_output=True).stdout)
    assert beyond["give"] + 20 < beyond["keep"]
