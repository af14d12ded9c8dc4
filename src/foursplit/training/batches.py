"""Batches by name, cut from tensors that lie on the device, or streamed from arrays.

A batch is a dictionary: `x`, the targets by name, and `<name>_length` for each array whose
examples differ in length.  Examples are padded with zeros to the longest of their batch.  Both ways
give the same bytes: order and draws depend on seed and epoch alone.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from foursplit.core.arrays import Array, Ragged, example_axes
from foursplit.core.errors import FoursplitError
from foursplit.core.seeds import generator
from foursplit.training.class_batches import ClassBatches

Batch = dict[str, Tensor]

Arrays = Mapping[str, Array]
"""Inputs and targets of a split by name, with one example for each entry of the first axis."""

Change = Callable[[Batch, np.random.Generator], Batch]
"""What augmentation does to a batch."""

LENGTH = "_length"
"""End of the name under which a batch has the lengths of a padded array's examples."""


def lengths_of(arrays: Arrays) -> np.ndarray:
    """Return the length of each example; raise FoursplitError where all have one shape."""
    x = arrays["x"]
    if not isinstance(x, Ragged):
        raise FoursplitError(
            "fit.group_by_length: is for texts and sounds, whose examples differ in length; these "
            f"inputs have one shape, {example_axes(x)}"
        )
    return x.lengths


def n_examples(arrays: Mapping[str, Any]) -> int:
    return len(next(iter(arrays.values())))


def collate(arrays: Arrays, chosen: np.ndarray | slice) -> Batch:
    """Cut a batch from arrays; integers stay integers, and `to_inputs` scales them."""
    batch: Batch = {}
    for name, array in arrays.items():
        part = array[chosen]
        if isinstance(part, Ragged):
            batch[name] = _tensor(part.padded())
            batch[name + LENGTH] = _tensor(part.lengths)
        else:
            batch[name] = _tensor(part)
    return batch


def _tensor(values: np.ndarray) -> Tensor:
    # A memory map is not writable, which torch does not accept.
    return torch.from_numpy(
        np.ascontiguousarray(values) if values.flags.writeable else values.copy()
    )


def to_inputs(batch: Batch, scale: float) -> Batch:
    """Return the batch with `x` as floating-point numbers where it holds measured integers."""
    if scale == 1.0:
        return batch
    return {**batch, "x": batch["x"].float() * scale}


@dataclass(frozen=True, slots=True, kw_only=True)
class Padded:
    """A ragged array on the device: (example, longest, …), with the lengths on both sides."""

    values: Tensor
    lengths: Tensor
    on_host: np.ndarray  # the lengths again: to ask the device would wait for it


class OnDevice:
    """A split's arrays on the device from the start: no worker, no copy, no collating."""

    def __init__(self, arrays: Arrays, device: torch.device) -> None:
        self.dense: dict[str, Tensor] = {}
        self.padded: dict[str, Padded] = {}
        for name, array in arrays.items():
            if isinstance(array, Ragged):
                self.padded[name] = _pad(array, device)
            else:
                self.dense[name] = _tensor(array).to(device)
        self.device, self.n = device, n_examples(arrays)

    def __len__(self) -> int:
        return self.n

    def cut(self, chosen: Any) -> Batch:
        """Cut a batch; `chosen` is a slice, or positions on the device."""
        batch = {name: values[chosen] for name, values in self.dense.items()}
        for name, array in self.padded.items():
            positions = chosen if isinstance(chosen, slice) else chosen.cpu().numpy()
            longest = int(array.on_host[positions].max(initial=0))
            batch[name] = array.values[chosen][:, :longest]
            batch[name + LENGTH] = array.lengths[chosen]
        return batch


def _pad(array: Ragged, device: torch.device) -> Padded:
    lengths = array.lengths
    return Padded(
        values=_tensor(array.padded()).to(device),
        lengths=_tensor(lengths).to(device),
        on_host=lengths,
    )


class Batches:
    """Yield batches of a split on the device; shuffled again each epoch if a seed is given.

    The order depends on the seed and the epoch alone, so that training resumed at an epoch goes
    on exactly as if it had never stopped.
    """

    def __init__(  # noqa: PLR0913, all but one by name
        self,
        split: OnDevice,
        *,
        size: int | None,
        seed: int | None = None,
        epoch: Callable[[], int] = lambda: 0,
        change: Change | None = None,
        scale: float = 1.0,
        by_length: bool = False,
        by_class: ClassBatches | None = None,
    ) -> None:
        self.by_class = by_class
        self.split, self.seed, self.epoch, self.scale = split, seed, epoch, scale
        self.change = change  # of each batch, each time it is seen
        self.lengths = split.padded["x"].on_host if by_length else None
        self.size = min(size or len(split), len(split))

    def __len__(self) -> int:
        if self.by_class is not None:
            return len(self.by_class)
        return -(-len(self.split) // self.size)

    def __iter__(self) -> Iterator[Batch]:
        # One batch holds all: its order changes nothing.
        any_order = len(self) == 1 and self.change is None and self.by_class is None
        if self.seed is None or any_order:
            for start in range(0, len(self.split), self.size):
                yield to_inputs(self.split.cut(slice(start, start + self.size)), self.scale)
            return
        rng = generator("batches", self.seed, self.epoch())
        for positions in epoch_batches(
            len(self.split), self.size, rng, self.lengths, self.by_class
        ):
            chosen = torch.from_numpy(positions).to(self.split.device)
            batch = to_inputs(self.split.cut(chosen), self.scale)
            yield batch if self.change is None else self.change(batch, rng)


GROUPED_BATCHES = 50
"""Batches whose examples are sorted by length together, at most: more would be less random."""

MIN_GROUPS = 4
"""An epoch is sorted in so many parts at least."""


def epoch_batches(
    n: int,
    size: int,
    rng: np.random.Generator,
    lengths: np.ndarray | None = None,
    by_class: ClassBatches | None = None,
) -> list[np.ndarray]:
    """Divide `n` examples into the batches of an epoch, in random order.

    With `lengths` each batch has examples of like length, so that little of it is padding:
    some batches are drawn at a time and sorted, and then all batches are shuffled (as in Hugging
    Face's LengthGroupedSampler).  With `by_class` each has the same number of examples of some
    classes, and `n` and `size` are those that it says.
    """
    if by_class is not None:
        return by_class.draw(rng)
    order = rng.permutation(n)
    if lengths is None:
        return [order[start : start + size] for start in range(0, n, size)]
    batches = []
    group = size * max(1, min(n // (size * MIN_GROUPS), GROUPED_BATCHES))
    for start in range(0, n, group):
        drawn = order[start : start + group]
        by_length = drawn[np.argsort(lengths[drawn], kind="stable")]
        batches += [by_length[i : i + size] for i in range(0, len(by_length), size)]
    return [batches[number] for number in rng.permutation(len(batches))]


class EpochDataset:
    """Hand over an epoch's batches in one go: a loader of a single item."""

    def __init__(self, batches: Batches) -> None:
        self.batches = batches

    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Iterator[Batches]:
        yield self.batches


class ArrayDataset(Dataset[Batch]):
    """Arrays as a dataset that gives a whole batch for a list of positions."""

    def __init__(self, arrays: Arrays, scale: float) -> None:
        self.arrays, self.scale = arrays, scale

    def __len__(self) -> int:
        return n_examples(self.arrays)

    def __getitems__(self, positions: list[int]) -> Batch:
        return to_inputs(collate(self.arrays, np.array(positions)), self.scale)


class Stream:
    """Yield the same batches as `Batches` through an ordinary DataLoader, one in memory at a time.

    With several processes each batch is divided: process r takes its examples r, r + n, r + 2n, …
    and `loss_weight` makes the mean of the processes' gradients that of the whole batch.
    Lightning keeps `state_dict` in its checkpoints, to go on in the middle of an epoch.
    """

    def __init__(  # noqa: PLR0913, all but one by name
        self,
        arrays: Arrays,
        *,
        size: int | None,
        seed: int | None = None,
        epoch: Callable[[], int] = lambda: 0,
        change: Change | None = None,
        scale: float = 1.0,
        by_length: bool = False,
        by_class: ClassBatches | None = None,
        rank: int = 0,
        n_processes: int = 1,
    ) -> None:
        self.dataset, self.n = ArrayDataset(arrays, scale), n_examples(arrays)
        self.seed, self.epoch, self.change = seed, epoch, change
        self.lengths, self.by_class = lengths_of(arrays) if by_length else None, by_class
        self.rank, self.n_processes = rank, n_processes
        self.size = min(size or self.n, self.n)
        self.n_taken = 0  # batches of this epoch that were handed over
        self.n_skipped = 0  # batches of the next epoch that were taken before an interruption

    def __len__(self) -> int:
        if self.by_class is not None:
            return len(self.by_class)
        return -(-self.n // self.size)

    def __iter__(self) -> Iterator[Batch]:
        rng = None
        whole = [np.arange(self.n)[start : start + self.size] for start in self._starts()]
        any_order = len(self) == 1 and self.change is None and self.by_class is None
        if self.seed is not None and not any_order:
            rng = generator("batches", self.seed, self.epoch())
            whole = epoch_batches(self.n, self.size, rng, self.lengths, self.by_class)
        own = [self._own(batch) for batch in whole]
        loader: DataLoader[Batch] = DataLoader(
            self.dataset,
            batch_sampler=own,
            collate_fn=_as_it_is,
            generator=torch.Generator(),  # leaves the global one to dropout
        )
        skipped, self.n_skipped = self.n_skipped, 0
        for self.n_taken, (positions, batch) in enumerate(zip(whole, loader, strict=True), start=1):
            changed = batch if self.change is None or rng is None else self.change(batch, rng)
            if self.n_processes > 1:
                n_own = len(positions[self.rank :: self.n_processes])
                changed["loss_weight"] = torch.tensor(self.n_processes * n_own / len(positions))
            if self.n_taken > skipped:  # its change was drawn, as that of all batches
                yield changed

    def state_dict(self) -> dict[str, int]:
        return {"n_taken": self.n_taken}

    def load_state_dict(self, state: dict[str, int]) -> None:
        self.n_skipped = state["n_taken"]

    def _starts(self) -> range:
        return range(0, self.n, self.size)

    def _own(self, batch: np.ndarray) -> list[int]:
        """Return this process's positions of a batch; one without any takes one of weight 0."""
        positions: list[int] = batch[self.rank :: self.n_processes].tolist()
        return positions or batch[:1].tolist()


def _as_it_is(batch: Any) -> Any:
    return batch
