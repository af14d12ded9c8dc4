"""Means of losses and errors over an epoch, kept on the device until the epoch ends."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from foursplit.core.splits import Split

VALIDATION_SPLITS: tuple[Split, ...] = ("train_dev", "dev")
"""The splits evaluated in training, in the order of the validation loaders."""


class MetricAccumulator:
    """Collect means; `compute_and_reset` returns them weighted by their number of examples.

    Adding computes nothing: a step of a small network is over in the time that a sum takes to
    launch, and Lightning's own logging takes several times that.
    """

    def __init__(self) -> None:
        self._added: dict[str, tuple[list[Tensor], list[int]]] = {}

    def add(self, split: str, *, n: int, **means: Tensor) -> None:
        """Add means over `n` examples of `split`."""
        for name, mean in means.items():
            values, counts = self._added.setdefault(f"{split}_{name}", ([], []))
            values.append(mean.detach())
            counts.append(n)

    def add_validation(self, loader: int, *, n: int, **means: Tensor) -> None:
        """Add means over `n` examples of the split of validation loader `loader`."""
        self.add(VALIDATION_SPLITS[loader], n=n, **means)

    def reset(self) -> None:
        """Forget what was added."""
        self._added = {}

    def state_dict(self) -> dict[str, list[Any]]:
        """Return what was added since the last reset, to go on in the middle of an epoch."""
        return {
            key: [torch.stack(values), list(counts)]
            for key, (values, counts) in self._added.items()
        }

    def load_state_dict(self, state: dict[str, list[Any]]) -> None:
        self._added = {key: (list(values), counts) for key, (values, counts) in state.items()}

    def compute(self, splits: tuple[Split, ...]) -> dict[str, float]:
        """Return `<split>_<name>` means of some splits, and keep what was added."""
        return {
            key: weighted_mean(torch.stack(values), counts)
            for key, (values, counts) in self._added.items()
            if key.startswith(splits)
        }

    def compute_and_reset(self, *, over_processes: bool = False) -> dict[str, float]:
        """Return `<split>_<name>` means since the last call, over all processes if asked for."""
        added, self._added = self._added, {}
        if over_processes:
            return {key: _mean_over_processes(*pair) for key, pair in added.items()}
        return {
            key: weighted_mean(torch.stack(values), counts)
            for key, (values, counts) in added.items()
        }


def _mean_over_processes(values: list[Tensor], counts: list[int]) -> float:
    """Return the mean over all processes, each with as many values as counts of its own."""
    n = sum(counts)
    total = torch.tensor([weighted_mean(torch.stack(values), counts) * n, n], dtype=torch.float64)
    torch.distributed.all_reduce(total)
    return float(total[0] / total[1])


def weighted_mean(values: Tensor, counts: list[int]) -> float:
    """Return the mean of (value,), each with its count as its weight."""
    numbers = values.cpu().numpy()  # waits for the device: here, once
    parts = numbers * np.asarray(counts, dtype=numbers.dtype)
    # One after the other: np.sum adds in an order that depends on how many there are.
    return float(np.add.accumulate(parts)[-1]) / sum(counts)
