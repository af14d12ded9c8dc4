"""The report's first page: every experiment, compared within its group."""

from collections.abc import Mapping, Sequence
from typing import Any

from foursplit.config.schema import Group, Params
from foursplit.core.splits import TITLES, Split
from foursplit.evaluation.results import Entry
from foursplit.reporting.numbers import percent
from foursplit.reporting.plots.comparison import comparison
from foursplit.reporting.render import render
from foursplit.reporting.tables import choice, findings, measured_values


def page(
    params: Params,
    entries: Sequence[Entry],
    cards: Mapping[str, Any],
    studies: Sequence[Mapping[str, Any]] = (),
) -> str:
    """Write the page."""
    groups = [
        _group(name, group, [e for e in entries if e.experiment.group == name], cards)
        for block in params.groups.values()
        for name, group in block.items()
        if any(e.experiment.group == name for e in entries)
    ]
    known = {entry.key for entry in entries}
    missing = [key for block in params.experiments.values() for key in block if key not in known]
    content = {
        "groups": groups,
        "cards": [cards[name] for name in dict.fromkeys(e.experiment.source for e in entries)],
        "attributions": _attributions(cards),
        "missing": missing,
        "lessons": studies,
        "n_experiments": len(entries),
        "confidence": percent(params.strategy.confidence).replace(".0%", "%"),
        "several_seeds": any(len(e.summaries) > 1 for e in entries),
        "regresses": any(e.experiment.task == "regress" for e in entries),
    }
    return render("index.html", content)


def _attributions(cards: Mapping[str, Any]) -> list[str]:
    """List what the licences of the data ask to be said, each once."""
    return list(dict.fromkeys(words for card in cards.values() for words in card["attributions"]))


def _group(
    name: str, group: Group, members: Sequence[Entry], cards: Mapping[str, Any]
) -> dict[str, Any]:
    chosen = choice.chosen(name)
    order = {row["key"]: number for number, row in enumerate(chosen["ranking"])}
    ranked = sorted(members, key=lambda entry: order.get(entry.key, len(order)))
    metrics = {row["key"]: row["metric"] for row in chosen["ranking"]}
    errors = {entry.key: measured_values.by_split(entry) for entry in ranked}
    rows = [_row(entry, errors[entry.key], metrics.get(entry.key)) for entry in ranked]
    return {
        "name": name,
        "winner": next((row for row in rows if row["entry"].winner), None),
        "settings": group,
        "title": cards[group.source]["source"].title,
        "bounds": [f"{choice.COSTS.get(k, k)} at most {v:,.0f}" for k, v in group.bounds.items()],
        "min_gain": choice.in_metric(group)(group.min_gain) if group.min_gain else "",
        "lead": choice.lead(chosen, group),
        "prices": choice.prices(chosen, group),
        "choice": choice.figures(chosen, group, name),
        "rows": rows,
        "figure": comparison(errors, ranked[0].human, f"Errors of {name} on every split"),
    }


def _row(
    entry: Entry, errors: Mapping[Split, measured_values.Measured | None], metric: float | None
) -> dict[str, Any]:
    return {
        "key": entry.key,
        "entry": entry,
        "human": entry.diagnosis["human"],
        "errors": [(TITLES[s], s, e) for s, e in errors.items()],
        "metric": metric,
        "verdict": findings.short_verdict(entry.diagnosis),
        "sentence": entry.diagnosis["verdict"]["sentence"],
        "step": findings.first_step(entry.diagnosis),
        "beats_baseline": entry.beats_baseline,
    }
