"""The report's first page: every experiment, compared within its group."""

from collections.abc import Mapping, Sequence
from typing import Any

from foursplit.core import artifacts, paths
from foursplit.core.experiment import Group, Params
from foursplit.core.split import TITLES, Split
from foursplit.evaluation.collect import Entry
from foursplit.reporting import findings, measured
from foursplit.reporting.charts.comparison import comparison
from foursplit.reporting.numbers import percent, quantity
from foursplit.reporting.render import render

COSTS = {"n_parameters": "parameters", "flops": "FLOPs", "n_bytes": "bytes"}


def page(params: Params, entries: Sequence[Entry], cards: Mapping[str, Any]) -> str:
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
    chosen = _chosen(name)
    order = {row["key"]: number for number, row in enumerate(chosen["ranking"])}
    ranked = sorted(members, key=lambda entry: order.get(entry.key, len(order)))
    metrics = {row["key"]: row["metric"] for row in chosen["ranking"]}
    errors = {entry.key: measured.by_split(entry) for entry in ranked}
    return {
        "name": name,
        "settings": group,
        "title": cards[group.source]["source"].title,
        "bounds": [f"{COSTS.get(k, k)} at most {v:,.0f}" for k, v in group.bounds.items()],
        "price": _in_metric(chosen["price_of_bounds"], group),
        "min_gain": _in_metric(group.min_gain, group),
        "lead": _lead(chosen["ranking"], group, cards[group.source]),
        "rows": [_row(entry, errors[entry.key], metrics.get(entry.key)) for entry in ranked],
        "figure": comparison(errors, ranked[0].human, f"Errors of {name} on every split"),
    }


def _chosen(name: str) -> dict[str, Any]:
    if not paths.selected(name).is_file():
        return {"ranking": [], "price_of_bounds": None}
    return artifacts.read_json(paths.selected(name))


def _row(
    entry: Entry, errors: Mapping[Split, measured.Measured | None], metric: float | None
) -> dict[str, Any]:
    return {
        "key": entry.key,
        "entry": entry,
        "human": entry.summary["human"],
        "errors": [(TITLES[s], s, e) for s, e in errors.items()],
        "metric": metric,
        "verdict": findings.short_verdict(entry.summary),
        "sentence": entry.summary["verdict"]["sentence"],
        "step": findings.first_step(entry.summary),
        "beats_baseline": findings.beats_baseline(entry.summary),
    }


def _in_metric(value: float | None, group: Group) -> str:
    """Write a difference in the group's metric; nothing where there is none."""
    if not value:
        return ""
    return percent(value) if group.metric == "error" else quantity(value)


def _lead(ranking: Sequence[Mapping[str, Any]], group: Group, card: Mapping[str, Any]) -> str:
    """Say whether the winner's lead is one that dev can show.

    What dev can show is known for shares of wrong answers alone, so for a group that is compared
    on another metric, or predicts a quantity, nothing is said.
    """
    able = [row for row in ranking if row["meets_bounds"]]
    if len(able) < 2 or group.metric != "error" or not card["source"].classes:
        return ""
    lead = abs(able[1]["metric"] - able[0]["metric"])
    if not lead:
        return f"{able[0]['key']} and {able[1]['key']} are equal on dev; the smaller is chosen."
    shown = card["detectable_gain"]
    says = (
        "too little to call on this dev set"
        if lead < shown
        else "a lead that this dev set can show"
    )
    return (
        f"{able[0]['key']} leads {able[1]['key']} by {percent(lead)}: {says}, which tells apart "
        f"gains from {card['detectable']} on."
    )
