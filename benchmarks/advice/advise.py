"""What the engine advises for a start: the functions of `foursplit diagnose`, and its first step.

A step names a gap, a slice, labels or what is to be measured; here it becomes the action that a
team would run.  Where a step names several, the first counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.advice.experiments import MEASURE
from benchmarks.advice.measure import Measured

from foursplit.diagnosis.diagnose import diagnose_as_json
from foursplit.diagnosis.prediction_table import Model, validate
from foursplit.diagnosis.settings import Settings

OF_CHANGE = {
    "model_size": "bigger",
    "epochs": "longer",
    "penalty": "less_penalty",
    "train_data": "more_data",
    "target_data": "target_data",
    "examples": "target_data",
    "labels": "relabel",
}
"""The action that a step asks for, by what it changes first; all others measure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A ranked step of the engine, and the action it asks for."""

    link: str
    action: str
    text: str
    gain: float | None  # the most it can take off the dev error


def advise(measured: Measured) -> tuple[list[Step], dict[str, Any]]:
    """Return the ranked steps, and the whole diagnosis."""
    tables = {split: validate(frame, split) for split, frame in measured.tables.items()}
    penalty = measured.hyperparameters.penalty
    settings = Settings(
        human_error=measured.level,
        human_kind=measured.kind,
        human_where="the benchmark",
        same_distribution=measured.same,
        candidates=measured.candidates,
        penalties={"weight_decay": penalty} if penalty else {},
        curves=[measured.curves],
    )
    report = diagnose_as_json([Model(tables=tables)], settings)
    return steps(report["next"]), report


def steps(ranked: Sequence[Mapping[str, Any]]) -> list[Step]:
    """Return the engine's steps with their actions."""
    return [
        Step(
            link=step["link"],
            action=OF_CHANGE.get(step["changes"], MEASURE),
            text=step["action"],
            gain=step["gain"],
        )
        for step in ranked
    ]
