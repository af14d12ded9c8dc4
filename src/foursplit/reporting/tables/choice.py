"""The model selection of a comparison group: reason, cost of each bound, figures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from foursplit.config import paths
from foursplit.config.schema import ComparisonGroup
from foursplit.io import artifacts
from foursplit.reporting.numbers import count, percent, quantity
from foursplit.reporting.plots.candidates import Point, candidates

COSTS = {"n_parameters": "parameters", "flops": "FLOPs", "size_bytes": "bytes"}
NO_SELECTION: dict[str, Any] = {
    "winner": None,
    "best": None,
    "tied": [],
    "not_distinguished": [],
    "price_of_bounds": None,
    "prices": [],
    "ranking": [],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """The candidates over one cost, and those whose cost is unknown."""

    title: str
    drawing: Markup
    unknown_cost: tuple[str, ...]  # candidates


def read_selection(name: str) -> dict[str, Any]:
    """Read the output of stage `select`; before it has run there is no winner."""
    path = paths.selected(name)
    return artifacts.read_json(path) if path.is_file() else NO_SELECTION


def metric_format(group: ComparisonGroup) -> Callable[[float], str]:
    """Return the function that formats values of the group's metric."""
    return percent if group.metric == "error" else quantity


def reason(choice: Mapping[str, Any], group: ComparisonGroup) -> str:
    """State why the winner won, whom dev does not distinguish from the best, and failed seeds."""
    feasible = [row for row in choice["ranking"] if row["meets_bounds"]]
    if not choice["ranking"]:
        return ""
    if not feasible:
        return "No experiment meets every bound, so there is no winner."
    failed = [_failed(row) for row in choice["ranking"] if row["failed_seeds"]]
    if len(feasible) < 2:
        return " ".join(failed)
    rows = {row["key"]: row for row in feasible}
    winner, best = rows[choice["winner"]], rows[choice["best"]]
    if winner is not best and group.price:
        lines = [_priced(winner, best, group)]
    elif winner is not best:
        lines = [_cheaper_of_tied(winner, best, group), *_not_distinguished(rows, choice, group)]
    else:
        second = next(row for row in feasible if row is not best)
        lines = _not_distinguished(rows, choice, group) or [_leads(winner, second, group)]
    return " ".join([*lines, *failed])


def _priced(winner: Mapping[str, Any], best: Mapping[str, Any], group: ComparisonGroup) -> str:
    format_metric = metric_format(group)
    return (
        f"{best['key']} has the best metric, {format_metric(best['metric'])}. With the price of "
        f"its costs the expected loss of {winner['key']} is lower: "
        f"{format_metric(abs(winner['expected_loss']))} against "
        f"{format_metric(abs(best['expected_loss']))}."
    )


def _cheaper_of_tied(
    winner: Mapping[str, Any], best: Mapping[str, Any], group: ComparisonGroup
) -> str:
    format_metric, cost = metric_format(group), next(iter(group.bounds), "n_parameters")
    winner_cost, best_cost = winner["costs"][cost], best["costs"][cost]
    bound = format_metric(winner["worse_than_best"]["at_most"])
    text = (
        f"{best['key']} has the best metric, {format_metric(best['metric'])}. "
        f"{winner['key']} ({format_metric(winner['metric'])}) is shown to be worse by at most "
        f"{bound}, within the {format_metric(group.min_gain)} that do not count"
    )
    if best["failed_seeds"]:
        return f"{text}, and wins because none of its seeds failed."
    return (
        f"{text}, and wins as the cheapest "
        f"({COSTS.get(cost, cost)}: {count(winner_cost)} against {count(best_cost)})."
    )


def _leads(winner: Mapping[str, Any], second: Mapping[str, Any], group: ComparisonGroup) -> str:
    shortfall = second["worse_than_best"]
    if shortfall is None:
        difference = metric_format(group)(abs(second["metric"] - winner["metric"]))
        return f"{winner['key']} leads {second['key']} by {difference}."
    return (
        f"{winner['key']} leads {second['key']} by {_interval(shortfall, group)} on the same "
        "examples."
    )


def _not_distinguished(
    rows: Mapping[str, Mapping[str, Any]], choice: Mapping[str, Any], group: ComparisonGroup
) -> list[str]:
    """State which candidates are not significantly worse than the best, and that it still wins."""
    others = [key for key in choice["not_distinguished"] if key != choice["winner"]]
    if not others:
        return []
    best = rows[choice["best"]]
    named = ", ".join(
        f"{key} (worse by {_interval(rows[key]['worse_than_best'], group)})" for key in others
    )
    if choice["winner"] != best["key"]:
        return [f"Dev does not distinguish {best['key']} from {named}."]
    return [
        f"{best['key']} has the best metric, {metric_format(group)(best['metric'])}. Dev does not "
        f"distinguish it from {named}; the best number wins."
    ]


def _interval(shortfall: Mapping[str, Any], group: ComparisonGroup) -> str:
    value, lo, hi = (metric_format(group)(shortfall[name]) for name in ("value", "lo", "hi"))
    return f"{value} [{lo}, {hi}]"


def _failed(row: Mapping[str, Any]) -> str:
    seeds = ", ".join(seed.replace("_", " ") for seed in row["failed_seeds"])
    return f"{row['key']}: training failed for {seeds}."


def bound_costs(choice: Mapping[str, Any], group: ComparisonGroup) -> list[str]:
    """State what relaxing each bound alone would gain, and which candidate would win."""
    lines = [_bound_cost(row, choice["winner"], group) for row in choice["prices"]]
    lines = [line for line in lines if line]
    if choice["prices"] and choice["winner"] and not lines:
        relaxed = "the bound" if len(choice["prices"]) == 1 else "any one of the bounds"
        return [f"Relaxing {relaxed} would gain nothing."]
    return lines


def _bound_cost(row: Mapping[str, Any], winner: str | None, group: ComparisonGroup) -> str:
    without = f"Without the bound on {COSTS.get(row['bound'], row['bound'])}"
    if row["winner"] is None or row["gain"] == 0:
        return ""
    if row["gain"] is None:
        return f"{without} {row['winner']} would win."
    text = f"{without} {row['best']} would be best, by {metric_format(group)(row['gain'])}"
    if row["winner"] == row["best"]:
        return f"{text}, and win."
    outcome = "still win" if row["winner"] == winner else "win"
    margin = metric_format(group)(group.min_gain)
    return f"{text}; {row['winner']}, not worse by more than {margin} and cheaper, would {outcome}."


def figures(choice: Mapping[str, Any], group: ComparisonGroup, name: str) -> list[Figure]:
    """Plot the candidates over each bounded cost; without bounds over the parameters."""
    plots = (_figure(cost, choice, group, name) for cost in group.bounds or ("n_parameters",))
    return [figure for figure in plots if figure is not None]


def _figure(
    cost: str, choice: Mapping[str, Any], group: ComparisonGroup, name: str
) -> Figure | None:
    rows: Sequence[Mapping[str, Any]] = choice["ranking"]
    plotted = [row for row in rows if row["costs"].get(cost) is not None]
    if len(plotted) < 2:
        return None
    title, format_metric = COSTS.get(cost, cost), metric_format(group)
    points = [
        Point(
            key=row["key"],
            metric=row["metric"],
            cost=row["costs"][cost],
            status=_status(row, choice),
            tooltip=f"{row['key']}: {group.metric} {format_metric(row['metric'])}, "
            f"{count(row['costs'][cost])} {title}",
        )
        for row in plotted
    ]
    limit = group.bounds.get(cost)
    bound = "" if limit is None else f", at most {count(limit)} allowed"
    label = f"Candidates of {name}: {group.metric} on dev over {title}{bound}; " + "; ".join(
        f"{point.tooltip} ({point.status})" for point in points
    )
    return Figure(
        title=f"{group.metric} over {title}",
        drawing=candidates(points, limit, title, _tick(group), label),
        unknown_cost=tuple(row["key"] for row in rows if row not in plotted),
    )


def _tick(group: ComparisonGroup) -> Callable[[float], str]:
    """Return the function that formats tick values of the metric without rounding them."""
    return (lambda value: f"{100 * value:.4g}%") if group.metric == "error" else quantity


def _status(row: Mapping[str, Any], choice: Mapping[str, Any]) -> str:
    if row["key"] == choice["winner"]:
        return "winner"
    if row["key"] in choice["tied"]:
        return "tied"
    return "fits" if row["meets_bounds"] else "breaks"
