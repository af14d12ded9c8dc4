"""LightningModules and LightningDataModules of the user's own run unchanged."""

import numpy as np
import pytest
import pytorch_lightning as L
import torch
from tests.training.arrays import random_arrays
from tests.training.test_loops import SHAPE, fit_of, train

from foursplit.core.errors import FoursplitError
from foursplit.tasks import classify


class TheirModule(L.LightningModule):
    """As in Lightning's own introduction: it knows nothing of this project."""

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Linear(6, 16), torch.nn.ReLU())
        self.head = torch.nn.Linear(16, 3)

    def forward(self, x):
        return self.head(self.layers(x))

    def training_step(self, batch, _batch_idx):
        x, y = batch
        loss = torch.nn.functional.cross_entropy(self(x), y)
        self.log("train_loss", loss, on_epoch=True, on_step=False)
        return loss

    def validation_step(self, batch, _batch_idx):
        x, y = batch
        self.log("val_loss", torch.nn.functional.cross_entropy(self(x), y))

    def configure_optimizers(self):
        steps = torch.optim.Adam(self.parameters(), lr=0.05)
        return [steps], [torch.optim.lr_scheduler.StepLR(steps, 5, 0.5)]


class TheirModuleWithTwoLoaders(TheirModule):
    """The same, with a validation for each loader."""

    def validation_step(self, batch, _batch_idx, dataloader_idx=0):  # noqa: ARG002, Lightning asks
        x, y = batch
        self.log("val_loss", torch.nn.functional.cross_entropy(self(x), y))


@pytest.mark.parametrize("kind", [TheirModule, TheirModuleWithTwoLoaders])
def test_a_lightning_module_of_ones_own_runs_unchanged(kind, tmp_path):
    torch.manual_seed(1)
    module = kind()
    _, rows = train(tmp_path / "state", fit_of(max_epochs=12), "lightning", module=module)
    assert [row["epoch"] for row in rows] == list(range(1, 13))
    assert rows[-1]["train_loss"] < rows[0]["train_loss"]
    assert ("train_dev_loss" in rows[0]) == (kind is TheirModuleWithTwoLoaders)
    assert "dev_loss" in rows[0]


class TheirData(L.LightningDataModule):
    """Loaders of torch's own, over the splits' arrays."""

    def __init__(self, arrays, *, several):
        super().__init__()
        self.arrays, self.several, self.asked = arrays, several, []

    def loader(self, split, **how):
        tensors = [torch.from_numpy(self.arrays[split][name]) for name in ("x", "y")]
        return torch.utils.data.DataLoader(torch.utils.data.TensorDataset(*tensors), **how)

    def setup(self, stage):
        self.asked.append(stage)

    def train_dataloader(self):
        return self.loader("train", batch_size=8, shuffle=True)

    def val_dataloader(self):
        names = ("train_dev", "dev") if self.several else ("dev",)
        loaders = [self.loader(name, batch_size=64) for name in names]
        return loaders if self.several else loaders[0]


@pytest.mark.parametrize("several", [False, True])
def test_a_data_module_of_ones_own_gives_the_batches(several, tmp_path):
    rng = np.random.default_rng(4)
    arrays = {
        name: random_arrays(classify, SHAPE, n, rng)
        for name, n in (("train", 100), ("train_dev", 30), ("dev", 30))
    }
    torch.manual_seed(1)
    module = TheirModuleWithTwoLoaders() if several else TheirModule()
    data, steps = TheirData(arrays, several=several), []
    module.on_train_batch_end = lambda *_: steps.append(module.global_step)
    fit = fit_of(max_epochs=6)
    _, rows = train(tmp_path / "state", fit, "lightning", module=module, datamodule=data)
    assert data.asked == ["fit"]
    assert len(steps) == 6 * 13  # batches of 8, and not of fit.batch_size
    assert ("train_dev_loss" in rows[0]) == several
    with torch.no_grad():
        x, y = (torch.from_numpy(arrays["dev"][name]) for name in ("x", "y"))
        loss = float(torch.nn.functional.cross_entropy(module(x), y))
    assert rows[-1]["dev_loss"] == pytest.approx(loss, abs=1e-5)


def test_a_task_takes_the_splits_and_no_data_module(tmp_path):
    with pytest.raises(FoursplitError, match="datamodule"):
        train(tmp_path / "state", fit_of(), "lightning", datamodule=TheirData({}, several=False))
