"""A curve that a model or a task has of its training, where steps need not be epochs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCurve:
    """Values by step, from step 1 on: the returns of episodes, the losses of boosting rounds.

    A model with a fit of its own, a network or a task hands them over by `own_curves()`, which
    returns a list.  The report draws each, and MLflow gets each line under its name.
    """

    title: str  # "Return by episode"
    step: str  # what a step is, such as "episode"
    value: str  # what a value is, with its unit if it has one, such as "loss in nats"
    lines: Mapping[str, Sequence[float]]  # the values, by names such as "validation loss"
