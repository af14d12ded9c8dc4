"""Batches cut from tensors that already lie on the device: no worker, no copy, no collating."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from foursplit.core.seeds import generator


class Batches:
    """Yield (x, y) batches; shuffled again each epoch if a seed is given.

    The order depends on the seed and the epoch alone, so that training resumed at an epoch goes
    on exactly as if it had never stopped.
    """

    def __init__(
        self,
        x: Tensor,
        y: Tensor,
        *,
        size: int | None,
        seed: int | None = None,
        epoch: Callable[[], int] = lambda: 0,
        change: Callable[[Tensor, np.random.Generator], Tensor] | None = None,
    ) -> None:
        self.x, self.y, self.seed, self.epoch = x, y, seed, epoch
        self.change = change  # of the inputs, each time they are seen
        self.size = min(size or len(x), len(x))

    def __len__(self) -> int:
        return -(-len(self.x) // self.size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        # One batch holds all: its order changes nothing.
        if self.seed is None or (len(self) == 1 and self.change is None):
            for start in range(0, len(self.x), self.size):
                yield self.x[start : start + self.size], self.y[start : start + self.size]
            return
        rng = generator("batches", self.seed, self.epoch())
        order = torch.from_numpy(rng.permutation(len(self.x))).to(self.x.device)
        for chosen in torch.split(order, self.size):
            x = self.x[chosen]
            yield (x if self.change is None else self.change(x, rng)), self.y[chosen]


class EpochDataset:
    """Hand over an epoch's batches in one go: a loader of a single item."""

    def __init__(self, batches: Batches) -> None:
        self.batches = batches

    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Iterator[Batches]:
        yield self.batches
