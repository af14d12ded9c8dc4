"""Stage select: the winner of a comparison group, on dev."""

from pathlib import Path
from statistics import fmean

from foursplit.core import artifacts, paths
from foursplit.core.errors import Refusal, unknown
from foursplit.core.experiment import Group
from foursplit.core.params import load
from foursplit.evaluation.scores import scoring
from foursplit.strategy.choice import Candidate, choose

COSTS = ("n_parameters", "flops", "n_bytes")


def run(name: str) -> str:
    """Write `data/selected/<group>.json`."""
    params = load()
    group = params.group(name)
    check(name, group)
    folders = [paths.predictions(name) / key for key in params.members(name)]
    candidates = [candidate(folder, group) for folder in folders]
    chosen = choose(candidates, group.bounds, group.direction)
    artifacts.write_json(paths.selected(name), {"group": name, "metric": group.metric, **chosen})
    if chosen["winner"] is None:
        lines = [f"  - {row['key']}: {'; '.join(row['broken'])}" for row in chosen["ranking"]]
        raise Refusal(f"group {name!r}: no experiment meets every bound:\n" + "\n".join(lines))
    best = chosen["ranking"][0]
    return f"{best['key']} wins on dev with {group.metric} {best['metric']:.4f}"


def check(name: str, group: Group) -> None:
    """Refuse a metric or a bound that nobody measures."""
    metrics = scoring(group.task).METRICS
    if group.metric not in metrics:
        raise unknown("metric", group.metric, metrics, f"group {name}")
    for bound in group.bounds:
        if bound not in COSTS:
            raise unknown("bound", bound, COSTS, f"group {name}")


def candidate(folder: Path, group: Group) -> Candidate:
    """Collect a model's metric on dev (mean over seeds) and its costs (the largest)."""
    found = [artifacts.read_json(path) for path in sorted(folder.glob("seed_*/summary.json"))]
    costs: dict[str, int | float | None] = {}
    for cost in COSTS:
        values = [summary["manifest"][cost] for summary in found]
        costs[cost] = None if None in values else max(values)
    metric = fmean(summary["metrics"]["dev"][group.metric] for summary in found)
    return Candidate(key=folder.name, metric=metric, costs=costs)
