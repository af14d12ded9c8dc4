"""Means of losses and errors over an epoch, kept on the device until the epoch ends."""

import torch
from torch import Tensor

from foursplit.core.split import Split

WATCHED: tuple[Split, ...] = ("train_dev", "dev")
"""The splits watched in training, in the order of the validation loaders."""


class Watch:
    """Sum what is added, weighted by the number of examples; `take` gives the means and empties.

    Lightning's own logging does this at several times the cost of a small network's step.
    """

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}

    def add(self, split: str, *, n: int, **means: Tensor) -> None:
        """Add means over `n` examples of `split`."""
        with torch.no_grad():
            for name, mean in means.items():
                key = f"{split}_{name}"
                total = self._sums.get(key)
                part = mean.detach() * n
                self._sums[key] = part if total is None else total + part
                self._counts[key] = self._counts.get(key, 0) + n

    def add_watched(self, loader: int, *, n: int, **means: Tensor) -> None:
        """Add means over `n` examples of the split that validation loader `loader` serves."""
        self.add(WATCHED[loader], n=n, **means)

    def take(self) -> dict[str, float]:
        """Give `<split>_<name>` means since the last call."""
        means = {key: float(total) / self._counts[key] for key, total in self._sums.items()}
        self._sums, self._counts = {}, {}
        return means
