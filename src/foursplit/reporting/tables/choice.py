"""The model selection of a comparison group: reason, ties, cost of each bound, figures."""

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
    """State why the winner won: the best metric, or the lowest cost among tied candidates."""
    feasible = [row for row in choice["ranking"] if row["meets_bounds"]]
    if not choice["ranking"]:
        return ""
    if not feasible:
        return "No experiment meets every bound, so there is no winner."
    if len(feasible) < 2:
        return ""
    rows = {row["key"]: row for row in feasible}
    winner, best, tied = rows[choice["winner"]], rows[choice["best"]], choice["tied"]
    if winner is not best:
        return _cheapest_of_tied(winner, best, len(tied), group)
    if len(tied) > 1:
        others = " and ".join(key for key in tied if key != winner["key"])
        return (
            f"{winner['key']} has the best metric and the lowest cost among tied candidates "
            f"(tied: {others})."
        )
    return _leads(winner, feasible[1], group)


def _cheapest_of_tied(
    winner: Mapping[str, Any], best: Mapping[str, Any], n_tied: int, group: ComparisonGroup
) -> str:
    format_metric, cost = metric_format(group), next(iter(group.bounds), "n_parameters")
    winner_cost, best_cost = winner["costs"][cost], best["costs"][cost]
    return (
        f"{best['key']} has the best metric, {format_metric(best['metric'])}, but {n_tied} "
        f"candidates are tied: P({winner['key']} is better) = "
        f"{percent(winner['p_better_than_best'])}. "
        f"{winner['key']} ({format_metric(winner['metric'])}) wins as the cheapest "
        f"({COSTS.get(cost, cost)}: {count(winner_cost)} against {count(best_cost)})."
    )


def _leads(winner: Mapping[str, Any], second: Mapping[str, Any], group: ComparisonGroup) -> str:
    difference = metric_format(group)(abs(second["metric"] - winner["metric"]))
    p_second_better = second["p_better_than_best"]
    probability = (
        ""
        if p_second_better is None
        else f"; P({second['key']} is better) = {percent(p_second_better)}"
    )
    return (
        f"{winner['key']} leads {second['key']} by {difference} on the same examples{probability}."
    )


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
    return f"{text}; {row['winner']}, tied with it and cheaper, would {outcome}."


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
