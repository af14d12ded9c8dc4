"""The report's first page: every experiment, compared within its group."""

from collections.abc import Mapping, Sequence
from typing import Any

from foursplit.config.schema import ComparisonGroup, Params
from foursplit.core.splits import TITLES, Split
from foursplit.evaluation.group_metric import group_metric
from foursplit.evaluation.results import ExperimentResult
from foursplit.reporting.numbers import confidence_level
from foursplit.reporting.plots.comparison import comparison
from foursplit.reporting.render import render
from foursplit.reporting.tables import choice, findings, measured_values


def page(
    params: Params,
    entries: Sequence[ExperimentResult],
    cards: Mapping[str, Any],
    lessons: Sequence[Mapping[str, Any]] = (),
    missing: Sequence[str] | None = None,
    searches: Sequence[Mapping[str, Any]] = (),
) -> str:
    """Render the page; `missing` are experiments without a result, by default of all."""
    groups = [
        _group(name, group, [e for e in entries if e.experiment.group == name], cards)
        for block in params.groups.values()
        for name, group in block.items()
        if any(e.experiment.group == name for e in entries)
    ]
    evaluated = {entry.key for entry in entries}
    experiments = [key for block in params.experiments.values() for key in block]
    content = {
        "groups": groups,
        "cards": [cards[name] for name in dict.fromkeys(e.experiment.dataset for e in entries)],
        "attributions": _attributions(cards),
        "missing": [key for key in experiments if key not in evaluated]
        if missing is None
        else missing,
        "lessons": lessons,
        "searches": searches,
        "n_experiments": len(entries),
        "confidence": confidence_level(params.diagnosis.confidence),
        "several_seeds": any(len(e.summaries) > 1 for e in entries),
        "regresses": any(e.experiment.task == "regress" for e in entries),
    }
    return render("index.html", content)


def _attributions(cards: Mapping[str, Any]) -> list[str]:
    """Return the attributions that the data licences require, without repeats."""
    return list(dict.fromkeys(text for card in cards.values() for text in card["attributions"]))


def _group(
    name: str, group: ComparisonGroup, members: Sequence[ExperimentResult], cards: Mapping[str, Any]
) -> dict[str, Any]:
    selection = choice.read_selection(name)
    rank = {row["key"]: index for index, row in enumerate(selection["ranking"])}
    ranked = sorted(members, key=lambda entry: rank.get(entry.key, len(rank)))
    metrics = {row["key"]: row["metric"] for row in selection["ranking"]}
    errors = {entry.key: measured_values.by_split(entry) for entry in ranked}
    rows = [_row(entry, errors[entry.key], metrics.get(entry.key)) for entry in ranked]
    return {
        "name": name,
        "winner": next((row for row in rows if row["entry"].winner), None),
        "settings": group,
        "direction": group_metric(group).direction,
        "title": cards[group.dataset]["dataset"].title,
        "bounds": [
            f"{choice.COSTS.get(cost, cost)} at most {limit:,.0f}"
            for cost, limit in group.bounds.items()
        ],
        "min_gain": choice.metric_format(group)(group.min_gain) if group.min_gain else "",
        "reason": choice.reason(selection, group),
        "bound_costs": choice.bound_costs(selection, group),
        "choice": choice.figures(selection, group, name),
        "rows": rows,
        "figure": comparison(errors, ranked[0].human, f"Errors of {name} on every split"),
    }


def _row(
    entry: ExperimentResult,
    errors: Mapping[Split, measured_values.MeasuredError | None],
    metric: float | None,
) -> dict[str, Any]:
    return {
        "key": entry.key,
        "entry": entry,
        "human": entry.diagnosis["human"],
        "errors": [(TITLES[split], split, error) for split, error in errors.items()],
        "metric": metric,
        "verdict": findings.short_verdict(entry.diagnosis),
        "sentence": entry.diagnosis["verdict"]["sentence"],
        "step": findings.first_step(entry.diagnosis),
        "beats_baseline": entry.beats_baseline,
    }
