"""Examples on their way from a dataset to a model."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd  # a quarter of a second, which commands that read no table do not spend

META = "meta."
"""Prefix of the columns that are for slicing and never for learning."""

OFFICIAL = "official_split"
"""Column with the split that a data set was published with; `protocol: official` honours it."""

PUBLISHED = ("train", "dev", "test")
"""What it may say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """Inputs and what is known of each: a row of `metadata` for each row of `x`.

    `metadata` has `example_id`, `group_id`, `domain`, `y` (class number or quantity), `meta.*`, and
    `official_split` where the data set was published with one.
    """

    x: np.ndarray  # (example, …), float32
    metadata: "pd.DataFrame"

    def __post_init__(self) -> None:
        assert len(self.x) == len(self.metadata), (len(self.x), len(self.metadata))

    def __len__(self) -> int:
        return len(self.x)

    @property
    def y(self) -> np.ndarray:
        return self.metadata["y"].to_numpy()

    def take(self, chosen: np.ndarray) -> "Examples":
        """Return the rows that `chosen` (a mask or positions) names."""
        return Examples(
            x=self.x[chosen], metadata=self.metadata.iloc[chosen].reset_index(drop=True)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSpec:
    """What a model must know of the data: taken from train, and from nothing else."""

    inputs: tuple[int, ...]  # axes of one example
    classes: tuple[str, ...] = ()  # empty: a quantity is predicted
    target_mean: float = 0.0  # mean of the target in train
    target_std: float = 1.0  # its standard deviation
    target_iqr: float = 1.0  # its interquartile range: the unit of a regression's loss
    majority_class: int = 0  # the class most frequent in train

    @property
    def n_classes(self) -> int:
        return len(self.classes)

    @property
    def n_inputs(self) -> int:
        return int(np.prod(self.inputs))

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, block: dict[str, Any]) -> "DataSpec":
        lists = {"inputs": tuple(block["inputs"]), "classes": tuple(block["classes"])}
        return cls(**{**block, **lists})


def infer_data_spec(train: Examples, classes: tuple[str, ...]) -> DataSpec:
    """Read off `train` what a model may know."""
    inputs, y = train.x.shape[1:], train.y
    if classes:
        counts = np.bincount(y.astype(np.int64), minlength=len(classes))
        return DataSpec(inputs=inputs, classes=classes, majority_class=int(counts.argmax()))
    lower, upper = np.quantile(y, [0.25, 0.75])
    return DataSpec(
        inputs=inputs,
        target_mean=float(y.mean()),
        target_std=float(y.std()) or 1.0,
        target_iqr=float(upper - lower) or 1.0,
    )
