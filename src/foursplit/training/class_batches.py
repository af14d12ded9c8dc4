"""Batches of some classes with some examples each, for losses that compare examples.

Source: Hermans, Beyer and Leibe (2017), In defense of the triplet loss, section 2 (P classes with K
examples); Ng, DLS C4 W4 (triplet loss).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from foursplit.config.fit import TrainerConfig
from foursplit.core.errors import FoursplitError

MAX_NAMED = 5  # classes that an error lists


@dataclass(frozen=True, slots=True, eq=False)
class ClassBatches:
    """The classes (example,) of a split, and what each batch holds of them.

    In an epoch each example is in one batch at most: what is left of a class after groups of
    `n_examples`, and the groups of classes that find no others beside them, wait for another epoch.
    """

    labels: np.ndarray
    n_classes: int  # of a batch
    n_examples: int  # of each class in a batch

    def __len__(self) -> int:
        """Return the number of batches of an epoch: the most that the classes allow."""
        groups = self._counts() // self.n_examples
        # m batches need n_classes * m groups, of which a class can give m at most.
        low, high = 0, int(groups.sum()) // self.n_classes
        while low < high:
            middle = (low + high + 1) // 2
            is_possible = int(np.minimum(groups, middle).sum()) >= self.n_classes * middle
            low, high = (middle, high) if is_possible else (low, middle - 1)
        return low

    def draw(self, rng: np.random.Generator) -> list[np.ndarray]:
        """Return the positions of each batch of an epoch, class by class within it.

        The classes with the most groups left come first, at random among equals: no other order
        gives more batches.
        """
        _, numbers = np.unique(self.labels, return_inverse=True)
        order = rng.permutation(len(numbers))
        of_class = np.split(
            order[np.argsort(numbers[order], kind="stable")], np.cumsum(self._counts())[:-1]
        )
        left = self._counts() // self.n_examples
        batches = []
        for _ in range(len(self)):
            chosen = np.lexsort((rng.random(len(left)), -left))[: self.n_classes]
            left[chosen] -= 1
            starts = left[chosen] * self.n_examples
            batches.append(
                np.concatenate(
                    [
                        of_class[number][start : start + self.n_examples]
                        for number, start in zip(chosen.tolist(), starts.tolist(), strict=True)
                    ]
                )
            )
        return [batches[number] for number in rng.permutation(len(batches))]

    def _counts(self) -> np.ndarray:
        counts: np.ndarray = np.unique(self.labels, return_counts=True)[1]
        return counts


def class_batches(fit: TrainerConfig, train: Mapping[str, Any]) -> ClassBatches | None:
    """Return what `fit.batch` asks for; None where it asks for nothing.

    Raises FoursplitError where examples have no class, and for classes that are too few or small.
    """
    if fit.batch is None:
        return None
    labels = train.get("y")
    if not isinstance(labels, np.ndarray) or labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise FoursplitError(
            "fit.batch: is for tasks whose target `y` is the number of a class; this task's arrays "
            f"are {', '.join(train)}"
        )
    names, counts = np.unique(labels, return_counts=True)
    wanted = fit.batch
    if len(names) < wanted.n_classes:
        raise FoursplitError(
            f"fit.batch.n_classes: {wanted.n_classes}, but train has {len(names)} classes"
        )
    small = [
        f"class {name} has {count}"
        for name, count in zip(names.tolist(), counts.tolist(), strict=True)
        if count < wanted.n_examples
    ]
    if small:
        more = f" and {len(small) - MAX_NAMED} more" if len(small) > MAX_NAMED else ""
        raise FoursplitError(
            f"fit.batch.n_examples: {wanted.n_examples}, but in train "
            f"{', '.join(small[:MAX_NAMED])}{more}. Ask for at most {counts.min()}, or leave such "
            "classes out of train"
        )
    return ClassBatches(labels, wanted.n_classes, wanted.n_examples)
