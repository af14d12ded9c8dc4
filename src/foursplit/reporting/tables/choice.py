"""What a comparison group's choice rests on: ties, the price of each bound, and its figures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from foursplit.config import paths
from foursplit.config.schema import Group
from foursplit.io import artifacts
from foursplit.reporting.numbers import count, percent, quantity
from foursplit.reporting.plots.candidates import Point, candidates

COSTS = {"n_parameters": "parameters", "flops": "FLOPs", "n_bytes": "bytes"}
NOTHING: dict[str, Any] = {
    "winner": None, "best": None, "tied": [], "price_of_bounds": None, "prices": [], "ranking": [],
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """The candidates over one cost, and those it cannot show."""

    title: str
    drawing: Markup
    not_known: tuple[str, ...]  # candidates whose cost is not


def chosen(name: str) -> dict[str, Any]:
    """Read what `select` wrote; before it ran nothing is chosen."""
    path = paths.selected(name)
    return artifacts.read_json(path) if path.is_file() else NOTHING


def in_metric(group: Group) -> Callable[[float], str]:
    """Give the function that writes values of the group's metric."""
    return percent if group.metric == "error" else quantity


def lead(choice: Mapping[str, Any], group: Group) -> str:
    """Say by what the winner won: its number, or its cost among those tied with the best."""
    able = [row for row in choice["ranking"] if row["meets_bounds"]]
    if not choice["ranking"]:
        return ""
    if not able:
        return "No experiment meets every bound, so none is chosen."
    if len(able) < 2:
        return ""
    rows = {row["key"]: row for row in able}
    winner, best, tied = rows[choice["winner"]], rows[choice["best"]], choice["tied"]
    if winner is not best:
        return _cheaper(winner, best, len(tied), group)
    if len(tied) > 1:
        others = " and ".join(key for key in tied if key != winner["key"])
        return (
            f"{winner['key']} has the best number, and is the cheapest of those that this dev set "
            f"cannot tell from it (tied: {others})."
        )
    return _leads(winner, able[1], group)


def _cheaper(winner: Mapping[str, Any], best: Mapping[str, Any], n_tied: int, group: Group) -> str:
    write, cost = in_metric(group), next(iter(group.bounds), "n_parameters")
    least, most = winner["costs"][cost], best["costs"][cost]
    return (
        f"{best['key']} has the best number, {write(best['metric'])}, but {n_tied} candidates are "
        f"tied: {winner['key']} ({write(winner['metric'])}) is truly better with a chance of "
        f"{percent(winner['p_better_than_best'])}, and as the cheapest it is chosen "
        f"({COSTS.get(cost, cost)}: {count(least)} against {count(most)})."
    )


def _leads(winner: Mapping[str, Any], second: Mapping[str, Any], group: Group) -> str:
    by = in_metric(group)(abs(second["metric"] - winner["metric"]))
    chance = second["p_better_than_best"]
    sure = "" if chance is None else f"; the chance that it is truly worse is {percent(chance)}"
    return f"{winner['key']} leads {second['key']} by {by} on the same examples{sure}."


def prices(choice: Mapping[str, Any], group: Group) -> list[str]:
    """Say what relaxing each bound alone would gain, and who would win then."""
    told = [_price(row, choice["winner"], group) for row in choice["prices"]]
    told = [line for line in told if line]
    if choice["prices"] and choice["winner"] and not told:
        alone = "the bound" if len(choice["prices"]) == 1 else "any one of the bounds"
        return [f"Relaxing {alone} would gain nothing."]
    return told


def _price(row: Mapping[str, Any], winner: str | None, group: Group) -> str:
    without = f"Without the bound on {COSTS.get(row['bound'], row['bound'])}"
    if row["winner"] is None or row["gain"] == 0:
        return ""
    if row["gain"] is None:
        return f"{without} {row['winner']} would win."
    text = f"{without} {row['best']} would be best, by {in_metric(group)(row['gain'])}"
    if row["winner"] == row["best"]:
        return f"{text}, and win."
    still = "still win" if row["winner"] == winner else "win"
    return f"{text}; {row['winner']}, tied with it and cheaper, would {still}."


def figures(choice: Mapping[str, Any], group: Group, name: str) -> list[Figure]:
    """Draw the candidates over the cost of each bound; over their parameters without one."""
    made = (_figure(c, choice, group, name) for c in group.bounds or ("n_parameters",))
    return [figure for figure in made if figure is not None]


def _figure(cost: str, choice: Mapping[str, Any], group: Group, name: str) -> Figure | None:
    rows: Sequence[Mapping[str, Any]] = choice["ranking"]
    known = [row for row in rows if row["costs"].get(cost) is not None]
    if len(known) < 2:
        return None
    title, write = COSTS.get(cost, cost), in_metric(group)
    points = [
        Point(
            key=row["key"],
            metric=row["metric"],
            cost=row["costs"][cost],
            kind=_kind(row, choice),
            says=f"{row['key']}: {group.metric} {write(row['metric'])}, "
            f"{count(row['costs'][cost])} {title}",
        )
        for row in known
    ]
    limit = group.bounds.get(cost)
    within = "" if limit is None else f", at most {count(limit)} allowed"
    label = f"Candidates of {name}: {group.metric} on dev over {title}{within}; " + "; ".join(
        f"{p.says} ({p.kind})" for p in points
    )
    return Figure(
        title=f"{group.metric} over {title}",
        drawing=candidates(points, limit, title, _tick(group), label),
        not_known=tuple(row["key"] for row in rows if row not in known),
    )


def _tick(group: Group) -> Callable[[float], str]:
    """Give the function that writes round values of the metric along an axis, cut nowhere."""
    return (lambda value: f"{100 * value:.4g}%") if group.metric == "error" else quantity


def _kind(row: Mapping[str, Any], choice: Mapping[str, Any]) -> str:
    if row["key"] == choice["winner"]:
        return "winner"
    if row["key"] in choice["tied"]:
        return "tied"
    return "fits" if row["meets_bounds"] else "breaks"
