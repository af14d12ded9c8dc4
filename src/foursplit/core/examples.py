"""Examples on their way from a dataset to a model."""

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from foursplit.core.arrays import Array, Ragged
from foursplit.core.errors import FoursplitError

if TYPE_CHECKING:
    import pandas as pd  # a quarter of a second, which commands that read no table do not spend

META = "meta."
"""Prefix of the columns that are for slicing and never for learning."""

RAW = "raw."
"""Prefix of the inputs of a table before preprocessing."""

SHOW = "show."
"""Prefix of the columns that people recognise a row by; no model reads them."""

TIME = "time"
"""Column with the time of a row, by which `protocol: time` splits."""

ROW = "row"
"""Name of a file's row number, from 1, among the columns that are shown."""

OFFICIAL = "official_split"
"""Column with the split that a data set was published with; `protocol: official` honours it."""

PUBLISHED = ("train", "dev", "test")
"""What it may say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """Inputs and what is known of each: a row of `metadata` for each row of `x`.

    `metadata` has `example_id`, `group_id`, `domain`, `y` (class number or quantity) where the data
    set has a single target, `meta.*`, and `official_split` where it was published with one.
    `further` are more inputs and targets by name: masks, boxes, a second text.
    """

    x: Array  # (example, …), of the data set's dtype
    metadata: "pd.DataFrame"
    further: Mapping[str, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, array in {"x": self.x, **self.further}.items():
            if len(array) != len(self.metadata):
                raise ValueError(
                    f"{name} has {len(array):,} examples, metadata {len(self.metadata):,} rows: "
                    "each example needs a row"
                )

    def __len__(self) -> int:
        return len(self.x)

    @property
    def y(self) -> np.ndarray:
        return self.metadata["y"].to_numpy()

    @property
    def dense_x(self) -> np.ndarray:
        """Return `x` for what reads a table of numbers; raise where lengths differ."""
        if isinstance(self.x, Ragged):
            raise FoursplitError(
                "the examples differ in length (text, sound), and this model needs inputs of one "
                "shape: choose a network that reads sequences"
            )
        return self.x

    def take(self, chosen: np.ndarray) -> "Examples":
        """Return the rows that `chosen` (a mask or positions) names."""
        return Examples(
            x=self.x[chosen],
            metadata=self.metadata.iloc[chosen].reset_index(drop=True),
            further={name: array[chosen] for name, array in self.further.items()},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSpec:
    """What a model must know of the data: taken from train, and from nothing else."""

    inputs: tuple[int, ...]  # axes of one example; of one element where lengths differ
    classes: tuple[str, ...] = ()  # empty: a quantity is predicted
    target_mean: float = 0.0  # mean of the target in train
    target_std: float = 1.0  # its standard deviation
    target_iqr: float = 1.0  # its interquartile range: the unit of a regression's loss
    majority_class: int = 0  # the class most frequent in train
    scale: float = 1.0  # factor of the stored inputs on their way into a batch
    max_lengths: Mapping[str, int] = field(default_factory=dict)  # in train, of ragged arrays
    tokenizer: str = ""  # how texts are divided into tokens
    vocabularies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # of text arrays
    token_shares: Mapping[str, tuple[float, ...]] = field(default_factory=dict)  # of a language
    further_inputs: tuple[str, ...] = ()  # arrays beside x that a network reads
    axes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # of further arrays

    @property
    def n_classes(self) -> int:
        return len(self.classes)

    @property
    def n_inputs(self) -> int:
        return int(np.prod(self.inputs))

    @property
    def n_tokens(self) -> int:
        """Return the size of the vocabulary of `x`."""
        return len(self.vocabularies["x"])

    def as_json(self) -> dict[str, Any]:
        """Return the fields; what only some data has is left out where it is not there."""
        block = asdict(self)
        for each in fields(self):
            empty = each.default_factory() if each.default_factory is not MISSING else each.default
            if each.name not in BASIC and block[each.name] == empty:
                del block[each.name]
        return block

    @classmethod
    def from_json(cls, block: Mapping[str, Any]) -> "DataSpec":
        tuples = ("inputs", "classes", "further_inputs")
        lists: dict[str, Any] = {name: tuple(block[name]) for name in tuples if name in block}
        for name in ("vocabularies", "token_shares", "axes"):
            if name in block:
                lists[name] = {key: tuple(value) for key, value in block[name].items()}
        return cls(**{**block, **lists})


BASIC = ("inputs", "classes", "target_mean", "target_std", "target_iqr", "majority_class")
"""Fields of a `DataSpec` that every manifest has."""
