"""Arrays whose first axis counts examples: dense ones, and ones with examples of any length."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LONG = 256
"""Mean number of elements from which on examples are copied one by one."""


@dataclass(frozen=True, slots=True, eq=False)
class Ragged:
    """Examples of different lengths, one after the other: sentences, sounds, the boxes of a scene.

    `values` is (element, …); example i ends before element `ends[i]`.
    """

    values: np.ndarray
    ends: np.ndarray  # (example,), int64

    def __post_init__(self) -> None:
        last = int(self.ends[-1]) if len(self.ends) else 0
        if last != len(self.values) or (np.diff(self.ends, prepend=0) < 0).any():
            raise ValueError(f"ends {self.ends} must rise to {len(self.values)}, the elements")

    @classmethod
    def of(cls, rows: Sequence[np.ndarray]) -> "Ragged":
        """Join arrays that differ in their first axis alone."""
        ends = np.cumsum([len(row) for row in rows], dtype=np.int64)
        return cls(np.concatenate(list(rows)) if len(rows) else np.empty(0), ends)

    def __len__(self) -> int:
        return len(self.ends)

    def row(self, number: int) -> np.ndarray:
        """Return one example, (element, …)."""
        start = self.ends[number - 1] if number else 0
        return self.values[start : self.ends[number]]

    def __getitem__(self, chosen: np.ndarray | slice) -> "Ragged":
        """Return the examples that a mask, positions or a slice name."""
        positions = np.arange(len(self))[chosen]
        lengths = self.lengths[positions]
        ends = np.cumsum(lengths, dtype=np.int64)
        if len(ends) and ends[-1] > LONG * len(ends):
            # The places of all elements would take four times the memory of a sound.
            return Ragged(np.concatenate([self.row(number) for number in positions]), ends)
        # Element k of the result is as far from its example's start as in the original.
        shift = np.repeat(self.ends[positions] - ends, lengths)
        return Ragged(self.values[np.arange(len(shift)) + shift], ends)

    @property
    def lengths(self) -> np.ndarray:
        """Return the number of elements of each example."""
        return np.diff(self.ends, prepend=0)

    @property
    def dtype(self) -> np.dtype:
        return self.values.dtype

    def padded(self) -> np.ndarray:
        """Return (example, longest, …), zeros behind each example's end."""
        lengths = self.lengths
        longest = int(lengths.max(initial=0))
        out = np.zeros((len(self), longest, *self.values.shape[1:]), self.dtype)
        out[np.arange(longest) < lengths[:, None]] = self.values
        return out


Array = np.ndarray | Ragged
"""What `Examples` hold: one example for each entry of the first axis."""


def row(array: Array, number: int) -> np.ndarray:
    """Return one example of an array."""
    return array.row(number) if isinstance(array, Ragged) else array[number]


def example_axes(array: Array) -> tuple[int, ...]:
    """Return the axes of one example; of a ragged array those of one element."""
    return (array.values if isinstance(array, Ragged) else array).shape[1:]


def is_mapped(array: Array) -> bool:
    """Return whether an array is read through a memory map."""
    return isinstance(array.values if isinstance(array, Ragged) else array, np.memmap)
