"""The page of how gaps moved from run to run."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from foursplit.diagnosis.decomposition.gap_changes import Moved
from foursplit.diagnosis.decomposition.ledger import LINKS
from foursplit.diagnosis.decomposition.verdict import NAMES
from foursplit.history.gap_history import CODE, DATA, History, Step
from foursplit.reporting.numbers import gap_interval, percent, setting, signed
from foursplit.reporting.plots.history import history as chart
from foursplit.reporting.render import render
from foursplit.reporting.tables import champions as crowned

Champions = Mapping[str, Sequence[Mapping[str, Any]]]
"""Each group's stored versions, as for other programs."""


def page(told: Sequence[History], confidence: float, champions: Champions | None = None) -> str:
    """Write the page: a section a group."""
    stored = champions or {}
    return render(
        "history.html",
        {
            "confidence": percent(confidence).replace(".0%", "%"),
            "groups": [
                {
                    "name": one.group,
                    "gone": one.gone,
                    "n_earlier": one.n_earlier,
                    "gaps": [NAMES[gap] for gap in _gaps(one)],
                    "legend": [(gap, NAMES[gap]) for gap in _gaps(one)],
                    "figure": _figure(one),
                    "rows": [_row(number, step, _gaps(one), one.steps)
                             for number, step in enumerate(one.steps, start=1)],
                    "champions": crowned.rows(stored.get(one.group, ())),
                    "first_told": crowned.first(stored.get(one.group, ())),
                }
                for one in told
            ],
        },
    )  # fmt: skip


def _gaps(told: History) -> list[str]:
    """Name the gaps that any run has, in the ledger's order."""
    return [gap for gap in LINKS if any(gap in step.version.gaps for step in told.steps)]


def _figure(told: History) -> Markup | str:
    """Draw the gaps; nothing where no run is known."""
    if not told.steps:
        return ""
    lines = {
        gap: [
            (number, step.version.gaps[gap])
            for number, step in enumerate(told.steps, start=1)
            if gap in step.version.gaps
        ]
        for gap in _gaps(told)
    }
    return chart(lines, len(told.steps), f"Gaps of {told.group} over its runs")


def _row(number: int, step: Step, gaps: Sequence[str], steps: Sequence[Step]) -> dict[str, Any]:
    moved = {gap.name: gap for gap in step.movement.gaps} if step.movement else {}
    parents = [s.version for s in steps]
    return {
        "number": number,
        "key": step.version.key,
        "when": step.version.when,
        "place": step.version.place,
        "dev": _dev(step),
        "parent": parents.index(step.parent) + 1 if step.parent else None,
        "changed": [_change(name, *pair) for name, pair in step.changed.items()],
        "sentence": step.sentence,
        "paired": step.movement.paired if step.movement else True,
        "gaps": [
            {
                "value": signed(step.version.gaps[gap].value) if gap in step.version.gaps else "",
                **_moved(moved.get(gap)),
                "own": gap in step.own,
            }
            for gap in gaps
        ],
    }


def _dev(step: Step) -> dict[str, Any]:
    found = {"value": percent(step.version.splits["dev"].value)}
    moved = {one.name: one for one in step.movement.splits} if step.movement else {}
    return {**found, **_moved(moved.get("dev")), "own": False}


def _moved(moved: Moved | None) -> dict[str, Any]:
    """Write a change; nothing where there is none to write."""
    if moved is None:
        return {"change": "", "interval": "", "beyond_doubt": False, "better": False}
    return {
        "change": signed(moved.change),
        "interval": gap_interval(moved.lo, moved.hi),
        "beyond_doubt": moved.beyond_doubt,
        "better": moved.change < 0,
    }


def _change(name: str, before: Any, after: Any) -> str:
    if name in (DATA, CODE):
        return f"{name} changed"
    shown = ["unset" if value is None else setting(value) for value in (before, after)]
    return f"{name}: {shown[0]} → {shown[1]}"
