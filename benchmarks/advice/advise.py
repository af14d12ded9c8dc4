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

OF_LINK = {
    "avoidable_bias": "bigger",
    "variance": "more_data",
    "mismatch": "target_data",
    "labels": "relabel",
    "optimization": "longer",
}
"""The action of each gap; gaps that need a measurement first are not here."""


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
    penalty = measured.knobs.penalty
    settings = Settings(
        human_error=measured.level,
        human_kind=measured.kind,
        human_where="the benchmark",
        same_distribution=measured.same,
        candidates=measured.candidates,
        penalties={"weight_decay": penalty} if penalty else {},
    )
    report = diagnose_as_json([Model(tables=tables)], settings)
    return steps(report["next"]), report


def steps(ranked: Sequence[Mapping[str, Any]]) -> list[Step]:
    """Return the engine's steps with their actions."""
    return [
        Step(
            link=step["link"],
            action=action_of(step),
            text=step["action"],
            gain=step["gain"],
        )
        for step in ranked
    ]


def action_of(step: Mapping[str, Any]) -> str:
    """Return the action that a step asks for first."""
    link, text = step["link"], step["action"]
    if link.startswith(("slice:", "data:")):
        return "target_data"
    if link == "avoidable_bias" and text.startswith("less regularisation"):
        return "less_penalty"
    if link == "labels" and step["gain"] is None:
        return MEASURE
    return OF_LINK.get(link, MEASURE)
