"""The page of the gap history: how gaps changed from run to run."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from foursplit.diagnosis.decomposition.gap_changes import GapChange
from foursplit.diagnosis.decomposition.ledger import LINKS
from foursplit.diagnosis.decomposition.verdict import NAMES
from foursplit.history.gap_history import CODE, DATA, History, HistoryStep
from foursplit.reporting.numbers import confidence_level, percent, setting, signed
from foursplit.reporting.plots.history import history as plot
from foursplit.reporting.render import render
from foursplit.reporting.tables import champions as champion_table
from foursplit.reporting.tables.changes import NO_CHANGE, format_change

Champions = Mapping[str, Sequence[Mapping[str, Any]]]
"""The registered versions of each group, as JSON."""


def page(
    histories: Sequence[History], confidence: float, champions: Champions | None = None
) -> str:
    """Render the page, one section per group."""
    versions = champions or {}
    return render(
        "history.html",
        {
            "confidence": confidence_level(confidence),
            "groups": [
                {
                    "name": history.group,
                    "gone": history.gone,
                    "n_earlier": history.n_earlier,
                    "gaps": [NAMES[gap] for gap in _gaps(history)],
                    "legend": [(gap, NAMES[gap]) for gap in _gaps(history)],
                    "figure": _figure(history),
                    "rows": [
                        _row(number, step, _gaps(history), history.steps)
                        for number, step in enumerate(history.steps, start=1)
                    ],
                    "champions": champion_table.rows(versions.get(history.group, ())),
                    "first_version": champion_table.first_version(versions.get(history.group, ())),
                }
                for history in histories
            ],
        },
    )


def _gaps(history: History) -> list[str]:
    """Return the names of the gaps that any run has, in ledger order."""
    return [gap for gap in LINKS if any(gap in step.version.gaps for step in history.steps)]


def _figure(history: History) -> Markup | str:
    """Plot the gaps; empty without runs."""
    if not history.steps:
        return ""
    lines = {
        gap: [
            (number, step.version.gaps[gap])
            for number, step in enumerate(history.steps, start=1)
            if gap in step.version.gaps
        ]
        for gap in _gaps(history)
    }
    return plot(lines, len(history.steps), f"Gaps of {history.group} over its runs")


def _row(
    number: int, step: HistoryStep, gaps: Sequence[str], steps: Sequence[HistoryStep]
) -> dict[str, Any]:
    changes = {gap.name: gap for gap in step.movement.gaps} if step.movement else {}
    versions = [s.version for s in steps]
    return {
        "number": number,
        "key": step.version.key,
        "when": step.version.when,
        "location": step.version.place,
        "dev": _dev(step),
        "parent": versions.index(step.parent) + 1 if step.parent else None,
        "changed": [_changed_setting(name, *pair) for name, pair in step.changed.items()],
        "sentence": step.sentence,
        "paired": step.movement.paired if step.movement else True,
        "gaps": [
            {
                "value": signed(step.version.gaps[gap].value) if gap in step.version.gaps else "",
                **_format_gap_change(changes.get(gap)),
                "intended": gap in step.own,
            }
            for gap in gaps
        ],
    }


def _dev(step: HistoryStep) -> dict[str, Any]:
    error = {"value": percent(step.version.splits["dev"].value)}
    changes = {change.name: change for change in step.movement.splits} if step.movement else {}
    return {**error, **_format_gap_change(changes.get("dev")), "intended": False}


def _format_gap_change(gap: GapChange | None) -> dict[str, Any]:
    if gap is None:
        return NO_CHANGE
    return format_change(gap.change, gap.lo, gap.hi, significant=gap.is_significant)


def _changed_setting(name: str, before: Any, after: Any) -> str:
    if name in (DATA, CODE):
        return f"{name} changed"
    old, new = ("unset" if value is None else setting(value) for value in (before, after))
    return f"{name}: {old} → {new}"
