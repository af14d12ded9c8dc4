"""What a lesson on real data gets: the table of an experiment's data set and its trained models."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedExperiment:
    """An experiment after its stage `train`.

    `table` is what the data set's `read` returns, a DataFrame or Examples.  A model is what
    `build` of its file returns, with the weights that were learnt, or a fitted estimator.
    """

    table: Any
    models: Mapping[int, Any]  # by seed
