"""Which device a stage uses, and what it says where there is none."""

import pytest
import torch

from foursplit.core.errors import Refusal
from foursplit.training import device


def test_the_environment_has_the_last_word(monkeypatch):
    monkeypatch.setenv(device.VARIABLE, "cpu")
    assert device.resolve("auto") == "cpu"


def test_auto_uses_a_gpu_where_there_is_one(monkeypatch):
    monkeypatch.delenv(device.VARIABLE, raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert device.resolve("auto") == "gpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device.resolve("auto") == "cpu"


def test_a_gpu_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.delenv(device.VARIABLE, raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(Refusal, match="torch finds none here. Use auto or cpu"):
        device.resolve("gpu")


def test_an_unknown_device_is_refused(monkeypatch):
    monkeypatch.setenv(device.VARIABLE, "tpu")
    with pytest.raises(Refusal, match="'tpu' must be auto, cpu or gpu"):
        device.resolve("auto")
